"""Writing one document from a base: what never changes is laid down once, the rest is written a row."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import pikepdf
from pikepdf import Pdf, Stream

from agreegen.conversion.compiled.metrics import FontFacts, FontSubset
from agreegen.conversion.metadata import CREATOR, file_identifier, pdf_date, xmp_packet
from agreegen.errors import ConversionError
from agreegen.model.document import Document

_HEADER: Final = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"
_COMPRESSION_LEVEL = 5
_OBJECTS_PER_FONT = 5
_INFORMATION: Final = b"<</Title %b/Creator(%b)/Producer(%b)/CreationDate(%b)/ModDate(%b)>>"
_EMBEDDED_FILE: Final = (
    b"/Type/EmbeddedFile/Subtype/application#2fjson/Params<</Size %d/ModDate(%b)/CheckSum<%b>>>"
)
_FONT: Final = (
    b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>"
)
_DESCENDANT: Final = (
    b"<</Type/Font/Subtype/CIDFontType%b/BaseFont/%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
    b"/Supplement 0>>/FontDescriptor %d 0 R/DW 1000/W[%b]%b>>"
)
_DESCRIPTOR: Final = (
    b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d"
    b"/CapHeight %d/StemV 80/%b %d 0 R>>"
)


class BaseFile:
    """A base PDF taken apart: the bytes that all documents share, and the numbers of the objects that differ.

    Args:
        data: The base as `compile_form` made it.
        page: Number of the page with the slots.

    Raises:
        ConversionError: The bytes are not such a base.
    """

    def __init__(self, data: bytes, page: int) -> None:
        try:
            with Pdf.open(io.BytesIO(data)) as pdf:
                self._take_apart(pdf, page)
        except (pikepdf.PdfError, AttributeError, KeyError, IndexError, ValueError) as exc:
            raise ConversionError(f"not the base of a compiled form: {exc}") from exc

    def _take_apart(self, pdf: Pdf, page: int) -> None:
        leaf = pdf.pages[page].obj
        self._metadata = pdf.Root.Metadata.objgen[0]
        self._info = pdf.trailer.Info.objgen[0]
        self._attachment = pdf.Root.AF[0].EF.F.objgen[0]
        self._content = leaf.Contents[1].objgen[0]
        fonts = leaf.Resources.Font
        self._fonts = fonts.objgen[0]
        self._font_entries = fonts.unparse(resolved=True).removesuffix(b">>")
        self._root = pdf.Root.objgen[0]
        changing = {self._metadata, self._info, self._attachment, self._content, self._fonts}
        self._size = len(pdf.objects) + 1
        body, offsets = bytearray(_HEADER), {}
        for number in range(1, self._size):
            if number not in changing:
                offsets[number] = len(body)
                body += _serialise(pdf, number)
        self._body = bytes(body)
        self._table = [_entry(offsets[n]) if n in offsets else b"" for n in range(1, self._size)]

    def write(
        self,
        document: Document,
        moment: datetime,
        content: bytes,
        fonts: Mapping[str, tuple[FontFacts, FontSubset, bytes, bytes]],
        title: bytes,
    ) -> bytes:
        """Write one document: a single revision with a classic cross-reference table.

        Args:
            document: What the attachment and the metadata say.
            moment: Creation time.
            content: The middle content stream.
            fonts: Resource name → facts, subset, widths (the array's content) and ToUnicode CMap.
            title: The document's title as a PDF string object.
        """
        attachment = document.to_json()
        made = self._texts(document, moment, attachment, title)
        made.append((self._content, _stream(b"", content)))
        number, entries = self._size, [self._font_entries]
        for name, (facts, subset, widths, unicode) in fonts.items():
            entries.append(b"/%b %d 0 R" % (name.encode(), number))
            made += _font_objects(number, facts, subset, widths, unicode)
            number += _OBJECTS_PER_FONT
        made.append((self._fonts, b"".join(entries) + b">>"))
        return self._finish(made, number, file_identifier(attachment, moment).hex().encode())

    def _texts(
        self, document: Document, moment: datetime, attachment: bytes, title: bytes
    ) -> list[tuple[int, bytes]]:
        date, creator = pdf_date(moment).encode(), CREATOR.encode()
        checksum = hashlib.md5(attachment, usedforsecurity=False).hexdigest().encode()
        details = _EMBEDDED_FILE % (len(attachment), date, checksum)
        return [
            (self._metadata, _stream(b"/Type/Metadata/Subtype/XML", xmp_packet(document, moment))),
            (self._info, _INFORMATION % (title, creator, creator, date, date)),
            (self._attachment, _stream(details, attachment)),
        ]

    def _finish(self, made: list[tuple[int, bytes]], size: int, identifier: bytes) -> bytes:
        table = self._table + [b""] * (size - self._size)
        parts, position = [self._body], len(self._body)
        for number, data in made:
            piece = b"%d 0 obj\n%b\nendobj\n" % (number, data)
            table[number - 1] = _entry(position)
            parts.append(piece)
            position += len(piece)
        parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        parts += table
        parts.append(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n"
            % (size, self._root, self._info, identifier, identifier, position)
        )
        return b"".join(parts)


def _font_objects(
    number: int, facts: FontFacts, subset: FontSubset, widths: bytes, unicode: bytes
) -> list[tuple[int, bytes]]:
    """Return the five objects of a composite font (ISO 32000-1, 9.7) from object `number` on."""
    kind = b"0" if facts.is_cff else b"2"
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(unicode).digest()[:6])
    name = f"{tag}+{facts.name}".encode()
    program = zlib.compress(subset.program, _COMPRESSION_LEVEL)
    if facts.is_cff:
        key, details = b"FontFile3", b"/Subtype/CIDFontType0C/Filter/FlateDecode"
    else:
        key, details = b"FontFile2", b"/Length1 %d/Filter/FlateDecode" % len(subset.program)
    mapping = b"" if facts.is_cff else b"/CIDToGIDMap/Identity"
    edges = (*facts.box, facts.ascent, facts.descent, facts.ascent)
    return [
        (number, _FONT % (name, number + 1, number + 4)),
        (number + 1, _DESCENDANT % (kind, name, number + 2, widths, mapping)),
        (number + 2, _DESCRIPTOR % (name, *edges, key, number + 3)),
        (number + 3, _stream(details, program)),
        (number + 4, _stream(b"", unicode)),
    ]


def _serialise(pdf: Pdf, number: int) -> bytes:
    item = pdf.get_object(number, 0)
    if isinstance(item, Stream):
        raw = item.read_raw_bytes()
        details = pikepdf.Dictionary({**dict(item.items()), "/Length": len(raw)}).unparse(resolved=True)
        return b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (number, details, raw)
    return b"%d 0 obj\n%b\nendobj\n" % (number, item.unparse(resolved=True))


def _stream(details: bytes, data: bytes) -> bytes:
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (details, len(data), data)


def _entry(offset: int) -> bytes:
    return b"%010d 00000 n \n" % offset
