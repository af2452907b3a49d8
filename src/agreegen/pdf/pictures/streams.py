"""Writing stream objects of a PDF (ISO 32000-2, 7.3.8)."""

from __future__ import annotations

import zlib


def stream_body(entries: bytes, data: bytes) -> bytes:
    """Return a stream object's body, deflated."""
    packed = zlib.compress(data, 9)
    return b"<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (entries, len(packed), packed)
