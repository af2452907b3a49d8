"""The form: its field tree and the signature fields in it (ISO 32000-1, clause 12.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, Ref, StructureError, Value

_MAX_FIELDS = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of the form, with what it inherits.

    Attributes:
        name: Fully qualified name.
        ref: Its object, None for a direct one.
        value: Its dictionary.
        kind: `/FT`, inherited.
        flags: `/Ff`, inherited.
        widgets: References or dictionaries of its widgets, itself where it is one.
    """

    name: str
    ref: Ref | None
    value: dict[str, Any]
    kind: str | None
    flags: int
    widgets: tuple[Value, ...]


def text_of(value: Value) -> str:
    """Decode a text string (ISO 32000-1, clause 7.9.2.2) well enough to show it."""
    if not isinstance(value, bytes):
        return ""
    if value[:2] == b"\xfe\xff":
        return value[2:].decode("utf-16-be", "replace")
    if value[:3] == b"\xef\xbb\xbf":
        return value[3:].decode("utf-8", "replace")
    return value.decode("latin-1")


def form_fields(view: View) -> Iterator[Field]:
    """Yield the terminal fields of the form in order; damaged branches are left out.

    Raises:
        LimitError: There are too many.
    """
    form = view.dictionary(view.catalog.get("AcroForm"))
    seen: set[Ref] = set()
    pending: list[tuple[Value, str, str | None, int]] = [
        (item, "", None, 0) for item in reversed(view.array(form.get("Fields")))
    ]
    count = 0
    while pending:
        item, prefix, kind, flags = pending.pop()
        count += 1
        if count > _MAX_FIELDS:
            raise LimitError(f"the form has more than {_MAX_FIELDS} fields")
        if isinstance(item, Ref):
            if item in seen:
                continue
            seen.add(item)
        try:
            value = view.dictionary(item)
            children = view.array(value.get("Kids"))
        except LimitError:
            raise
        except StructureError:
            continue
        title = view.resolve(value.get("T"))
        name = prefix if title is None else f"{prefix}.{text_of(title)}" if prefix else text_of(title)
        own_kind = view.resolve(value.get("FT"))
        kind = str(own_kind) if own_kind is not None else kind
        own_flags = view.resolve(value.get("Ff"))
        flags = own_flags if type(own_flags) is int else flags
        fields = [child for child in children if _is_field(view, child)]
        if fields:
            pending.extend((child, name, kind, flags) for child in reversed(fields))
            continue
        widgets = tuple(children) if children else (item,)
        yield Field(name, item if isinstance(item, Ref) else None, value, kind, flags, widgets)


def _is_field(view: View, item: Value) -> bool:
    """A kid with a partial name is a field, one without is a widget of its parent."""
    try:
        return "T" in view.dictionary(item)
    except StructureError:
        return False


def signature_fields(view: View) -> list[Field]:
    """Return the signature fields of the form."""
    return [field for field in form_fields(view) if field.kind == "Sig"]
