"""What metadata say: a later revision may set time and program without saying anything."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree

from agreegen.pdf.document import View
from agreegen.pdf.objects import Stream
from agreegen.verification.changes.field_values import value_text

_MAX_BYTES = 1 << 16
_FREE = frozenset(
    {
        *((*above, "RDF", "Description", name) for above in ((), ("xmpmeta",)) for name in (
            "Producer", "ModifyDate", "MetadataDate", "InstanceID", "about"
        )),
        ("xmpmeta", "xmptk"),
    }
)  # fmt: skip
"""Where a writer says of itself and of the time (XMP, part 1, 8.2 and 8.4), nowhere else; unseen."""
_LANGUAGE, _DEFAULT = "lang", ["x-default"]
_OF_PROGRAMS = frozenset({"Producer", "Creator", "Trapped"})
_DATES = frozenset({"ModDate", "CreationDate"})
_DATE = re.compile(r"D:\d{4,14}(?:Z|[+-]\d\d)?(?:'?\d\d'?|')*", re.ASCII)
"""Entries of the information dictionary that say nothing about the document (ISO 32000-1, 14.3.3, 7.9.4)."""
_Path = tuple[str, ...]


def new_words(old: View, new: View) -> list[str]:
    """Return what a later view says about the document that an earlier one did not; “XMP” for a whole packet.

    Args:
        old: The view before.
        new: The view after.

    Raises:
        StructureError: The metadata cannot be read.
    """
    one, two = (view.dictionary(view.trailer.get("Info")) for view in (old, new))
    said = [
        text
        for key in sorted(two.keys() - _OF_PROGRAMS)
        if (text := value_text(new, two[key])) not in ("", value_text(old, one.get(key)))
        and not (key in _DATES and _DATE.fullmatch(text))
    ]
    before, after = _packet(old), _packet(new)
    if not said and after and after != before and says_more(before, after):
        said = ["XMP"]
    return said


def _packet(view: View) -> bytes:
    found = view.resolve(view.catalog.get("Metadata"))
    return view.file.expand(view.resolved_filters(found)) if isinstance(found, Stream) else b""


def says_more(old: bytes, new: bytes) -> bool:
    """Tell whether an XMP packet says anything that the one before it did not, time and program apart.

    The texts of a property keep their order: of the titles in several languages readers show one.

    Args:
        old: The packet before, empty where there was none.
        new: The packet after; whatever cannot be read says more.
    """
    try:
        before, after = _values(old) if old else {}, _values(new)
    except (ElementTree.ParseError, ValueError, RecursionError):
        return True
    return any(
        texts != before.get(path) and not (_local(path[-1]) == _LANGUAGE and texts == _DEFAULT)
        for path, texts in after.items()
    )


def _values(packet: bytes) -> dict[_Path, list[str]]:
    """Return all texts and attributes in order, by the full names of all that they stand in.

    Readers look for the title of Dublin Core, and for no other one.
    """
    if len(packet) > _MAX_BYTES or b"<!" in packet:
        raise ValueError("not a plain XMP packet")
    root = ElementTree.fromstring(packet.strip())  # noqa: S314 - no document type, see above
    found = defaultdict[_Path, list[str]](list)
    for path, value in _texts(root):
        if value.strip() and tuple(map(_local, path)) not in _FREE:
            found[path].append(value.strip())
    return dict(found)


def _texts(root: ElementTree.Element) -> Iterator[tuple[_Path, str]]:
    pending: list[tuple[ElementTree.Element, _Path]] = [(root, ())]
    while pending:
        element, above = pending.pop()
        path = (*above, element.tag)
        yield path, element.text or ""
        yield above, element.tail or ""
        yield from (((*path, name), value) for name, value in element.attrib.items())
        pending.extend((child, path) for child in element)


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
