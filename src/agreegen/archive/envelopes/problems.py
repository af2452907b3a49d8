"""Why something that came is no sealed bag: one error, whose sentence people read."""

from __future__ import annotations

from agreegen.messages import Message, translate


class ContentError(ValueError):
    """An envelope, or what it holds, is not what it must be.

    Args:
        problem: What is wrong.
    """

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem

    def in_language(self, language: str) -> str:
        """Return what is wrong in a reader's language."""
        return translate(self.problem, language)
