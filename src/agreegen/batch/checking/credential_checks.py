"""The credentials of a job before it runs: loaded, checked against its length, and tried once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import Job, JobSignature, Missing
from agreegen.batch.planning.planner import credential_path, no_credential
from agreegen.errors import AgreegenError, CredentialError, SigningError
from agreegen.messages import Message, first_few, message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.model.document import Document
from agreegen.rosters.roster import Roster
from agreegen.rosters.row import RosterRow
from agreegen.signing.certificate_checks import check_credential, try_credential
from agreegen.signing.credentials.loading import load_credential, read_config
from agreegen.signing.interface import Prompt, SigningRequest, Trust
from agreegen.signing.prepared import SigningIdentity
from agreegen.signing.role_checks import check_role

_ROWS_NAMED = 10
_MOST_IDENTITIES = 64


@dataclass(slots=True)
class CredentialChecker:
    """Checks credentials; each file once, however many rows name it.

    A check is: load it with its passphrase or PIN (never on a token whose PIN is locked or has one try left),
    dates now and at the job's end, strength, usage, chain, revocation lists, one trial signature over random
    bytes.

    Args:
        trust: Anchors and revocation lists.
        now: Time of the check, aware UTC.
        until: When the job has likely ended.
        prompt: Asks for secrets of credentials that all rows share; nobody is asked for people's own.
        asked_later: Whether a shared credential that has to be asked for is only told, not tried.
    """

    trust: Trust
    now: datetime
    until: datetime
    prompt: Prompt | None = None
    asked_later: bool = False
    _told: set[Path] = field(default_factory=set)
    _failed: set[Path] = field(default_factory=set)
    _identities: OrderedDict[Path, SigningIdentity] = field(default_factory=OrderedDict)

    def check_shared(self, paths: Iterable[Path]) -> Iterator[Complaint]:
        """Check credentials that all rows share, and yield what is wrong or odd."""
        for path in dict.fromkeys(paths):
            place = Location(file=str(path))
            if self.asked_later and (asked := _questions(path)):
                self._failed.add(path)
                untried = message("batch.secret-asked-later", asked=asked)
                yield Complaint(place, untried, None, Severity.WARNING)
                continue
            yield from self._check(path, place, self.prompt)

    def check_personal(self, path: Path, place: Location) -> Iterator[Complaint]:
        """Check one person's credential, and yield what is wrong or odd, at the person's row."""
        yield from self._check(path, place, None)

    def identity(self, path: Path) -> SigningIdentity | None:
        """Return whom a credential names that was checked lately; None where it could not be loaded."""
        if path in self._identities:
            self._identities.move_to_end(path)
        return self._identities.get(path)

    def _check(self, path: Path, place: Location, prompt: Prompt | None) -> Iterator[Complaint]:
        if path in self._identities or path in self._failed:
            return
        try:
            with load_credential(path, prompt=prompt) as credential:
                findings = check_credential(credential, self.trust, self.now, self.until)
                try_credential(credential)
        except AgreegenError as exc:
            self._failed.add(path)  # tokens lock: nothing is tried twice
            named = exc.message.startswith(str(place.file))
            where = replace(place, file=None) if named else place
            yield Complaint(where, exc.sentence, exc.advice)
            return
        self._remember(path, SigningIdentity.of(credential))
        if path in self._told:
            return  # loaded again, after many others
        self._told.add(path)
        for finding in findings:
            if finding.message not in self.trust.warnings:  # told once, about the job
                yield Complaint(place, finding.message, None, Severity.WARNING)

    def _remember(self, path: Path, identity: SigningIdentity) -> None:
        self._identities[path] = identity
        while len(self._identities) > _MOST_IDENTITIES:
            self._identities.popitem(last=False)


def _questions(path: Path) -> tuple[Message, ...]:
    """Return what has to be asked for before a credential can be used; nothing where it cannot be read."""
    try:
        return read_config(path).questions()
    except CredentialError:
        return ()  # told as it is tried


@dataclass(slots=True)
class RowSignatures:
    """Goes through the signatures of each row as a run will: credential, holder, order.

    Who has no credential is told in one line a role; what would fail alike in many rows, in one line, too.

    Args:
        job: The job.
        checker: Checks what is there.
    """

    job: Job
    checker: CredentialChecker
    _open: dict[str, list[int]] = field(default_factory=dict)
    _failing: dict[tuple[Message, Message | None], list[int]] = field(default_factory=dict)

    def check(
        self, roster: Roster, row: RosterRow, document: Document, signed: Collection[str]
    ) -> Iterator[Complaint]:
        """Check the signatures of one row, and yield what would make it fail.

        Args:
            roster: The roster.
            row: Its row.
            document: What the row becomes.
            signed: Roles that have signed this document already.
        """
        done = set(signed)
        for signature in self.job.signatures:
            if signature.role in done:
                continue
            path = credential_path(signature, row.values)
            if not signature.personal and path is not None:
                self._judge(signature, path, document, done, row.number)
            elif path is not None and path.is_file():
                yield from self.checker.check_personal(path, roster.place_of(row.number))
                self._judge(signature, path, document, done, row.number)
            elif signature.missing is Missing.LEAVE_OPEN:
                self._open.setdefault(signature.role, []).append(row.number)
            else:
                remedy = message("batch.add-credential-file-or-set-missing")
                yield Complaint(roster.place_of(row.number), no_credential(self.job, signature, path), remedy)

    def _judge(
        self, signature: JobSignature, path: Path, document: Document, done: set[str], row: int
    ) -> None:
        """Hold a credential against role, holder and order; what does not fit is kept for `summary`."""
        identity = self.checker.identity(path)
        if identity is None:
            return  # it could not be loaded, which was told already
        order = self.job.relax_order
        request = SigningRequest(signature.role, signature.level, self.checker.now, relax_order=order)
        try:
            check_role(document, identity, request, signed=done)
        except SigningError as exc:
            self._failing.setdefault((exc.sentence, exc.advice), []).append(row)
        else:
            done.add(signature.role)

    def summary(self, roster: Roster) -> Iterator[Complaint]:
        """Yield one complaint for each role that is left open, and for each reason why rows would fail."""
        place = Location(file=str(roster.path), sheet=roster.sheet)
        for role, rows in self._open.items():
            text = message(
                "batch.people-have-no-credential-role-rows",
                count=len(rows),
                count2=roster.count,
                role=self.job.form.role(role),
                rows=first_few(rows, _ROWS_NAMED),
            )
            remedy = message("batch.run-job-again-when-their-credentials")
            yield Complaint(place, text, remedy, Severity.WARNING)
        for (problem, advice), rows in self._failing.items():
            if len(rows) == 1:
                yield Complaint(replace(place, row=rows[0]), problem, advice)
                continue
            failing = message(
                "batch.rows-would-fail", count=len(rows), rows=first_few(rows, _ROWS_NAMED), text=problem
            )
            yield Complaint(place, failing, advice)


def shared_credentials(job: Job) -> list[Path]:
    """Return the credential files that all rows share: of the signatures, the bags and the register."""
    found = [_shared_path(signature) for signature in job.signatures]
    found += [job.register_credential, None if job.archive is None else job.archive.credential]
    return [path for path in found if path is not None]


def _shared_path(signature: JobSignature) -> Path | None:
    return None if signature.personal else credential_path(signature, {})
