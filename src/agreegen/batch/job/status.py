"""How far a job has come, from its register alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agreegen.batch.interface import Job
from agreegen.batch.job.coverage import job_coverage
from agreegen.batch.planning.mended_rows import mended_warning
from agreegen.chain.lock import is_locked
from agreegen.errors import InputError
from agreegen.messages import Message
from agreegen.register.interface import ENDED
from agreegen.register.store import Register
from agreegen.reports.coverage import CoverageTotals


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How far a job has come.

    Attributes:
        totals: Rows of the roster by state; None where it cannot be read now.
        documents: Documents in force.
        states: Documents by state.
        events: Events in the register.
        running: Whether a run is under way.
    """

    totals: CoverageTotals | None
    documents: int
    states: dict[str, int]
    events: int
    running: bool

    @property
    def warnings(self) -> tuple[Message, ...]:
        """What deserves a look: rows that count as they were mended."""
        told = None if self.totals is None else mended_warning(self.totals.mended)
        return () if told is None else (told,)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `batch status --json`."""
        totals = self.totals
        return {
            "rows": None if totals is None else totals.rows,
            "documents": self.documents,
            "signed_rows": None if totals is None else totals.signed,
            "open_rows": None if totals is None else totals.open,
            "mended_rows": None if totals is None else len(totals.mended),
            "states": self.states,
            "events": self.events,
            "running": self.running,
        }


def job_status(job: Job) -> JobStatus:
    """Tell how far a job has come; nothing is written.

    Raises:
        RegisterError: The register is there but cannot be read.
    """
    totals = _count(job)
    if not job.register_file.is_file():
        return JobStatus(totals, 0, {}, 0, running=False)
    with Register.open(job.register_file, read_only=True) as register:
        states = register.state_counts()
        documents = sum(count for state, count in states.items() if state not in ENDED)
        return JobStatus(totals, documents, states, register.event_count, running=is_locked(job.output))


def _count(job: Job) -> CoverageTotals | None:
    try:
        with job_coverage(job) as coverage:
            return coverage.count()
    except InputError:
        return None
