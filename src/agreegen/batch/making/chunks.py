"""One chunk of tasks: made, signed, read back, laid down durably; in a worker or in the coordinator."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.batch.interface import RowResult
from agreegen.batch.job.output_folder import OutputError
from agreegen.batch.making.chunk_signatures import ChunkSigner
from agreegen.batch.making.laying_down import move_aside, publish
from agreegen.batch.making.messages import ChunkDelivery, ChunkOutcome, Delivery, TaskOutcome, WorkerSettings
from agreegen.batch.making.read_back import check_page
from agreegen.batch.planning.planner import SignTask, Task
from agreegen.errors import AgreegenError, CredentialError, MissingProgramError, SigningError
from agreegen.files import sha256_of
from agreegen.model.report import FileReport, PadesLevel, SignatureKind, TrustStatus
from agreegen.pipeline import DocumentMaker, read_back
from agreegen.register.interface import EventDraft, EventKind
from agreegen.signing.certificate_paths import accept_paths
from agreegen.signing.interface import Credential

Existing = Callable[[Task], bytes | None]
"""Gives what stands in the place of a task's document already."""


@dataclass(slots=True)
class Draft:
    """A task under way.

    Attributes:
        task: The task.
        result: What will be said of it.
        data: The file so far.
        events: What happened so far.
        roles: Roles signed in the file.
        reason: Why it failed; nothing is published then.
        quarantined: Whether the finished file did not read back.
        changed: Whether the file differs from what is on the disk.
        pending: Whether a timestamp is missing.
        warning: What a person should look at.
        aside: Why the file that stands in its place must not stay there.
        plain: Whether this run made every byte, and nothing but plain signatures was added.
        unread: Whether the page may say something else than when its text was last compared.
        begun: The bytes that this run made first, and the state of SHA-256 behind them.
    """

    task: Task
    result: RowResult = RowResult.DONE
    data: bytes = b""
    events: list[EventDraft] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)
    reason: str | None = None
    quarantined: bool = False
    changed: bool = True
    pending: bool = False
    warning: str | None = None
    aside: str | None = None
    plain: bool = False
    unread: bool = False
    begun: tuple[bytes, Any] | None = None
    _digest: tuple[bytes, str] | None = None

    def quarantine(self, reason: str) -> None:
        """Say that the finished file is not what it must be; it goes to the quarantine folder."""
        self.quarantined, self.reason, self.result = True, reason, RowResult.QUARANTINED
        path = f"quarantine/{self.task.document.id}-{self.sha256[:8]}.pdf"
        draft = EventDraft(
            EventKind.QUARANTINED, self.task.document.id, sha256=self.sha256, details={"path": path}
        )
        self.events.append(draft)

    def to_delivery(self) -> Delivery:
        """Return what the coordinator needs to write the file and to register it."""
        wanted = self.quarantined or (self.reason is None and self.changed)
        return Delivery(
            data=self.data if wanted else b"",
            result=self.result,
            events=tuple(self.events),
            reason=self.reason,
            quarantined=self.quarantined,
            changed=self.changed,
            pending=self.pending,
            warning=self.warning,
            aside=self.aside,
        )

    @classmethod
    def from_delivery(cls, task: Task, item: Delivery) -> Draft:
        """Take over what a worker without output folder has made."""
        return cls(
            task=task,
            result=item.result,
            data=item.data,
            events=list(item.events),
            reason=item.reason,
            quarantined=item.quarantined,
            changed=item.changed,
            pending=item.pending,
            warning=item.warning,
            aside=item.aside,
        )

    @property
    def sha256(self) -> str:
        """Lower-case hex SHA-256 of the file so far; of what was hashed before, only the rest is hashed."""
        if self._digest is None or self._digest[0] is not self.data:
            self._digest = (self.data, self._hash())
        return self._digest[1]

    def _hash(self) -> str:
        if self.begun is None or not self.data.startswith(self.begun[0]):
            return sha256_of(self.data)
        state = self.begun[1].copy()
        state.update(memoryview(self.data)[len(self.begun[0]) :])
        return str(state.hexdigest())


