"""How much a workbook may hold: each sheet is searched for its header, each merged range spread out."""

from __future__ import annotations

from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import Message, message

_MOST_SHEETS = 250
_MOST_MERGES = 20_000


def require_few_sheets(path: Path, count: int) -> None:
    """Refuse a workbook of more sheets than an office keeps.

    Raises:
        InputError: It has more than 250.
    """
    if count > _MOST_SHEETS:
        raise _refusal(message("rosters.too-many-sheets", path=path, count=count, most=_MOST_SHEETS))


def require_few_merges(path: Path, count: int) -> None:
    """Refuse a sheet of more merged ranges than a roster has.

    Raises:
        InputError: It has more than 20,000.
    """
    if count > _MOST_MERGES:
        raise _refusal(message("rosters.too-many-merged-ranges", path=path, most=_MOST_MERGES))


def _refusal(problem: Message) -> InputError:
    return InputError(problem, hint=message("rosters.copy-rows-people-into-new-workbook"))
