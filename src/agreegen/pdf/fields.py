"""The form: its field tree and the signature fields in it (ISO 32000-1, clause 12.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agreegen.messages import message
from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, Ref, StructureError, Value

_MAX_FIELDS = 50_000
_PDF_DOC = dict(enumerate("\u02d8\u02c7\u02c6\u02d9\u02dd\u02db\u02da\u02dc", 0x18)) | dict(
    enumerate(
        "\u2022\u2020\u2021\u2026\u2014\u2013\u0192\u2044\u2039\u203a\u2212\u2030\u201e\u201c\u201d\u2018\u2019\u201a"
        "\u2122\ufb01\ufb02\u0141\u0152\u0160\u0178\u017d\u0131\u0142\u0153\u0161\u017e\x9f\u20ac",
        0x80,
    )
)
"""Where PDFDocEncoding is not Latin-1 (ISO 32000-1, annex D.2)."""
_LANGUAGE = re.compile("\x1b[A-Za-z]{2,4}\x1b")
"""The code of a language, which nobody sees (ISO 32000-1, clause 7.9.2.2)."""
_UNDEFINED = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x17\x7f\x9f\xad]")
_OTHER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe")
"""Byte order marks of UTF-8, which older readers show as letters, and of little-endian UTF-16."""
_SHAPE = ("T", "FT", "Ff", "Kids")
"""Entries on which it depends where a field stands and what it is."""


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
        return _LANGUAGE.sub("", value[2:].decode("utf-16-be", "replace"))
    if value[:3] == b"\xef\xbb\xbf":
        return value[3:].decode("utf-8", "replace")
    return value.decode("latin-1").translate(_PDF_DOC)


def certain_text(value: bytes) -> str | None:
    """Decode a text string that all readers read alike; None where they may differ.

    They differ in codes that the standard leaves undefined, in halves of characters, and in encodings that
    came with PDF 2.0 or never were in the standard.
    """
    if value[:2] == b"\xfe\xff":
        try:
            return value[2:].decode("utf-16-be")
        except UnicodeDecodeError:
            return None
    return None if value.startswith(_OTHER_MARKS) or _UNDEFINED.search(value) else text_of(value)


def form_fields(view: View) -> Iterator[Field]:
    """Yield the terminal fields of the form in order; damaged branches are left out.

    Raises:
        LimitError: There are too many.
    """
    form = view.dictionary(view.catalog.get("AcroForm"))
    yield from _branch(view, view.array(form.get("Fields")), set())


def _branch(view: View, items: list[Value], seen: set[int]) -> Iterator[Field]:
    """Yield the terminal fields below some fields; `seen` takes in the numbers of all objects on the way."""
    pending: list[tuple[Value, _Inherited]] = [(item, _Inherited()) for item in reversed(items)]
    count = 0
    while pending:
        item, above = pending.pop()
        count += 1
        if count > _MAX_FIELDS:
            raise LimitError(message("pdf.form-more-than-fields", max_fields=_MAX_FIELDS))
        reference = item if isinstance(item, Ref) else None
        found = _read_field(view, item, seen)
        if found is None:
            continue
        value, children = found
        seen.update(part.num for part in map(value.get, _SHAPE) if isinstance(part, Ref))
        own = above.below(view, value)
        fields = [(child, own) for child in children if _is_field(view, child)]
        pending.extend(reversed(fields))
        if not fields:
            yield Field(own.name, reference, value, own.kind, own.flags, tuple(children) or (item,))


def _read_field(view: View, item: Value, seen: set[int]) -> tuple[dict[str, Value], list[Value]] | None:
    """Return the dictionary of a field and its kids; None where it is damaged, or was met before."""
    if isinstance(item, Ref):
        if item.num in seen:
            return None
        seen.add(item.num)
    try:
        value = view.dictionary(item)
        return value, view.array(value.get("Kids"))
    except LimitError:
        raise
    except StructureError:
        return None


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What a field takes from those above it (ISO 32000-1, clause 12.7.3.1)."""

    name: str = ""
    kind: str | None = None
    flags: int = 0

    def below(self, view: View, value: dict[str, Value]) -> _Inherited:
        """Return what holds of a field, and of those below it."""
        title, kind, flags = (view.resolve(value.get(key)) for key in ("T", "FT", "Ff"))
        parts = (self.name, "" if title is None else text_of(title))
        return _Inherited(
            self.name if title is None else ".".join(parts) if self.name else parts[1],
            self.kind if kind is None else str(kind),
            flags if type(flags) is int else self.flags,
        )


def _is_field(view: View, item: Value) -> bool:
    """A kid with a partial name is a field, one without is a widget of its parent."""
    try:
        return "T" in view.dictionary(item)
    except StructureError:
        return False


class SignatureFields:
    """The signature fields of all revisions; only branches of the form that changed are read again."""

    def __init__(self) -> None:
        self._branches: dict[Ref, tuple[Field, ...]] = {}
        self._tops: dict[int, Ref] = {}
        self._next = 0
        self._items: list[Value] | None = None
        self._found: list[Field] = []

    def of(self, view: View) -> list[Field]:
        """Return the signature fields of a view; views have to come in their order.

        Raises:
            LimitError: There are too many.
            StructureError: The form cannot be read.
        """
        dropped = self._forget(view)
        form = view.dictionary(view.catalog.get("AcroForm"))
        items = view.array(form.get("Fields"))
        if len(items) > _MAX_FIELDS:
            raise LimitError(message("pdf.form-more-than-fields", max_fields=_MAX_FIELDS))
        if items is not self._items or any(dropped.values()) or self._branches_of(view, dropped):
            self._found = self._collect(view, items)
            self._items = items if all(isinstance(item, Ref) for item in items) else None
        return self._found

    def _collect(self, view: View, items: list[Value]) -> list[Field]:
        found: dict[object, Field] = {}
        for item in items:
            known = self._branches.get(item) if isinstance(item, Ref) else None
            for field in self._read(view, item) if known is None else known:
                found.setdefault(field.ref or id(field), field)
        return list(found.values())

    def _branches_of(self, view: View, dropped: dict[Ref, tuple[Field, ...]]) -> bool:
        """Read branches again that had no signature fields; tell whether any has now."""
        read = [self._read(view, top) for top in dropped]
        return any(read)

    def _forget(self, view: View) -> dict[Ref, tuple[Field, ...]]:
        """Forget the branches that changed since the view before, and return them."""
        dropped: dict[Ref, tuple[Field, ...]] = {}
        for revision in view.file.revisions[self._next : view.index + 1]:
            if view.entries.containers & revision.entries.keys():
                self._items = None
                self._branches.clear()
            for number in revision.entries:
                top = self._tops.get(number)
                if top is not None and top in self._branches:
                    dropped[top] = self._branches.pop(top)
        self._next = view.index + 1
        return dropped

    def _read(self, view: View, item: Value) -> tuple[Field, ...]:
        seen: set[int] = set()
        fields = tuple(field for field in _branch(view, [item], seen) if field.kind == "Sig")
        if isinstance(item, Ref):
            self._branches[item] = fields
            self._tops.update(dict.fromkeys(seen, item))
        return fields
