"""What reading scans tells: one result a page, and how they add up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class PageStatus(StrEnum):
    """What became of a page."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    ALREADY_THERE = "already-there"
    BLANK = "blank"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why a page was not accepted, or what else a person should know of it."""

    NO_MARK = "no-mark"
    HALF_MARK = "half-mark"
    UNKNOWN_ID = "unknown-id"
    MARKS_DIFFER = "marks-differ"
    REPLACED = "replaced"
    QUARANTINED = "quarantined"
    TEXT_DIFFERS = "text-differs"
    TEXT_DOUBTFUL = "text-doubtful"
    NOT_ALIGNED = "not-aligned"
    NO_INK = "no-ink"
    INK_DOUBTFUL = "ink-doubtful"
    INK_ELSEWHERE = "ink-elsewhere"
    NO_PLACE = "no-place"
    PAGES_MISSING = "pages-missing"
    ANOTHER_COPY = "another-copy"
    SCAN_OF_ANOTHER = "scan-of-another"
    RETRACTED = "retracted"
    LOW_RESOLUTION = "low-resolution"
    UNREADABLE = "unreadable"
    FILE_CHANGED = "file-changed"
    COVER_SHEET = "cover-sheet"
    BY_DECISION = "by-decision"


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of one page of the input.

    Attributes:
        source: The input file, as it was named.
        source_sha256: Lower-case hex SHA-256 of that file.
        page: Number of the page in it, from 1.
        status: What became of it.
        document: Id of the document that it belongs to, as far as known.
        staff_no: Staff number of that document's person.
        name: That person's name.
        reasons: Why it was not accepted, or what else is to be said.
    """

    source: str
    source_sha256: str
    page: int
    status: PageStatus
    document: str | None = None
    staff_no: str | None = None
    name: str | None = None
    reasons: tuple[Reason, ...] = ()

    def with_status(self, status: PageStatus, *reasons: Reason) -> PageResult:
        """Return the result with another status and further reasons."""
        return replace(self, status=status, reasons=tuple(dict.fromkeys((*self.reasons, *reasons))))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register add-scans --json`."""
        return {
            "source": self.source,
            "page": self.page,
            "status": self.status.value,
            "document": self.document,
            "staff_no": self.staff_no,
            "reasons": [reason.value for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What became of all pages, each once, in the order of the input. It has no truth value.

    Attributes:
        pages: The results.
        dry_run: Whether nothing was written.
    """

    pages: tuple[PageResult, ...]
    dry_run: bool = False

    def count(self, status: PageStatus) -> int:
        """Return the number of pages with a status."""
        return sum(page.status is status for page in self.pages)

    @property
    def settled(self) -> bool:
        """Whether no page is left for a person to look at."""
        return self.count(PageStatus.REVIEW) == 0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register add-scans --json`."""
        summary = {"pages": len(self.pages)}
        summary |= {status.value.replace("-", "_"): self.count(status) for status in PageStatus}
        return {"pages": [page.to_dict() for page in self.pages], "summary": summary, "dry_run": self.dry_run}

    def __bool__(self) -> bool:
        raise TypeError("a report has no truth value: ask for `settled`")
