"""A run: the roster streams through the plan into chunks, and what comes back goes into the register."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agreegen.batch.interface import Job, RowResult, RunEventKind, RunSettings, RunSummary
from agreegen.batch.job.coverage import count_job
from agreegen.batch.job.head_credential import require_head_signer
from agreegen.batch.job.job_roster import is_own_roster, open_job_roster, open_run_roster
from agreegen.batch.job.output_folder import (
    OutputError,
    refuse_lost_register,
    refuse_other_template,
    require_writable,
)
from agreegen.batch.job.timestamp_services import timestamp_warnings
from agreegen.batch.making.laying_down import move_aside
from agreegen.batch.making.outcomes import ChunkOutcome, TaskOutcome
from agreegen.batch.planning.document_paths import QUARANTINE, PathGiver, take_inventory
from agreegen.batch.planning.mended_rows import MendedRows, Mending, link_mended, mended_warning
from agreegen.batch.planning.planner import Planner, RowProblemError, Task
from agreegen.batch.running.interruption import Interruption
from agreegen.batch.running.outputs import FailedRows, write_report
from agreegen.batch.running.row_spool import RowSpool
from agreegen.batch.running.run_register import prove_time, recorder_for_run, run_event
from agreegen.batch.running.run_telling import RunTeller, Tell
from agreegen.batch.workers.key_holder import KeyHolder
from agreegen.batch.workers.pool_choice import start_pool
from agreegen.batch.workers.pools import Chunk, Pool, wait_for_stragglers
from agreegen.batch.workers.shared_keys import SharedKeys, load_keys
from agreegen.chain.lock import lock_folder
from agreegen.clock import read_clock
from agreegen.errors import AgreegenError, InputError, UsageError
from agreegen.files import remove_leftovers, sha256_of_file
from agreegen.forms.check import require_usable
from agreegen.messages import Message, foreign_text, message
from agreegen.model.complaint import Complaint
from agreegen.recording.recorder import Recorder
from agreegen.register.store import Register
from agreegen.rosters.roster import Roster
from agreegen.rosters.row import RosterRow
from agreegen.signing.trust import load_trust

_CHUNKS_A_WORKER, _FEW_ROWS = 4, 25
_CLOCK_MAY_DIFFER = timedelta(minutes=5)


def run_job(
    job: Job,
    settings: RunSettings | None = None,
    *,
    events: Tell | None = None,
    clock: Callable[[], datetime] = read_clock,
) -> RunSummary:
    """Make, sign and register one document for every row of a roster; running again goes on.

    Args:
        job: The job.
        settings: How to run it.
        events: Told of every row, as it is done.
        clock: Gives the time, once a chunk.

    Returns:
        What was done. Failed rows are in `failed-rows.csv` and `.xlsx`, or beside them.

    Raises:
        InputError: The form or the roster is unusable, or the form changed since the first run.
        RegisterError: Another run is writing to the output folder, or it cannot be written.
        CredentialError: A credential that all rows share cannot be used; what is done is kept.
        UsageError: An unknown engine.
    """
    settings = settings or RunSettings()
    _require_known_engine(settings)
    found = require_usable(job.form)
    rows = open_run_roster(job, settings)
    started = time.monotonic()
    require_head_signer(job)
    require_writable(job.output)
    with lock_folder(job.output), contextlib.ExitStack() as stack:
        wait_for_stragglers(job.documents_folder)
        refuse_lost_register(job)
        register = stack.enter_context(Register.open(job.register_file, create=True, now=clock()))
        refuse_other_template(job, register)
        holder = stack.enter_context(KeyHolder())
        trust = load_trust(list(job.trust))
        elsewhere = settings.engine == "dask"
        keys = load_keys(job, holder, trust, clock(), settings.prompt, elsewhere=elsewhere)
        recorder = recorder_for_run(job, register, keys, trust, clock())
        failed = stack.enter_context(FailedRows(job.output, rows))
        run = _Run(job, settings, recorder, rows, keys, failed, RunTeller(rows.count, events), clock)
        stack.callback(run.spool.close)
        run.whole_roster = settings.roster is None and settings.limit is None
        if is_own_roster(job, settings):
            run.known = MendedRows(job.form, [register], rows)
        else:
            run.link_mended_rows()
        for warning in dict.fromkeys(_warnings(job, keys, found)):
            run.teller.warn(warning)
        with Interruption() as interruption:
            pool = start_pool(job, rows.count, settings, keys, trust)
            stack.callback(pool.close)
            error = run.drive(pool, interruption, settings.chunk_rows)
        return run.finish(started, error, interrupted=interruption.asked_for)


def _require_known_engine(settings: RunSettings) -> None:
    if settings.engine not in {"local", "dask"}:
        raise UsageError(
            message("batch.unknown-engine", engine=settings.engine), hint=message("batch.local-or-dask")
        )


def _warnings(job: Job, keys: SharedKeys, found: Sequence[Complaint]) -> list[Message]:
    """Return what is odd about a job and no reason to stop."""
    odd = [*job.notes, *map(foreign_text, found), *keys.findings, *keys.trust.warnings]
    return [*odd, *timestamp_warnings(job)]


class _Run:
    """One run over one roster."""

    def __init__(
        self,
        job: Job,
        settings: RunSettings,
        recorder: Recorder,
        roster: Roster,
        keys: SharedKeys,
        failed: FailedRows,
        teller: RunTeller,
        clock: Callable[[], datetime],
    ) -> None:
        self.job, self.recorder, self.roster = job, recorder, roster
        self.register = register = recorder.register
        self.keys, self.trust, self.failed, self.clock = keys, keys.trust, failed, clock
        self.teller = teller
        self.whole_roster, self.exhausted, self.handed_in = True, False, False
        self.spool = RowSpool()
        self.recorded = False
        self.known: MendedRows | None = None
        self.mending = Mending()
        self.bags: list[str] = []
        self.folders = {QUARANTINE}
        self.cells: dict[int, RosterRow] = {}
        try:
            inventory = take_inventory(job.output, register)
        except OSError as exc:
            raise OutputError(
                message("batch.cannot-read-4", output=job.output, exc=exc),
                hint=message("batch.mend-its-permissions"),
            ) from exc
        self.paths = PathGiver(job, register, inventory)
        self.planner = Planner(
            job,
            register,
            self.paths,
            self._identify(inventory.orphans),
            replace_signed=settings.replace_signed,
            check_files=settings.check_files,
        )
        self.template = job.form.template

    def _identify(self, orphans: list[str]) -> dict[str, str]:
        if not orphans:
            return {}
        from agreegen.recording.own_documents import identify  # noqa: PLC0415 - only after a crash

        found: dict[str, str] = {}
        for path in orphans:
            document_id = identify((self.job.output / path).read_bytes())
            if document_id is None or document_id in found:
                self.teller.warn(
                    move_aside(self.job.output, self.job.output / path, message("batch.nothing-registers"))
                )
            else:
                found[document_id] = path
        return found

    def link_mended_rows(self) -> None:
        """Find the rows of the job's own roster that the rows of this run stand for."""
        try:
            own = open_job_roster(self.job)
            self.mending = link_mended(self.job.form, self.register, self.roster, own)
        except InputError as exc:
            self.teller.warn(message("batch.job-own-roster-cannot-read-so", exc=exc))

    def drive(self, pool: Pool, interruption: Interruption, chunk_rows: int) -> AgreegenError | None:
        """Stream the roster through the pool; return what stopped it, if anything did."""
        self._begin()
        chunks = self._chunks(self._chunk_size(pool, chunk_rows))
        error: AgreegenError | None = None
        while True:
            if error is None and not interruption.asked_for:
                error = self._hand_in(chunks, pool, interruption)
            if not pool.busy:
                break
            try:
                for outcome in pool.finished():
                    error = self._take_in(outcome) or error
            except AgreegenError as exc:  # neither the pool nor the register can go on
                return exc
        for folder in self.folders:  # where a worker was killed, it left what it had not named yet
            remove_leftovers(self.job.output / folder)
        if self.handed_in and error is None and not interruption.asked_for:
            error = self._conclude()
        return error

    def _begin(self) -> None:
        self.recorder.record([run_event(self.job)], now=self.clock())
        self.teller.tell(RunEventKind.STARTED)
        behind = self.register.latest - self.clock()
        if behind > _CLOCK_MAY_DIFFER:
            self.teller.warn(
                message("batch.clock-stands-before-register-last-event", latest=self.register.latest)
            )

    def _hand_in(
        self, chunks: Iterator[Chunk], pool: Pool, interruption: Interruption
    ) -> AgreegenError | None:
        """Give the pool as many chunks as it takes; return why there are no more, if anything is wrong."""
        while not self.handed_in and not interruption.asked_for and pool.room > 0:
            try:
                chunk = next(chunks, None)
            except AgreegenError as exc:  # the roster or the template changed: keep what is under way
                return exc
            if chunk is None:
                self.handed_in = True
            else:
                pool.submit(chunk)
        return None

    def _chunk_size(self, pool: Pool, most: int) -> int:
        """Give each worker several chunks, so that none waits long for the last one; large ones cost less."""
        share = -(-self.roster.count // max(1, _CHUNKS_A_WORKER * (pool.room - 1)))
        return max(1, min(most, max(share, _FEW_ROWS)))

    def _chunks(self, size: int) -> Iterator[Chunk]:
        tasks: list[Task] = []
        for row in (self.known or self.roster).rows():
            self.spool.add(row)
            try:
                self.mending.check(row)
                task = self.planner.plan(row)
            except RowProblemError as exc:
                self._fail(row, exc.reason)
                continue
            if task is None:
                self.mending.settled(row)
                self.teller.count(TaskOutcome(row.number, "", RowResult.ALREADY_DONE, ""))
                continue
            self.cells[row.number] = row
            tasks.append(task)
            if len(tasks) >= size:
                yield self._seal(tasks)
                tasks = []
        self.exhausted = True
        if tasks:
            yield self._seal(tasks)

    def _seal(self, tasks: list[Task]) -> Chunk:
        if sha256_of_file(self.template) != self.job.form.template_sha256:
            raise InputError(
                message("batch.was-edited-while-job-was-running", template=self.template),
                hint=message("batch.put-template-back-run-again-or"),
            )
        return Chunk(tuple(tasks), self.clock())

    def _take_in(self, chunk: ChunkOutcome) -> AgreegenError | None:
        """Record a finished chunk in one transaction, then its signed head; then the world is told."""
        drafts = [draft for outcome in chunk.outcomes for draft in outcome.events]
        for outcome in chunk.outcomes:
            if outcome.reason is None:
                self.mending.settled(self.cells[outcome.row])
        drafts += self.mending.take_drafts()
        if drafts:
            self.recorder.record(drafts, now=self.clock())
            self.recorded = True
        for note in chunk.notes:
            if note not in self.teller.warnings:
                self.teller.warn(note)
        for outcome in chunk.outcomes:
            row = self.cells.pop(outcome.row)
            self.paths.release(outcome.path)
            self.folders.add(outcome.path.rpartition("/")[0])
            if outcome.warning is not None:
                self.teller.warn(outcome.warning)
            if outcome.reason is not None:
                self.failed.add(row.cells, outcome.reason)
            self.teller.count(outcome)
        self.teller.tell(RunEventKind.CHUNK)
        return chunk.fatal

    def _fail(self, row: RosterRow, reason: Message) -> None:
        self.failed.add(row.cells, reason)
        self.teller.count(TaskOutcome(row.number, "", RowResult.FAILED, "", reason=reason))

    def _conclude(self) -> AgreegenError | None:
        """Remember mended rows, clear away files that no row claims, and write the bags."""
        self.recorder.record(self.mending.take_drafts(), now=self.clock())
        if self.known is not None and (told := mended_warning(self.known.applied)) is not None:
            self.teller.warn(told)
        if self.whole_roster:
            for path in self.planner.unused_orphans.values():
                self.teller.warn(
                    move_aside(self.job.output, self.job.output / path, message("batch.no-row-roster-claims"))
                )
        if self.job.archive is None or self.keys.archive is None:
            return None
        from agreegen.batch.running.job_bags import archive_documents  # noqa: PLC0415 - takes long to load

        try:
            for bag in archive_documents(
                self.job, self.recorder, self.keys.archive, self.trust, self.clock()
            ):
                self.bags.append(str(bag))
                self.teller.tell(RunEventKind.ARCHIVED, foreign_text(bag))
        except AgreegenError as exc:
            return exc
        return None

    def _count_open(self) -> int | None:
        """Count who has not signed, as `register coverage` does."""
        try:
            rows = self.spool if self.whole_roster and self.exhausted else None
            return count_job(self.job, self.register, rows).open
        except AgreegenError as exc:
            self.teller.warn(message("batch.who-has-not-signed-could-not", exc=exc))
            return None

    def finish(self, started: float, error: AgreegenError | None, *, interrupted: bool) -> RunSummary:
        """Write what people read at the end; raise what stopped the run."""
        states, counts = self.register.state_counts(), self.teller.counts
        if (told := self.planner.forecast.describe(done=True)) is not None:
            self.teller.warn(told)
        if error is None and self.recorded:
            for warning in prove_time(self.job, self.recorder, self.trust, self.clock()):
                self.teller.warn(warning)
        head = self.register.last_head()
        summary = RunSummary(
            rows=self.roster.count,
            done=self.teller.done,
            already_done=counts[RowResult.ALREADY_DONE],
            failed=self.teller.failed,
            seconds=time.monotonic() - started,
            superseded=counts[RowResult.SUPERSEDED],
            adopted=counts[RowResult.ADOPTED],
            remade=counts[RowResult.REMADE],
            kept_signed=self.planner.forecast.kept,
            register_head=None if head is None else head.code,
            timestamp_pending=self.register.pending_count(),
            left_open=self._count_open(),
            interrupted=interrupted,
            bags=tuple(self.bags),
            warnings=tuple(self.teller.warnings),
        )
        try:
            summary = replace(summary, failed_rows=str(self.failed.write()))
            write_report(self.job, summary, states, self.failed)
        except OSError as exc:
            error = error or OutputError(
                message("batch.cannot-written-4", output=self.job.output, exc=exc),
                hint=message("batch.free-space"),
            )
        if error is not None:
            raise error
        return summary
