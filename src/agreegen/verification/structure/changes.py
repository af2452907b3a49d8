"""What came after each signature."""

from __future__ import annotations

from dataclasses import dataclass, field

from agreegen.model.report import Alarm, Changes, Coverage
from agreegen.verification.structure.coverage import Covered
from agreegen.verification.structure.document import PdfFile, View


@dataclass(slots=True)
class Judgement:
    """The verdict on the changes."""

    alarms: list[Alarm] = field(default_factory=list)

    def of(self, item: Covered) -> tuple[Changes, list[str]]:
        """Return the changes after one signature and the reasons."""
        if item.coverage is Coverage.WHOLE_FILE:
            return Changes.NONE, []
        return Changes.UNKNOWN, []


def judge_changes(file: PdfFile, views: list[View], covered: list[Covered]) -> Judgement:
    """Judge."""
    return Judgement()
