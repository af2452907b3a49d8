"""What metadata say: a later revision may set time and program without saying anything."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from agreegen.pdf.document import View
from agreegen.pdf.objects import Stream
from agreegen.verification.changes.field_values import value_text

_MAX_BYTES = 1 << 16
_FREE = frozenset({"Producer", "ModifyDate", "MetadataDate", "xmptk", "InstanceID", "lang", "about"})
"""What a writer says of itself and of the time (XMP, part 1, 8.2 and 8.4); no page shows it."""
_SHOWN_BY_READERS = ("Title", "Subject", "Author", "Keywords")
"""Entries of the information dictionary that readers show beside the pages (ISO 32000-1, 14.3.3)."""
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
    words = [(value_text(old, one.get(key)), value_text(new, two.get(key))) for key in _SHOWN_BY_READERS]
    said = [later for earlier, later in words if later not in ("", earlier)]
    before, after = _packet(old), _packet(new)
    if not said and after and after != before and says_more(before, after):
        said = ["XMP"]
    return said


def _packet(view: View) -> bytes:
    found = view.resolve(view.catalog.get("Metadata"))
    return view.file.expand(view.resolved_filters(found)) if isinstance(found, Stream) else b""


def says_more(old: bytes, new: bytes) -> bool:
    """Tell whether an XMP packet says anything that the one before it did not, time and program apart.

    Args:
        old: The packet before, empty where there was none.
        new: The packet after; whatever cannot be read says more.
    """
    try:
        return bool(_values(new) - (_values(old) if old else set()))
    except (ElementTree.ParseError, ValueError, RecursionError):
        return True


def _values(packet: bytes) -> set[tuple[_Path, str]]:
    """Return all texts and attributes with the local names of all that they stand in."""
    if len(packet) > _MAX_BYTES or b"<!" in packet:
        raise ValueError("not a plain XMP packet")
    root = ElementTree.fromstring(packet.strip())  # noqa: S314 - no document type, see above
    found = {(path, value.strip()) for path, value in _texts(root) if value.strip()}
    return {(path, value) for path, value in found if path[-1] not in _FREE}


def _texts(root: ElementTree.Element) -> Iterator[tuple[_Path, str]]:
    pending: list[tuple[ElementTree.Element, _Path]] = [(root, ())]
    while pending:
        element, above = pending.pop()
        path = (*above, _local(element.tag))
        yield path, element.text or ""
        yield path, element.tail or ""
        yield from (((*path, _local(name)), value) for name, value in element.attrib.items())
        pending.extend((child, path) for child in element)


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
