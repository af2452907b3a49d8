"""Adding scans to a register: decisions first, then the inputs, then the review sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.foreign.confinement import Confinement
from agreegen.recording.recorder import Recorder
from agreegen.recording.scan_inputs import expand
from agreegen.register.view import RegisterView
from agreegen.scanning.deciding import Decider
from agreegen.scanning.intake import LIMITS, Intake
from agreegen.scanning.interface import PageResult, PageStatus, ScanReport
from agreegen.scanning.review import ReviewFolder, read_decisions


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is to be added.

    Attributes:
        sources: Files and folders.
        review: Folder for pages that a person must look at.
        by: On whose command pages are accepted.
        decisions: A review sheet that was filled in.
    """

    sources: tuple[Path, ...]
    review: Path
    by: str
    decisions: Path | None = None


def add_scans(
    request: ScanRequest,
    view: RegisterView,
    recorder: Recorder | None,
    *,
    now: datetime,
    tell: Callable[[PageResult], None] = lambda _: None,
) -> ScanReport:
    """Add scans to a register; return what became of every page, each once.

    Args:
        request: What is to be added.
        view: The register.
        recorder: Records in it; None for a dry run, which writes nothing at all.
        now: Aware UTC time.
        tell: Told after each page.

    Raises:
        InputError: An input is not there, or a decision cannot be carried out; nothing was recorded.
        RegisterError: The register cannot be written; what was recorded stays, and running again goes on.
        OSError: A scan cannot be kept.
    """
    root = view.path.parent
    files = expand(request.sources)
    decided = _decide(request, view, recorder, now)
    folder = ReviewFolder(request.review)
    intake = Intake(view, root, recorder, request.by, now, tell)
    if recorder is not None:
        intake.undecided = folder.add
    read = intake.take(files).pages
    report = ScanReport(_once(decided, read), dry_run=recorder is None)
    if recorder is not None:
        left = [page for page in report.pages if page.status is PageStatus.REVIEW]
        folder.write(left, frozenset((page.source_sha256, page.page) for page in report.pages))
    return report


def _decide(
    request: ScanRequest, view: RegisterView, recorder: Recorder | None, now: datetime
) -> list[PageResult]:
    if request.decisions is None:
        return []
    decisions = read_decisions(request.decisions, request.by)
    confinement = Confinement(LIMITS)
    try:
        return Decider(view, view.path.parent, recorder, confinement, now).apply(decisions)
    finally:
        confinement.close()


def _once(decided: Sequence[PageResult], read: Sequence[PageResult]) -> tuple[PageResult, ...]:
    """Return each page once: a page that was decided on just now and read again is what was decided."""
    told = {(page.source_sha256, page.page): page for page in decided}
    again = {(page.source_sha256, page.page) for page in read}
    pages = [
        page
        if page.status is PageStatus.REVIEW
        else _as_named(told.get((page.source_sha256, page.page)), page)
        for page in read
    ]
    return (*(page for key, page in told.items() if key not in again), *pages)


def _as_named(decided: PageResult | None, page: PageResult) -> PageResult:
    return page if decided is None else page.with_status(decided.status, *decided.reasons)
