"""Coverage of a job: its own roster against its own register, for everything that counts who has signed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from agreegen.batch.interface import Job
from agreegen.batch.job.job_roster import open_job_roster
from agreegen.batch.planning.mended_rows import MendedRows
from agreegen.register.store import Register
from agreegen.reports.coverage import Coverage, CoverageTotals, RowSource


@contextlib.contextmanager
def job_coverage(job: Job, at: datetime | None = None) -> Iterator[Coverage]:
    """Give the coverage of a job, now or as it was at a time.

    Raises:
        InputError: The roster cannot be read.
        RegisterError: The register is there, but cannot be read.
    """
    with contextlib.ExitStack() as stack:
        registers = []
        if job.register_file.is_file():
            register = stack.enter_context(Register.open(job.register_file, read_only=True))
            if at is not None:
                register.show_at(at)
            registers.append(register)
        yield _coverage(job, registers)


def count_job(job: Job, register: Register, rows: RowSource | None = None) -> CoverageTotals:
    """Count how many rows of a job's roster are signed, with its register open already.

    Args:
        job: The job.
        register: Its register.
        rows: All rows of its roster, where the caller has read them already.

    Raises:
        InputError: The roster cannot be read.
        RegisterError: The register cannot be read.
    """
    coverage = _coverage(job, [register]) if rows is None else Coverage(rows, [register], job.form)
    return coverage.count()


def _coverage(job: Job, registers: list[Register]) -> Coverage:
    roster = open_job_roster(job)
    return Coverage(MendedRows(job.form, registers, roster), registers, job.form)
