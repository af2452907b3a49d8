"""The office's day: that of the zone which `AGREEGEN_TZ` names, else of the machine."""

from __future__ import annotations

import os
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agreegen.errors import UsageError
from agreegen.messages import message


def office_day(now: datetime) -> date:
    """Return the office's day at a moment.

    Raises:
        UsageError: `AGREEGEN_TZ` names no zone.
    """
    name = os.environ.get("AGREEGEN_TZ")
    try:
        return now.astimezone(ZoneInfo(name) if name else None).date()
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise UsageError(message("ledger.no-zone", zone=str(name))) from exc
