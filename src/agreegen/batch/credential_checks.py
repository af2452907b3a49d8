"""The credentials of a job before it runs: loaded, checked against its length, and tried once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import Job, JobSignature, Missing
from agreegen.batch.plan import credential_path
from agreegen.errors import AgreegenError
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.rosters.roster import Roster
from agreegen.rosters.row import RosterRow
from agreegen.signing.checks import check_credential, try_credential
from agreegen.signing.credentials import load_credential
from agreegen.signing.interface import Trust
from agreegen.signing.secrets import Prompt

_ROWS_NAMED = 10


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
    """

    trust: Trust
    now: datetime
    until: datetime
    prompt: Prompt | None = None
    _seen: set[Path] = field(default_factory=set)

    def check_shared(self, paths: Iterable[Path]) -> Iterator[Complaint]:
        """Check credentials that all rows share, and yield what is wrong or odd."""
        for path in dict.fromkeys(paths):
            yield from self._check(path, Location(file=str(path)), self.prompt)

    def check_personal(self, path: Path, place: Location) -> Iterator[Complaint]:
        """Check one person's credential, and yield what is wrong or odd, at the person's row."""
        yield from self._check(path, place, None)

    def _check(self, path: Path, place: Location, prompt: Prompt | None) -> Iterator[Complaint]:
        if path in self._seen:
            return
        self._seen.add(path)
        try:
            credential = load_credential(path, prompt=prompt)
            try:
                findings = check_credential(credential, self.trust, self.now, self.until)
                try_credential(credential)
            finally:
                credential.close()
        except AgreegenError as exc:
            where = place.file or ""
            yield Complaint(place, exc.message.removeprefix(where).lstrip(":, "), exc.hint or "")
            return
        for finding in findings:
            if finding.message not in self.trust.warnings:  # told once, about the job
                yield Complaint(place, finding.message, "", Severity.WARNING)


@dataclass(slots=True)
class PersonalCredentials:
    """Looks for each row's own credentials; who has none is told in one line a role.

    Args:
        job: The job.
        checker: Checks what is there.
    """

    job: Job
    checker: CredentialChecker
    _open: dict[str, list[int]] = field(default_factory=dict)

    def check(self, roster: Roster, row: RosterRow) -> Iterator[Complaint]:
        """Check the credentials of one row, and yield what would make it fail."""
        for signature in self.job.signatures:
            if not signature.personal:
                continue
            place = Location(file=str(roster.path), sheet=roster.sheet, row=row.number)
            path = credential_path(signature, row.values)
            if path is not None and path.is_file():
                yield from self.checker.check_personal(path, place)
            elif signature.missing is Missing.LEAVE_OPEN:
                self._open.setdefault(signature.role, []).append(row.number)
            else:
                text = f"there is no credential for the role {signature.role}: "
                remedy = "add the credential file, or set missing: leave-open"
                yield Complaint(place, text + str(path or "a value is missing"), remedy)

    def left_open(self, roster: Roster) -> Iterator[Complaint]:
        """Yield one warning for each role that some people leave open."""
        for role, rows in self._open.items():
            named = ", ".join(map(str, rows[:_ROWS_NAMED])) + (", …" if len(rows) > _ROWS_NAMED else "")
            text = (
                f"{len(rows)} of {roster.count} people have no credential for the role {role} "
                f"(rows {named}); their fields are left open"
            )
            remedy = "run the job again when their credentials are there"
            place = Location(file=str(roster.path), sheet=roster.sheet)
            yield Complaint(place, text, remedy, Severity.WARNING)


def shared_credentials(job: Job) -> list[Path]:
    """Return the credential files that all rows share: of the signatures, the bags and the register."""
    found = [_shared_path(signature) for signature in job.signatures]
    found += [job.register_credential, None if job.archive is None else job.archive.credential]
    return [path for path in found if path is not None]


def _shared_path(signature: JobSignature) -> Path | None:
    return None if signature.personal else credential_path(signature, {})
