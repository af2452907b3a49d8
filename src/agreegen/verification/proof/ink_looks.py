"""Looks of signatures that lie on a page as ink does: they hide nothing and stay in their place.

A signer chooses the look of his field, and a field of ours may stand over a name or a date. A white sheet
there takes the words away, whoever signed before; a `Q` too many lets a look paint over the whole page in
pdf.js. So a look proves itself only where it is written as this program writes one, in the one blend mode
that can but darken (ISO 32000-2, 11.3.5.2); whatever else it is, the pictures of the page have to tell.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agreegen.pdf.content import leaves_all_as_it_was
from agreegen.pdf.objects import Ref, Value

_MOST_BYTES = 64 << 20
_LOOK_KEYS = frozenset({"Type", "Subtype", "BBox", "Resources", "Filter", "Length"})
_INK = {"Ink": {"BM": "Multiply"}}
_NUMBER = rb"-?[0-9]{1,8}(?:\.[0-9]{1,4})?"
_PICTURE = re.compile(rb"q /Ink gs (?:" + _NUMBER + rb" ){6}cm /Picture Do Q")
_LINES = re.compile(
    rb"/Ink gs BT /F1 " + _NUMBER + rb" Tf 0 g"
    rb"(?:\n1 0 0 1 " + _NUMBER + rb" " + _NUMBER + rb" Tm <(?:[0-9A-F]{4}){0,400}> Tj){1,8}\nET"
)
_DRAWN_GLYPHS = frozenset({"CharProcs", "ExtGState", "PatternType"})


@dataclass(frozen=True, slots=True)
class LookObject:
    """One object of a look.

    Attributes:
        value: Its value, or the dictionary of its stream.
        raw: The bytes of its stream as they stand in the file; empty without one.
    """

    value: Value
    raw: bytes


def is_ink(objects: Sequence[LookObject], number: int) -> bool:
    """Tell whether a look is one picture or some lines of text, drawn with `/BM /Multiply`, and nothing else.

    Args:
        objects: What the look is made of, the form XObject first; all that its parts refer to is among them.
        number: The object number of the first one; the others follow it.
    """
    drawn = Ref(number + 1, 0)
    look = objects[0].value
    if not isinstance(look, dict) or look.keys() - _LOOK_KEYS:
        return False
    resources = look.get("Resources")
    content = _content_of(objects[0])
    if content is None:
        return False
    if resources == {"ExtGState": _INK, "XObject": {"Picture": drawn}}:
        return _PICTURE.fullmatch(content) is not None and _is_one_sheet(objects[1:])
    if resources == {"ExtGState": _INK, "Font": {"F1": drawn}}:
        # A font of drawn glyphs could choose another blend mode.
        plain = not any(keys & _DRAWN_GLYPHS for keys in _all_keys(one.value for one in objects[1:]))
        return _LINES.fullmatch(content) is not None and plain
    return False


def _is_one_sheet(objects: Sequence[LookObject]) -> bool:
    """Tell whether a picture is an image, or an isolated group: then it mixes with the page as a whole."""
    picture = objects[0].value if objects else None
    if not isinstance(picture, dict):
        return False
    if picture.get("Subtype") == "Image":
        return True
    group = picture.get("Group")
    isolated = isinstance(group, dict) and group.get("S") == "Transparency" and group.get("I") is True
    return isolated and all(_ends_what_it_begins(one) for one in objects)


def _ends_what_it_begins(part: LookObject) -> bool:
    """Tell whether an object of a picture is no content, or leaves everything as it found it."""
    entries = part.value
    if not isinstance(entries, dict):
        return True
    if "CharProcs" in entries:
        return False
    draws = entries.get("Subtype") == "Form" or entries.keys() & {"BBox", "PatternType"}
    if not draws or "ShadingType" in entries or not part.raw:
        return True
    content = _content_of(part)
    return content is not None and _is_balanced(content)


@functools.lru_cache(maxsize=64)
def _is_balanced(content: bytes) -> bool:
    return leaves_all_as_it_was(content)


def _content_of(part: LookObject) -> bytes | None:
    packing = part.value.get("Filter") if isinstance(part.value, dict) else None
    return part.raw if packing is None else inflated(part.raw)


@functools.lru_cache(maxsize=64)
def inflated(raw: bytes) -> bytes | None:
    """Return what a deflated stream holds; None where it is not sound. A seal is the same in many files."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(raw, _MOST_BYTES)
    except zlib.error:
        return None
    return content if inflater.eof and not inflater.unused_data else None


def _all_keys(values: Iterable[Value]) -> Iterator[set[str]]:
    pending: list[Any] = list(values)
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield set(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
