"""How far a job has come, from its register alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agreegen.batch.interface import Job
from agreegen.errors import AgreegenError
from agreegen.register.interface import DocumentState
from agreegen.register.lock import is_locked
from agreegen.register.store import Register
from agreegen.rosters.roster import open_roster

__all__ = ["JobStatus", "job_status"]


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How far a job has come.

    Attributes:
        rows: Rows of the roster; None where it cannot be read now.
        documents: Documents in force.
        states: Documents by state.
        events: Events in the register.
        running: Whether a run is under way.
    """

    rows: int | None
    documents: int
    states: dict[str, int]
    events: int
    running: bool

    @property
    def open_rows(self) -> int | None:
        """Rows without a document in force; None where the roster cannot be read."""
        return None if self.rows is None else max(0, self.rows - self.documents)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `batch status --json`."""
        return {
            "rows": self.rows,
            "documents": self.documents,
            "open_rows": self.open_rows,
            "states": self.states,
            "events": self.events,
            "running": self.running,
        }


def job_status(job: Job) -> JobStatus:
    """Tell how far a job has come; nothing is written.

    Raises:
        RegisterError: The register is there but cannot be read.
    """
    rows = _count_rows(job)
    if not job.register_file.is_file():
        return JobStatus(rows, 0, {}, 0, running=False)
    with Register.open(job.register_file, read_only=True) as register:
        states = register.state_counts()
        ended = (DocumentState.REPLACED, DocumentState.QUARANTINED)
        documents = sum(count for state, count in states.items() if state not in ended)
        return JobStatus(rows, documents, states, register.event_count, running=is_locked(job.output))


def _count_rows(job: Job) -> int | None:
    source = job.roster
    try:
        return open_roster(
            source.file, job.form, sheet=source.sheet, columns=source.columns, defaults=job.defaults
        ).count
    except AgreegenError:
        return None
