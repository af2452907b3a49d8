"""DER: kept with parsed values that nobody changes, and written by hand where speed counts."""

from __future__ import annotations

from typing import Any

_KEPT = "_agreegen_der"


def der_of(value: Any) -> bytes:
    """Return the DER of a parsed value, kept with it: asn1crypto looks through all its parts each time.

    Args:
        value: A certificate, or a part of one (asn1crypto); nothing in it may be changed afterwards.
    """
    kept = value.__dict__.get(_KEPT)
    if kept is None:
        kept = bytes(value.dump())
        setattr(value, _KEPT, kept)
    return bytes(kept)


def tlv(tag: int, *content: bytes) -> bytes:
    """Encode one DER element (X.690, section 8.1)."""
    body = b"".join(content)
    length = len(body)
    if length < 0x80:
        return bytes((tag, length)) + body
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body