def lay_down(
    output: Path, drafts: Sequence[Draft], fatal: AgreegenError | None, notes: tuple[str, ...] = ()
) -> ChunkOutcome:
    """Write a chunk's files durably and say what became of it.

    Args:
        output: Output folder.
        drafts: What was made.
        fatal: What stopped the chunk, if anything did.
        notes: What a person should know.

    Raises:
        TakenError: A new document is there already.
    """
    try:
        for draft in drafts:
            if draft.aside is not None:
                path = output / draft.task.registration.path
                draft.warning = move_aside(output, path, draft.aside)
    except OutputError as exc:
        return ChunkOutcome((), fatal or exc, notes)
    laid, failure = publish(output, drafts)
    return ChunkOutcome(tuple(_outcome(draft) for draft in laid), fatal or failure, notes)


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
        drafts, fatal = self._prepare(tasks, now, self._from_disk)
        return lay_down(self._job.output, drafts, fatal, self._notes())

    def deliver(self, tasks: Sequence[Task], now: datetime, existing: Mapping[int, bytes]) -> ChunkDelivery:
        """Make, sign and read back a chunk whose files the coordinator writes.

        Args:
            tasks: The tasks.
            now: Time of the chunk.
            existing: What stands in the place of a document already, by number of the task's row.
        """
        drafts, fatal = self._prepare(tasks, now, lambda task: existing.get(task.row))
        numbers = {id(task): number for number, task in enumerate(tasks)}
        items = {numbers[id(draft.task)]: draft.to_delivery() for draft in drafts}
        return ChunkDelivery(items, fatal, self._notes())

    def _notes(self) -> tuple[str, ...]:
        return () if self._maker.stale is None else (self._maker.stale,)

    def _from_disk(self, task: Task) -> bytes | None:
        path = self._job.output / task.registration.path
        return path.read_bytes() if path.is_file() else None

    def _prepare(
        self, tasks: Sequence[Task], now: datetime, existing: Existing
    ) -> tuple[list[Draft], AgreegenError | None]:
        drafts: list[Draft] = []
        fatal: AgreegenError | None = None
        try:
            for task in tasks:
                drafts.append(self._begin(task, now, existing))
            self._sign(drafts, now)
        except (CredentialError, MissingProgramError) as exc:
            fatal = exc
            drafts = [draft for draft in drafts if draft.reason is not None]
        for number, draft in enumerate(draft for draft in drafts if draft.reason is None):
            self._read_back(draft, now, whole=number == 0)
        return drafts, fatal

    def _begin(self, task: Task, now: datetime, existing: Existing) -> Draft:
        draft = Draft(task)
        try:
            if not self._take_existing(draft, now, existing(task)):
                self._make(draft)
        except MissingProgramError as exc:
            if not isinstance(exc.__cause__, MissingProgramError):
                raise
            # Only this row needs the program: its values do not fit the compiled form.
            draft.reason = str(exc)
        except AgreegenError as exc:
            draft.reason = str(exc)
        return draft

    def _make(self, draft: Draft) -> None:
        task = draft.task
        made = self._maker.make(task.document)
        draft.data, draft.plain = made.pdf, True
        draft.begun = (made.pdf, hashlib.sha256(made.pdf))
        details = {"engine": made.document.engine} | ({"path": task.registration.path} if task.known else {})
        registration = None if task.known else task.registration
        if task.damaged is not None:
            draft.events.append(
                EventDraft(EventKind.DAMAGED, task.document.id, details={"reason": task.damaged})
            )
            draft.warning = f"{task.registration.path} was damaged ({task.damaged}) and was made again"
            draft.result = RowResult.REMADE
        draft.events.append(
            EventDraft(
                EventKind.RENDERED,
                task.document.id,
                sha256=draft.sha256,
                details=details,
                registration=registration,
            )
        )
        if task.replaces is not None:
            draft.result = RowResult.SUPERSEDED

    def _take_existing(self, draft: Draft, now: datetime, data: bytes | None) -> bool:
        """Use a file that stands there already: one the register knows, or one that a crash left behind."""
        task = draft.task
        if data is None:
            return False
        if task.known_sha256 is not None and sha256_of(data) == task.known_sha256:
            draft.data, draft.roles, draft.changed = data, set(task.signed_roles), False
            draft.result, draft.pending = RowResult.COMPLETED, task.pending
            return True
        from agreegen.recording.own_documents import identify  # noqa: PLC0415 - only after a crash

        found = identify(data)
        if found != task.document.id:
            if task.replaces is None or found != task.replaces.id:
                draft.aside = task.damaged or "it is not the document that belongs there"
            return False
        try:
            report = self._read(data, task, now)
            self._require_trusted(data, now)
        except AgreegenError as exc:
            draft.aside = str(exc)
            return False
        self._adopt(draft, data, report)
        return True

    def _require_trusted(self, data: bytes, now: datetime) -> None:
        """Refuse a file that somebody else signed: whoever can write to the folder can put one there."""
        trust = self._settings.trust
        if not trust.anchors_der:
            return
        from agreegen.verification.interface import Options  # noqa: PLC0415 - only after a crash
        from agreegen.verification.service import verify_bytes  # noqa: PLC0415 - the same

        options = Options(
            now=now,
            anchors_der=trust.anchors_der,
            crls_der=trust.crls_der,
            sm2_signer_ids=tuple(self._signer.sm2_signer_ids),
        )
        report = verify_bytes("", data, options)
        strangers = [s.signer or "nobody" for s in report.signatures if s.trust is not TrustStatus.TRUSTED]
        if strangers:
            raise SigningError(f"it was signed by {', '.join(strangers)}, whom the job does not trust")

    def _adopt(self, draft: Draft, data: bytes, report: FileReport) -> None:
        task = draft.task
        from agreegen.recording.own_documents import read_own  # noqa: PLC0415 - only after a crash

        draft.data, draft.changed, draft.result = data, False, RowResult.ADOPTED
        draft.roles = {s.field for s in report.signatures if s.kind is SignatureKind.SIGNATURE and s.field}
        details: dict[str, str] = {}
        if task.known:
            details["path"] = task.registration.path
        digest = draft.sha256
        registration = None if task.known else task.registration
        adopted = EventDraft(
            EventKind.ADOPTED, task.document.id, sha256=digest, details=details, registration=registration
        )
        draft.events.append(adopted)
        own = read_own(data)
        for role in sorted(draft.roles):
            facts: dict[str, object] = {"adopted": True}
            if role in own.signers:
                facts["certificate_sha256"] = own.signers[role].certificate_sha256
            draft.events.append(EventDraft(EventKind.SIGNED, task.document.id, role, digest, facts))
        wanted = {signature.role: signature.level for signature in self._job.signatures}
        if any(
            s.level is PadesLevel.B_B and wanted.get(str(s.field), s.level) is not s.level
            for s in report.signatures
        ):
            draft.pending = True
            draft.events.append(EventDraft(EventKind.TIMESTAMP_PENDING, task.document.id, sha256=digest))

    def _sign(self, drafts: Sequence[Draft], now: datetime) -> None:
        for index, signature in enumerate(self._job.signatures):
            waiting = [
                (draft, task)
                for draft in drafts
                if draft.reason is None
                and signature.role not in draft.roles
                and (task := _task_of(draft, index))
            ]
            if waiting:
                self._signer.sign(index, waiting, now)
        late = [draft for draft in drafts if draft.reason is None and draft.task.pending and draft.pending]
        if late:
            self._signer.extend(late, now)

    def _read(self, data: bytes, task: Task, now: datetime) -> FileReport:
        return read_back(
            data,
            form=self._job.form,
            document=task.document,
            now=now,
            sm2_signer_ids=tuple(self._signer.sm2_signer_ids),
        )

    def _read_back(self, draft: Draft, now: datetime, *, whole: bool) -> None:
        digest = draft.sha256
        if draft.changed:
            try:
                if whole or not draft.plain:
                    self._read(draft.data, draft.task, now)
                elif draft.unread:
                    check_page(draft.data, self._job.form, draft.task.document)
            except AgreegenError as exc:
                draft.quarantine(str(exc))
                return
        if draft.events:
            facts = {"size": len(draft.data)}
            draft.events.append(
                EventDraft(EventKind.VERIFIED, draft.task.document.id, sha256=digest, details=facts)
            )


def _task_of(draft: Draft, index: int) -> SignTask | None:
    return next((task for task in draft.task.signatures if task.index == index), None)


def _outcome(draft: Draft) -> TaskOutcome:
    task = draft.task
    failed = draft.reason is not None
    result = draft.result
    if failed and not draft.quarantined:
        result = RowResult.FAILED
    events = list(draft.events) if not failed or draft.quarantined else []
    if task.replaces is not None and not failed:
        facts = {"by": task.document.id, "path": task.replaces.moved_to}
        events.insert(0, EventDraft(EventKind.SUPERSEDED, task.replaces.id, details=facts))
    return TaskOutcome(
        row=task.row,
        document_id=task.document.id,
        result=result,
        path=task.registration.path,
        events=tuple(events),
        reason=draft.reason,
        warning=draft.warning,
        pending=draft.pending,
    )
