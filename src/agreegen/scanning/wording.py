"""Why a page is left for a person, in words."""

from __future__ import annotations

from agreegen.messages import Message, join_sentences, message
from agreegen.scanning.interface import Reason


def reason_text(reason: Reason) -> Message:
    """Return what is said of a reason."""
    return message(f"scanning.reason.{reason.value}")


def say_reasons(reasons: tuple[Reason, ...]) -> Message | None:
    """Return reasons in one sentence."""
    return join_sentences(map(reason_text, reasons))
