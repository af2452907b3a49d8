"""What is wrong with input, for the person who mends it."""

from __future__ import annotations

from agreegen.model.complaint import Complaint


def complaint_text(complaint: Complaint, *, language: str) -> str:
    """Return problem and remedy of a complaint; where it stands is told by where it is shown."""
    parts = (complaint.problem, complaint.remedy)
    return ("；" if language == "zh" else "; ").join(str(part) for part in parts if part)
