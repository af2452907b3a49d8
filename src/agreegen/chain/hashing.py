"""How the links of a chain commit to each other, and how their times are written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from agreegen.model.document import canonical_json

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Cell = int | str | None
"""One value of a link, as it is stored."""


def genesis_hash(kind: str, meta: Mapping[str, str]) -> bytes:
    """Return the hash that the first link builds on; it commits to all of `meta`.

    The secret enters through its own SHA-256, so that the genesis value may be shown to others.

    Args:
        kind: What the chain is of, e.g. `register`; two kinds never share a hash.
        meta: Facts of the chain as text, `secret` in hex among them.
    """
    public = dict(meta)
    public["secret"] = hashlib.sha256(bytes.fromhex(public["secret"])).hexdigest()
    return hashlib.sha256(f"agreegen {kind}/1\n".encode() + canonical_json(public)).digest()


def link_hash(previous: bytes, row: Sequence[Cell]) -> bytes:
    """Return SHA-256(previous hash || canonical JSON of the link as it is stored).

    Args:
        previous: Hash of the link before, or the genesis hash.
        row: The link's values exactly as stored, its number first.
    """
    return hashlib.sha256(previous + _ENCODER.encode(tuple(row)).encode()).digest()


def format_time(moment: datetime) -> str:
    """Return a time as a chain stores it: ISO 8601, UTC, `Z`."""
    return moment.isoformat().replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read a stored time.

    Raises:
        ValueError: It is not an ISO 8601 time with an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment
