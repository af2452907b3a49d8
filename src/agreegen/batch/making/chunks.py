"""One chunk of tasks: made, signed, read back, laid down durably; in a worker or in the coordinator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import RowResult
from agreegen.batch.job.output_folder import OutputError
from agreegen.batch.making.chunk_signatures import ChunkSigner, Waiting
from agreegen.batch.making.drafts import Draft, FileBytes, TaskResult, failed
from agreegen.batch.making.laying_down import move_aside, publish
from agreegen.batch.making.outcomes import ChunkDelivery, ChunkOutcome, TaskOutcome, WorkerSettings
from agreegen.batch.planning.planner import SignTask, Task
from agreegen.errors import AgreegenError, CredentialError, MissingProgramError, SigningError
from agreegen.files import sha256_of
from agreegen.messages import Message, foreign_text, message
from agreegen.model.report import FileReport, PadesLevel, SignatureKind, TrustStatus
from agreegen.pipeline.making import DocumentMaker
from agreegen.pipeline.own_read_back import check_page
from agreegen.pipeline.read_back import Expected, examine_confined, read_back
from agreegen.register.interface import EventDraft, EventKind
from agreegen.signing.certificate_paths import accept_paths
from agreegen.signing.interface import Credential
from agreegen.verification.interface import Options

Existing = Callable[[Task], bytes | None]
"""Gives what stands in the place of a task's document already."""


def lay_down(
    output: Path,
    results: Sequence[TaskResult],
    fatal: AgreegenError | None,
    notes: tuple[Message, ...] = (),
) -> ChunkOutcome:
    """Write a chunk's files durably and say what became of it.

    Args:
        output: Output folder.
        results: What was made.
        fatal: What stopped the chunk, if anything did.
        notes: What a person should know.

    Raises:
        TakenError: A new document is there already.
    """
    try:
        cleared = [_clear_place(output, result) for result in results]
    except OutputError as exc:
        return ChunkOutcome((), fatal or exc, notes)
    laid, failure = publish(output, cleared)
    return ChunkOutcome(tuple(_outcome(result) for result in laid), fatal or failure, notes)


def _clear_place(output: Path, result: TaskResult) -> TaskResult:
    if result.made.aside is None:
        return result
    return result.warned(move_aside(output, output / result.task.registration.path, result.made.aside))


class ChunkMaker:
    """Makes chunks; keeps the office, the credentials and the connections between them.

    Args:
        settings: What the worker was told.
        credentials: Credentials that the caller has loaded, by index into `Job.signatures`.
    """

    def __init__(self, settings: WorkerSettings, credentials: Mapping[int, Credential] | None = None) -> None:
        accept_paths(settings.paths)
        self._settings = settings
        self._job = settings.job
        self._maker = DocumentMaker(settings.job.form, engine=settings.engine)
        self._signer = ChunkSigner(
            settings.job, settings.trust, settings.remote_keys, settings.workers, credentials
        )

    def close(self) -> None:
        """End the office, release the keys."""
        self._maker.close()
        self._signer.close()

    def run(self, tasks: Sequence[Task], now: datetime) -> ChunkOutcome:
        """Make, sign, read back and publish a chunk; a row that fails never stops the others."""
        results, fatal = self._make_all(tasks, now, self._from_disk)
        return lay_down(self._job.output, results, fatal, self._notes())

    def deliver(self, tasks: Sequence[Task], now: datetime, existing: Mapping[int, bytes]) -> ChunkDelivery:
        """Make, sign and read back a chunk whose files the coordinator writes.

        Args:
            tasks: The tasks.
            now: Time of the chunk.
            existing: What stands in the place of a document already, by number of the task's row.
        """
        results, fatal = self._make_all(tasks, now, lambda task: existing.get(task.row))
        numbers = {id(task): number for number, task in enumerate(tasks)}
        items = {numbers[id(result.task)]: result.made for result in results}
        return ChunkDelivery(items, fatal, self._notes())

    def _notes(self) -> tuple[Message, ...]:
        return () if self._maker.stale is None else (self._maker.stale,)

    def _from_disk(self, task: Task) -> bytes | None:
        path = self._job.output / task.registration.path
        return path.read_bytes() if path.is_file() else None

    def _make_all(
        self, tasks: Sequence[Task], now: datetime, existing: Existing
    ) -> tuple[list[TaskResult], AgreegenError | None]:
        """Make, sign and read back; where something stops the chunk, only rows that failed are dealt with."""
        steps: list[Draft | TaskResult] = []
        try:
            for task in tasks:
                steps.append(self._begin(task, now, existing))
            self._sign(steps, now)
        except (CredentialError, MissingProgramError) as exc:
            return [step for step in steps if isinstance(step, TaskResult)], exc
        whole = next((step for step in steps if isinstance(step, Draft)), None)
        return [
            step if isinstance(step, TaskResult) else self._read_back(step, now, whole=step is whole)
            for step in steps
        ], None

    def _begin(self, task: Task, now: datetime, existing: Existing) -> Draft | TaskResult:
        found, aside = self._take_existing(task, now, existing(task))
        if found is not None:
            return found
        try:
            return self._make(task, aside)
        except MissingProgramError as exc:
            if not isinstance(exc.__cause__, MissingProgramError):
                raise
            # Only this row needs the program: its values do not fit the compiled form.
            return failed(task, foreign_text(exc), aside=aside)
        except AgreegenError as exc:
            return failed(task, foreign_text(exc), aside=aside)

    def _make(self, task: Task, aside: Message | None) -> Draft:
        made = self._maker.make(task.document, self._job.seams if task.seams is None else task.seams)
        file = FileBytes.begin(made.pdf)
        rendered = EventDraft(
            EventKind.RENDERED,
            task.document.id,
            sha256=file.sha256,
            details={"engine": made.document.engine} | _known_path(task),
            registration=None if task.known else task.registration,
        )
        draft = Draft(task, file, events=(rendered,), aside=aside, plain=True)
        if task.damaged is not None:
            damage = EventDraft(EventKind.DAMAGED, task.document.id, details={"reason": str(task.damaged)})
            told = message(
                "batch.was-damaged-was-made-again", path=task.registration.path, damaged=task.damaged
            )
            draft = replace(draft, result=RowResult.REMADE, events=(damage, rendered), warning=told)
        draft = draft.warned(next(iter(made.notes), None))
        return draft if task.replaces is None else replace(draft, result=RowResult.SUPERSEDED)

    def _take_existing(
        self, task: Task, now: datetime, data: bytes | None
    ) -> tuple[Draft | None, Message | None]:
        """Use a file that stands there already: one the register knows, or one that a crash left behind.

        Returns:
            The draft that it makes, if any; else why it must not stay there, if it must not.
        """
        if data is None:
            return None, None
        if task.known_sha256 is not None and sha256_of(data) == task.known_sha256:
            file, roles = FileBytes(data, task.known_sha256), frozenset(task.signed_roles)
            return Draft(
                task, file, RowResult.COMPLETED, roles=roles, changed=False, pending=task.pending
            ), None
        from agreegen.recording.own_documents import identify  # noqa: PLC0415 - only after a crash

        found = identify(data)
        if found != task.document.id:
            strange = task.replaces is None or found != task.replaces.id
            return None, (task.damaged or message("batch.not-document-belongs")) if strange else None
        try:
            report = self._read(data, task, now, made_here=False)
            self._require_trusted(data, now)
        except AgreegenError as exc:
            return None, foreign_text(exc)
        return self._adopt(task, FileBytes.whole(data), report), None

    def _require_trusted(self, data: bytes, now: datetime) -> None:
        """Refuse a file that somebody else signed: whoever can write to the folder can put one there."""
        trust = self._settings.trust
        if not trust.anchors_der:
            return
        options = Options(
            now=now,
            anchors_der=trust.anchors_der,
            crls_der=trust.crls_der,
            sm2_signer_ids=tuple(self._signer.sm2_signer_ids),
        )
        report = examine_confined("", data, options)
        strangers = [
            s.signer or message("messages.nobody")
            for s in report.signatures
            if s.trust is not TrustStatus.TRUSTED
        ]
        if strangers:
            raise SigningError(message("batch.was-signed-whom-job-does-not", strangers=tuple(strangers)))

    def _adopt(self, task: Task, file: FileBytes, report: FileReport) -> Draft:
        from agreegen.recording.own_documents import read_own  # noqa: PLC0415 - only after a crash

        document_id = task.document.id
        roles = {s.field for s in report.signatures if s.kind is SignatureKind.SIGNATURE and s.field}
        adopted = EventDraft(
            EventKind.ADOPTED,
            document_id,
            sha256=file.sha256,
            details=_known_path(task),
            registration=None if task.known else task.registration,
        )
        events, own = [adopted], read_own(file.data)
        for role in sorted(roles):
            facts: dict[str, object] = {"adopted": True}
            if role in own.signers:
                facts["certificate_sha256"] = own.signers[role].certificate_sha256
            events.append(EventDraft(EventKind.SIGNED, document_id, role, file.sha256, facts))
        pending = self._lacks_timestamp(report)
        if pending:
            events.append(EventDraft(EventKind.TIMESTAMP_PENDING, document_id, sha256=file.sha256))
        return Draft(
            task,
            file,
            RowResult.ADOPTED,
            tuple(events),
            frozenset(roles),
            changed=False,
            pending=pending,
        )

    def _lacks_timestamp(self, report: FileReport) -> bool:
        wanted = {signature.role: signature.level for signature in self._job.signatures}
        return any(
            s.level is PadesLevel.B_B and wanted.get(str(s.field), s.level) is not s.level
            for s in report.signatures
        )

    def _sign(self, steps: list[Draft | TaskResult], now: datetime) -> None:
        """Put what signing makes of each draft in its place, role by role.

        Raises:
            CredentialError: A credential that all rows share cannot be used; what is in place stays.
        """
        for index, signature in enumerate(self._job.signatures):
            waiting = [
                Waiting(place, step, task)
                for place, step in enumerate(steps)
                if isinstance(step, Draft)
                and signature.role not in step.roles
                and (task := _task_of(step, index))
            ]
            for place, made in self._signer.sign(index, waiting, now) if waiting else ():
                steps[place] = made
        late = {
            place: step
            for place, step in enumerate(steps)
            if isinstance(step, Draft) and step.task.pending and step.pending
        }
        for place, step in zip(late, self._signer.extend(list(late.values()), now), strict=True):
            steps[place] = step

    def _read(self, data: bytes, task: Task, now: datetime, *, made_here: bool) -> FileReport:
        form, ids = self._job.form, tuple(self._signer.sm2_signer_ids)
        options = Options(now=now, forms_folder=form.directory.parent, sm2_signer_ids=ids)
        return read_back(data, options, Expected(form, task.document), made_here=made_here)

    def _read_back(self, draft: Draft, now: datetime, *, whole: bool) -> TaskResult:
        if draft.changed:
            try:
                if whole or not draft.plain:
                    self._read(draft.file.data, draft.task, now, made_here=True)
                elif draft.unread:
                    check_page(draft.file.data, self._job.form, draft.task.document)
            except AgreegenError as exc:
                return draft.quarantined(foreign_text(exc))
        if draft.events:
            facts = {"size": len(draft.file.data)}
            verified = EventDraft(
                EventKind.VERIFIED, draft.task.document.id, sha256=draft.file.sha256, details=facts
            )
            draft = draft.noting(verified)
        return draft.finished()


def _known_path(task: Task) -> dict[str, str]:
    """Return where a document goes that the register knows already: its path may be another one now."""
    return {"path": task.registration.path} if task.known else {}


def _task_of(draft: Draft, index: int) -> SignTask | None:
    return next((task for task in draft.task.signatures if task.index == index), None)


def _outcome(result: TaskResult) -> TaskOutcome:
    task, made = result.task, result.made
    events = made.events
    if task.replaces is not None and made.reason is None:
        facts = {"by": task.document.id, "path": task.replaces.moved_to}
        events = (EventDraft(EventKind.SUPERSEDED, task.replaces.id, details=facts), *events)
    return TaskOutcome(
        row=task.row,
        document_id=task.document.id,
        result=made.result,
        path=task.registration.path,
        events=events,
        reason=made.reason,
        warning=made.warning,
        pending=made.pending,
    )
