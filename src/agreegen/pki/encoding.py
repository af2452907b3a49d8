"""The encoding of parsed ASN.1 values that nobody changes."""

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
