"""Times for people: in the office's zone, as the language writes them."""

from __future__ import annotations

import os
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agreegen.chain.hashing import parse_time

_OFFICE_ZONE = "Asia/Shanghai"


def zone() -> ZoneInfo:
    """Return the zone of people here: `AGREEGEN_TZ`, else Beijing time."""
    try:
        return ZoneInfo(os.environ.get("AGREEGEN_TZ") or _OFFICE_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(_OFFICE_ZONE)


def moment_text(moment: datetime | str, *, language: str) -> str:
    """Return a time as people read it, to the minute."""
    at = (parse_time(moment) if isinstance(moment, str) else moment).astimezone(zone())
    if language == "zh":
        return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"
    return f"{at.day} {at:%b %Y %H:%M}"
