"""Scanned paper: pages find their documents, and persons decide on those that no rule could decide on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from agreegen.api.access import RegisterAccess
from agreegen.api.registers import open_register, open_to_write
from agreegen.clock import read_clock
from agreegen.errors import UsageError
from agreegen.recording.recorder import Recorder
from agreegen.register.store import Register
from agreegen.scanning import service
from agreegen.scanning.interface import PageResult, PageStatus, Reason, ScanReport
from agreegen.scanning.service import ScanRequest
from agreegen.scanning.wording import say_reasons

__all__ = ["PageResult", "PageStatus", "Reason", "ScanReport", "add_scans", "say_reasons"]


def add_scans(
    access: RegisterAccess,
    sources: Sequence[Path],
    *,
    by: str,
    review: Path | None = None,
    decisions: Path | None = None,
    dry_run: bool = False,
    tell: Callable[[PageResult], None] = lambda _: None,
    now: datetime | None = None,
) -> ScanReport:
    """Find out whose pages these are and record what is signed; what no rule decides is left for a person.

    Args:
        access: The register.
        sources: PDF, TIFF, JPEG, PNG, or folders of them.
        by: On whose command pages are accepted.
        review: Folder for pages that a person must look at; None for `review/` beside the register.
        decisions: A review sheet that was filled in.
        dry_run: Read and compare, write nothing.
        tell: Told after each page.
        now: Aware UTC time; None for the clock.

    Returns:
        What became of every page, each once. A report has no truth value: ask for `settled`.

    Raises:
        UsageError: There is nothing to add.
        InputError: An input is not there, or a decision cannot be carried out; nothing was recorded.
        RegisterError: The register cannot be written; what was recorded stays, and running again goes on.
        OSError: A scan cannot be kept.
    """
    if not sources and decisions is None:
        raise UsageError("there is nothing to add", hint="name scans, or --decisions FILE.xlsx")
    request = ScanRequest(tuple(sources), review or access.file.parent / "review", by, decisions)
    now = now or read_clock()
    with _opened(access, now, dry_run=dry_run) as (register, recorder):
        return service.add_scans(request, register, recorder, now=now, tell=tell)


@contextlib.contextmanager
def _opened(
    access: RegisterAccess, now: datetime, *, dry_run: bool
) -> Iterator[tuple[Register, Recorder | None]]:
    if dry_run:
        with open_register(access.file) as register:
            yield register, None
        return
    with open_to_write(access, now) as recorder:
        yield recorder.register, recorder
