"""Times in tables: to the minute, in the reader's zone, without its name."""

from __future__ import annotations

from datetime import datetime

from agreegen.chain.hashing import parse_time
from agreegen.messages import message, translate
from agreegen.messages.times import reader_zone


def table_time(moment: datetime | str, *, language: str) -> str:
    """Return a time as a table shows it.

    Args:
        moment: Aware, or as a chain stores it.
        language: `zh` or `en`.
    """
    here = (parse_time(moment) if isinstance(moment, str) else moment).astimezone(reader_zone(language))
    text = message(
        "web.moment", year=here.year, month=here.month, day=here.day, hour=here.hour, minute=here.minute
    )
    return translate(text, language)
