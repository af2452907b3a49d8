"""PDFs that nobody has signed, and that unpack to gigabytes or nest without end where readers look first."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable

_GIGABYTES, _BLOCK = 3, 1 << 20


@functools.cache
def _bomb(filling: bytes = b" ") -> bytes:
    """Deflate gigabytes of one byte, block for block: some megabytes."""
    packer = zlib.compressobj(9, wbits=-15)
    block, count = filling * _BLOCK, _GIGABYTES * (1 << 30) // _BLOCK
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(count):
        check = zlib.adler32(block, check)
    return b"\x78\xda" + packed * count + packer.flush() + check.to_bytes(4, "big")


def _stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(data), data)


_DEFLATED = b"/Filter /FlateDecode"
_PAGES = {
    2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
}


def _classic(bodies: dict[int, bytes]) -> bytes:
    data, offsets = bytearray(b"%PDF-1.7\n"), {}
    for number, body in sorted(bodies.items()):
        offsets[number] = len(data)
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, size = len(data), max(bodies) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        data += b"%010d 00000 n \n" % offsets[number]
    return bytes(data) + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def attachment() -> bytes:
    """`agreegen.json` of gigabytes."""
    names = b"<< /EmbeddedFiles << /Names [(agreegen.json) 4 0 R] >> >>"
    return _classic(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AF [4 0 R] /Names %b >>" % names,
            **_PAGES,
            4: b"<< /Type /Filespec /F (agreegen.json) /UF (agreegen.json) /EF << /F 5 0 R >> >>",
            5: _stream(_DEFLATED + b" /Type /EmbeddedFile", _bomb()),
        }
    )


def _compressed(table: bytes, filters: bytes, bodies: dict[int, bytes]) -> bytes:
    """Write objects and a cross-reference stream over them."""
    data = bytearray(b"%PDF-1.7\n")
    for number, body in sorted(bodies.items()):
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    entries = b"/Type /XRef /Size 9 /W [1 4 2] /Index [0 9] /Root 1 0 R " + filters
    return bytes(data) + b"8 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        _stream(entries, table),
        len(data),
    )


def table() -> bytes:
    """A cross-reference stream of gigabytes."""
    return _compressed(_bomb(b"\0"), _DEFLATED, {1: b"<< /Type /Catalog /Pages 2 0 R >>", **_PAGES})


def objects() -> bytes:
    """The catalogue in an object stream of gigabytes."""
    head = b"%PDF-1.7\n"
    held = _stream(b"/Type /ObjStm /N 1 /First 4 " + _DEFLATED, _bomb())
    rows = [(0, 0, 65535), (2, 7, 0)]
    offsets, bodies = len(head), {**_PAGES, 7: held}
    places = {}
    for number, body in sorted(bodies.items()):
        places[number] = offsets
        offsets += len(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    rows += [(1, places[number], 0) if number in places else (0, 0, 0) for number in range(2, 8)]
    rows.append((1, offsets, 0))
    packed = b"".join(b"%c%b%b" % (kind, a.to_bytes(4, "big"), b.to_bytes(2, "big")) for kind, a, b in rows)
    return _compressed(packed, b"", bodies)


def fields() -> bytes:
    """Fields whose parents lead in a circle, and arrays a million deep."""
    return _classic(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
            **_PAGES,
            4: b"<< /FT /Sig /T (a) /Kids [5 0 R] /Parent 5 0 R >>",
            5: b"<< /T (b) /Kids [4 0 R] /Parent 4 0 R /X %b%b >>" % (b"[" * 1_000_000, b"]" * 1_000_000),
        }
    )


PACKED: dict[str, Callable[[], bytes]] = {
    "attachment.pdf": attachment,
    "table.pdf": table,
    "objects.pdf": objects,
}
"""Of gigabytes."""
PDFS = {**PACKED, "fields.pdf": fields}
