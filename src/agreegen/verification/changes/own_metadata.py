"""The metadata of a document of ours: a signature may set time and program, and nothing else."""

from __future__ import annotations

from xml.etree import ElementTree

_MAX_BYTES = 1 << 16
_FREE = frozenset({"Producer", "ModifyDate", "MetadataDate", "xmptk", "InstanceID", "lang", "about"})
"""What a writer says of itself and of the time (XMP, part 1, 8.2 and 8.4); no page shows it."""


def says_more(old: bytes, new: bytes) -> bool:
    """Tell whether an XMP packet says anything that the one before it did not, time and program apart.

    Args:
        old: The packet before.
        new: The packet after; whatever cannot be read says more.
    """
    try:
        return bool(_values(new) - _values(old))
    except (ElementTree.ParseError, ValueError, RecursionError):
        return True


def _values(packet: bytes) -> set[tuple[str, str]]:
    """Return all texts and attributes with the local names under which they stand."""
    if len(packet) > _MAX_BYTES or b"<!" in packet:
        raise ValueError("not a plain XMP packet")
    found: set[tuple[str, str]] = set()
    for element in ElementTree.fromstring(packet.strip()).iter():  # noqa: S314 - no document type, see above
        pairs = [
            (element.tag, element.text or ""),
            (element.tag, element.tail or ""),
            *element.attrib.items(),
        ]
        found |= {(_local(name), value.strip()) for name, value in pairs if value.strip()}
    return {(name, value) for name, value in found if name not in _FREE}


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
