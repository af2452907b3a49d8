"""The clock, read once an operation and handed on from there."""

from __future__ import annotations

from datetime import UTC, datetime


def read_clock() -> datetime:
    """Read the clock: aware UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
