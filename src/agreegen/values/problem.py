"""What a value looks like before it is parsed, and what is said when it cannot be."""

from __future__ import annotations

from datetime import date

from agreegen.errors import InputError
from agreegen.messages import Message

RawValue = str | int | float | bool | date | tuple[str, ...] | None
"""A value as a file holds it: text, a spreadsheet's number, boolean, date or `datetime`, or list items."""


class ValueProblem(InputError):  # noqa: N818 - the room's own term
    """A value cannot be read as its field's type.

    Args:
        problem: What is wrong, with personal IDs masked.
        remedy: What would be right.
    """

    def __init__(self, problem: Message, remedy: Message | None = None) -> None:
        super().__init__(problem, hint=remedy)
        self.problem = problem
        self.remedy = remedy
