"""The facts of an event, as its details hold them; whoever can write the file can put anything there."""

from __future__ import annotations

from typing import Any

from agreegen.errors import SpokenValueError
from agreegen.json_text import parse_json
from agreegen.messages import message

NOT_OURS = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What is raised where a value that is read is none that a command of ours writes."""


def read_facts(details: str) -> dict[str, Any]:
    """Return the facts that an event's details hold.

    Raises:
        ValueError: They are no object of JSON, or one that is nested without end.
    """
    facts = parse_json(details)
    if not isinstance(facts, dict):
        raise SpokenValueError(message("chain.details-no-object"))
    return facts
