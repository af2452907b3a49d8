"""Times as people write them: in the reader's zone, which is named."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from agreegen.messages.catalogue import find_entry
from agreegen.messages.languages import AUTOMATIC, reader_language

ZONE_VARIABLE = "AGREEGEN_TZ"
_BEIJING = "Asia/Shanghai"
_ZONES = {"zh": _BEIJING}
"""Language → the zone of its readers where none is set."""


def reader_zone(language: str | None = None) -> tzinfo:
    """Return the zone that times are shown in: `AGREEGEN_TZ`, else the language's, else UTC.

    Raises:
        ValueError: `AGREEGEN_TZ` names no zone that this computer knows.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - most processes tell no time

    name = os.environ.get(ZONE_VARIABLE) or _ZONES.get(language or reader_language(), "UTC")
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        if name == _BEIJING:  # a computer without a table of zones
            return timezone(timedelta(hours=8), _BEIJING)
        raise ValueError(name) from exc


def moment_text(moment: datetime, language: str | None = None) -> str:
    """Return an aware time to the minute as people write it, in the reader's zone, with the zone's name."""
    language = language or reader_language()
    zone = reader_zone(language)
    here = moment.astimezone(zone)
    return _form("messages.moment", language).format(
        year=here.year, month=here.month, day=here.day, hour=here.hour, minute=here.minute,
        zone=_zone_name(here, zone, language),
    )  # fmt: skip


def day_text(day: date, language: str | None = None) -> str:
    """Return a day as people write it."""
    form = _form("messages.day", language or reader_language())
    return form.format(year=day.year, month=day.month, day=day.day)


def _zone_name(here: datetime, zone: tzinfo, language: str) -> str:
    name = str(getattr(zone, "key", zone))
    if name in {"UTC", _BEIJING}:
        return _form("messages.zone.utc" if name == "UTC" else "messages.zone.beijing", language)
    offset = f"{here:%z}"
    return f"{name}, UTC{offset[:3]}:{offset[3:5]}"


def _form(code: str, language: str) -> str:
    return find_entry(code, language) or find_entry(code, AUTOMATIC) or code
