"""From roster rows to tasks: what is done already, what is new, what replaces what. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.batch.interface import Job, JobSignature, Missing
from agreegen.batch.planning.damage import find_damage
from agreegen.batch.planning.document_identity import under_known_id
from agreegen.batch.planning.document_paths import PathGiver, path_of_row, superseded_path
from agreegen.batch.planning.replacing import Forecast, person_signed
from agreegen.batch.planning.row_seams import seams_of_row
from agreegen.errors import AgreegenError
from agreegen.messages import Message, message
from agreegen.model.document import Document, Value, build_document
from agreegen.pipeline.seams import Seams
from agreegen.register.interface import DocumentRow, How, Registration
from agreegen.register.registering import registration_of

if TYPE_CHECKING:
    from agreegen.register.store import Register
    from agreegen.rosters.row import RosterRow

_SIGNED = "signed:"


@dataclass(frozen=True, slots=True)
class SignTask:
    """One signature to make.

    Attributes:
        index: Index into `Job.signatures`.
        credential: The credential file of this row.
    """

    index: int
    credential: Path


@dataclass(frozen=True, slots=True)
class Replaced:
    """A document that a row's changed values replace.

    Attributes:
        id: Its document id.
        path: Where it lies.
        moved_to: Where it goes.
    """

    id: str
    path: str
    moved_to: str


@dataclass(frozen=True, slots=True)
class Task:
    """One document to make, to complete or to adopt; it travels to a worker.

    Attributes:
        row: Number of the row in the roster.
        document: The document.
        values: The row's values.
        registration: What the register will know; its path is where the file goes.
        signatures: In signing order.
        known: Whether the register has this document id already.
        known_sha256: Hash of the file that the register knows, for a document in force.
        signed_roles: Roles that it knows as signed.
        pending: Whether the document waits for a timestamp.
        replaces: The document that this one replaces.
        damaged: What is wrong with the finished file that is made again, if anything.
        seams: The row's own seals over the edges of pages; None for those of the job.
    """

    row: int
    document: Document
    values: Mapping[str, Value]
    registration: Registration
    signatures: tuple[SignTask, ...]
    known: bool = False
    known_sha256: str | None = None
    signed_roles: tuple[str, ...] = ()
    pending: bool = False
    replaces: Replaced | None = None
    damaged: Message | None = None
    seams: Seams | None = None


class RowProblemError(Exception):
    """A row that cannot become a document.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Planner:
    """Turns roster rows into tasks.

    Args:
        job: The job.
        register: The register of its output folder.
        paths: Gives new documents their paths.
        orphans: Document id → path of finished files that the register does not know.
        replace_signed: Whether documents that their person has signed may be replaced or made again.
        check_files: Whether every byte of each finished file is looked at.

    Attributes:
        forecast: What was replaced, and what was kept.
    """

    def __init__(
        self,
        job: Job,
        register: Register,
        paths: PathGiver,
        orphans: Mapping[str, str],
        *,
        replace_signed: bool = False,
        check_files: bool = False,
    ) -> None:
        self.forecast = Forecast()
        self._replace_signed, self._check_files = replace_signed, check_files
        self._job = job
        self._register = register
        self._paths = paths
        self._orphans = dict(orphans)

    def plan(self, row: RosterRow) -> Task | None:
        """Return the task of a row, or None where nothing is left to do.

        Raises:
            RowProblemError: The row cannot become a document.
        """
        if row.failed:
            raise RowProblemError(row.reason or message("batch.told-before"))
        try:
            seams = seams_of_row(self._job, row.values)
        except AgreegenError as exc:
            raise RowProblemError(exc.sentence) from exc
        task = self._plan(row, self._document_of(row, seams))
        return task if task is None or not self._job.seam_files else replace(task, seams=seams)

    def _plan(self, row: RosterRow, document: Document) -> Task | None:
        assert row.key is not None  # a row that nothing tells apart has failed
        key = self._register.row_key(row.key)
        signatures = self._signatures(row)
        current = self._register.current(key)
        document = under_known_id(self._job, self._register, current, document)
        if current is not None and current.registration.id == document.id:
            return self._continue(row, document, current, signatures)
        replaces = None
        if current is not None:
            self._consider(row, document, current)
            old = current.registration
            replaces = Replaced(old.id, old.path, superseded_path(old.path, old.id))
        path = self._path(row, document, replaces)
        return Task(
            row=row.number,
            document=document,
            values=dict(row.values),
            registration=registration_of(self._job.form, document, row.values, row_key=key, path=path),
            signatures=signatures,
            known=self._register.document(document.id) is not None,
            replaces=replaces,
        )

    def _consider(self, row: RosterRow, document: Document, current: DocumentRow) -> None:
        """Count a document that is to be replaced; one that its person has signed is not, unless asked for.

        Raises:
            RowProblemError: Its person has signed it.
        """
        kept = self.forecast.consider(
            self._job, current, document, row.label, replace_signed=self._replace_signed
        )
        if kept is not None:
            raise RowProblemError(kept.reason)

    def _document_of(self, row: RosterRow, seams: Seams) -> Document:
        """Build the document of a row, with the clauses that the job leaves out."""
        return build_document(
            self._job.form,
            row.values,
            conditions=conditions_for(self._job, row.values),
            register_secret=self._register.secret,
            aliases=self._job.aliases,
            seams=seams.seals,
        )

    def _path(self, row: RosterRow, document: Document, replaces: Replaced | None) -> str:
        orphan = self._orphans.pop(document.id, None)
        if orphan is not None:
            return orphan
        if replaces is not None and replaces.path.startswith("documents/"):
            return replaces.path
        return self._paths.give(document, row.values, row.staff_no)

    def _continue(
        self, row: RosterRow, document: Document, current: DocumentRow, signatures: tuple[SignTask, ...]
    ) -> Task | None:
        """Return what is left to do for a document that the register has, or None."""
        damage = find_damage(self._job.output / current.registration.path, current, whole=self._check_files)
        if damage is not None:
            return self._remake(row, document, current, signatures, damage)
        left = tuple(task for task in signatures if current.fulfilment(self._role_of(task)) is None)
        if not left and not (current.pending and self._job.tsa):
            return None
        return Task(
            row=row.number,
            document=document,
            values=dict(row.values),
            registration=current.registration,
            signatures=left,
            known=True,
            known_sha256=current.sha256,
            signed_roles=tuple(
                key.removeprefix(_SIGNED) for key in current.hashes if key.startswith(_SIGNED)
            ),
            pending=current.pending,
        )

    def _remake(
        self,
        row: RosterRow,
        document: Document,
        current: DocumentRow,
        signatures: tuple[SignTask, ...],
        damage: Message,
    ) -> Task:
        """Return how a damaged document is made again; what was signed on paper stays signed.

        Raises:
            RowProblemError: Its person has signed in it.
        """
        self._refuse_remaking(current, damage)
        on_paper = {role for role, each in current.fulfilled.items() if each.how is How.PAPER}
        return Task(
            row=row.number,
            document=document,
            values=dict(row.values),
            registration=current.registration,
            signatures=tuple(task for task in signatures if self._role_of(task) not in on_paper),
            known=True,
            damaged=damage,
        )

    def _role_of(self, task: SignTask) -> str:
        return self._job.signatures[task.index].role

    def _refuse_remaking(self, current: DocumentRow, damage: Message) -> None:
        """Keep a damaged file whose signature nobody here can make again.

        Raises:
            RowProblemError: Its person has signed in it.
        """
        roles = person_signed(self._job.form, current)
        in_file = [role for role in roles if (each := current.fulfilment(role)) and each.how is not How.PAPER]
        if in_file and not self._replace_signed:
            raise RowProblemError(
                message(
                    "batch.damaged-its-person-has-signed-not", path=current.registration.path, damage=damage
                )
            )

    def _signatures(self, row: RosterRow) -> tuple[SignTask, ...]:
        tasks: list[SignTask] = []
        for index, signature in enumerate(self._job.signatures):
            path = credential_path(signature, row.values)
            if signature.personal and (path is None or not path.is_file()):
                if signature.missing is Missing.FAIL:
                    raise RowProblemError(no_credential(self._job, signature, path))
            elif path is not None:
                tasks.append(SignTask(index, path))
        return tuple(tasks)

    @property
    def unused_orphans(self) -> dict[str, str]:
        """Finished files that no row claimed, by document id."""
        return dict(self._orphans)


def no_credential(job: Job, signature: JobSignature, path: Path | None) -> Message:
    """Say that a role has no credential in a row."""
    return message(
        "batch.no-credential-for-role",
        role=job.form.role(signature.role),
        path=path or message("batch.value-missing"),
    )


def credential_path(signature: JobSignature, values: Mapping[str, Value]) -> Path | None:
    """Return the credential file of a row; None where a value for it is missing or is no plain name."""
    return path_of_row(signature.credential, values)


def conditions_for(job: Job, values: Mapping[str, Value]) -> dict[str, bool]:
    """Return which clauses are printed: all, but those that the job omits where the row's field says no."""
    shown = {}
    for condition in job.form.conditions:
        omitted = condition.name in job.omit_clauses and values.get(condition.field) is False
        shown[condition.name] = not omitted
    return shown
