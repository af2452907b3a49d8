"""The second parser: qpdf, with recovery off, has to see what the first one saw."""

from __future__ import annotations

from agreegen.model.report import Alarm
from agreegen.verification.structure.document import PdfFile, View


def compare_parsers(file: PdfFile, view: View, password: str | None) -> list[Alarm]:
    """Compare what two parsers read."""
    return []
