"""What is wrong with input, for the person who mends it."""

from __future__ import annotations

from agreegen.messages import message, translate
from agreegen.model.complaint import Complaint


def complaint_text(complaint: Complaint, *, language: str) -> str:
    """Return problem and remedy of a complaint; where it stands is told by where it is shown."""
    parts = (translate(part, language) for part in (complaint.problem, complaint.remedy) if part)
    return translate(message("web.semicolon"), language).join(parts)
