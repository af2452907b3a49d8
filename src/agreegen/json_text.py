"""JSON that others may have written: whatever is wrong with it, there is one error."""

from __future__ import annotations

import json
from typing import Any

from agreegen.errors import SpokenValueError
from agreegen.messages import message


def parse_json(data: str | bytes) -> Any:
    """Read a value of JSON.

    Raises:
        ValueError: It is none, or nested without end.
    """
    try:
        return json.loads(data)
    except RecursionError as exc:
        raise SpokenValueError(message("files.json-nested-too-deeply")) from exc
