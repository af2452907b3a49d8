"""Writing one document from a base: what never changes is laid down once, the rest is written a row."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import pikepdf
from pikepdf import Pdf, Stream

from agreegen.conversion.compiled.embedding import OBJECTS_PER_FONT, font_objects
from agreegen.conversion.compiled.metrics import FontFacts, FontSubset
from agreegen.conversion.file_parts import FILE_HEADER, file_ending, pdf_stream, table_entry
from agreegen.conversion.metadata import CREATOR, file_identifier, pdf_date, xmp_packet
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.document import Document

_INFORMATION: Final = b"<</Title %b/Creator(%b)/Producer(%b)/CreationDate(%b)/ModDate(%b)>>"
_EMBEDDED_FILE: Final = (
    b"/Type/EmbeddedFile/Subtype/application#2fjson/Params<</Size %d/ModDate(%b)/CheckSum<%b>>>"
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
            raise ConversionError(message("conversion.not-base-compiled-form", exc=exc)) from exc

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
        body, offsets = bytearray(FILE_HEADER), {}
        for number in range(1, self._size):
            if number not in changing:
                offsets[number] = len(body)
                body += _serialise(pdf, number)
        self._body = bytes(body)
        self._table = [table_entry(offsets[n]) if n in offsets else b"" for n in range(1, self._size)]

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
        numbers = (self._metadata, self._info, self._attachment)
        made = list(zip(numbers, describing_objects(document, moment, attachment, title), strict=True))
        made.append((self._content, pdf_stream(b"", content)))
        number, entries = self._size, [self._font_entries]
        for name, (facts, subset, widths, unicode) in fonts.items():
            entries.append(b"/%b %d 0 R" % (name.encode(), number))
            made += font_objects(number, facts, subset, widths, unicode)
            number += OBJECTS_PER_FONT
        made.append((self._fonts, b"".join(entries) + b">>"))
        return self._finish(made, number, file_identifier(attachment, moment).hex().encode())

    def _finish(self, made: list[tuple[int, bytes]], size: int, identifier: bytes) -> bytes:
        table = self._table + [b""] * (size - self._size)
        parts, position = [self._body], len(self._body)
        for number, data in made:
            piece = b"%d 0 obj\n%b\nendobj\n" % (number, data)
            table[number - 1] = table_entry(position)
            parts.append(piece)
            position += len(piece)
        parts += file_ending(table, (self._root, self._info), identifier, position)
        return b"".join(parts)


def describing_objects(
    document: Document, moment: datetime, attachment: bytes, title: bytes
) -> tuple[bytes, bytes, bytes]:
    """Return the metadata, the information dictionary and the embedded file of a document."""
    date, creator = pdf_date(moment).encode(), CREATOR.encode()
    checksum = hashlib.md5(attachment, usedforsecurity=False).hexdigest().encode()
    details = _EMBEDDED_FILE % (len(attachment), date, checksum)
    return (
        pdf_stream(b"/Type/Metadata/Subtype/XML", xmp_packet(document, moment)),
        _INFORMATION % (title, creator, creator, date, date),
        pdf_stream(details, attachment),
    )


def _serialise(pdf: Pdf, number: int) -> bytes:
    item = pdf.get_object(number, 0)
    if isinstance(item, Stream):
        raw = item.read_raw_bytes()
        details = pikepdf.Dictionary({**dict(item.items()), "/Length": len(raw)}).unparse(resolved=True)
        return b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (number, details, raw)
    return b"%d 0 obj\n%b\nendobj\n" % (number, item.unparse(resolved=True))
