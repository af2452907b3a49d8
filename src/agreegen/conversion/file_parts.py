"""The parts of a PDF file that are written byte by byte: header, streams, cross-reference table, trailer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

FILE_HEADER: Final = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"


def pdf_stream(details: bytes, data: bytes) -> bytes:
    """Return the bytes of a stream object with these entries besides its length."""
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (details, len(data), data)


def table_entry(offset: int) -> bytes:
    """Return an entry of a cross-reference table for an object in use."""
    return b"%010d 00000 n \n" % offset


def file_ending(
    table: Sequence[bytes], root_and_info: tuple[int, int], identifier: bytes, position: int
) -> list[bytes]:
    """Return the classic cross-reference table at `position` with its trailer, in pieces.

    Args:
        table: The entry of each object from number 1 on.
        root_and_info: Object numbers of the catalog and of the information dictionary.
        identifier: Hexadecimal digits of `/ID`.
        position: Offset of the table.
    """
    size = len(table) + 1
    trailer = b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        *root_and_info,
        identifier,
        identifier,
        position,
    )
    return [b"xref\n0 %d\n0000000000 65535 f \n" % size, *table, trailer]
