"""Metadata that follows from a document alone: dates, XMP packet, file identifier."""

from __future__ import annotations

import hashlib
import html
from datetime import UTC, datetime

from agreegen.model.document import Document

CREATOR = "agreegen"
"""Written as creator and producer; without a version, so that an update changes no document's bytes."""

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:format>application/pdf</dc:format>
<pdf:Producer>{creator}</pdf:Producer><xmp:CreatorTool>{creator}</xmp:CreatorTool>
<xmp:CreateDate>{time}</xmp:CreateDate><xmp:ModifyDate>{time}</xmp:ModifyDate>
<xmpMM:DocumentID>uuid:{id}</xmpMM:DocumentID>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def pdf_date(moment: datetime) -> str:
    """Write a time as a PDF date in UTC (ISO 32000-1, 7.9.4).

    Raises:
        ValueError: The time has no time zone.
    """
    return _in_utc(moment).strftime("D:%Y%m%d%H%M%SZ")


def xmp_packet(document: Document, moment: datetime) -> bytes:
    """Return the XMP packet that declares PDF/A-3b and agrees with the information dictionary.

    Args:
        document: The document; title and id are taken from it.
        moment: Creation time with a time zone, written in UTC.
    """
    text = _XMP.format(
        title=html.escape(document.title, quote=False),
        creator=CREATOR,
        time=_in_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ"),
        id=html.escape(document.id, quote=False),
    )
    return text.encode()


def file_identifier(attachment: bytes, moment: datetime) -> bytes:
    """Return 16 bytes for /ID (ISO 32000-1, 14.4) that follow from what the file says."""
    return hashlib.sha256(pdf_date(moment).encode() + attachment).digest()[:16]


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a creation time needs a time zone")
    return moment.astimezone(UTC)
