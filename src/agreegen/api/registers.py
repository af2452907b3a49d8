"""Registers: who signed what and whether the record is whole; what persons record by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.api.access import RegisterAccess
from agreegen.batch.heads import head_judge
from agreegen.batch.job.register_signers import recorder_for
from agreegen.batch.paper.by_hand import add_paper as add_scan
from agreegen.batch.paper.by_hand import find_document
from agreegen.batch.planning.mended_rows import MendedRows
from agreegen.chain.audit.interface import Audit, Problem
from agreegen.clock import read_clock
from agreegen.errors import UsageError
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.pki.signer_pin import SignerPin
from agreegen.recording.known_heads import read_known
from agreegen.recording.own_documents import examine_file
from agreegen.recording.recorder import Recorder
from agreegen.recording.signer import identity_of
from agreegen.register.audit.service import verify_register as audit_register
from agreegen.register.coverage import CoverageState
from agreegen.register.export import export_csv, export_xlsx
from agreegen.register.interface import (
    DocumentRow,
    DocumentState,
    Event,
    EventDraft,
    EventKind,
)
from agreegen.register.paper import PaperRecord
from agreegen.register.store import Register
from agreegen.reports.coverage import Coverage, CoveragePerson, CoverageTotals
from agreegen.reports.unsigned_list import UnsignedList
from agreegen.rosters.roster import open_roster
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Trust

__all__ = [
    "Coverage",
    "CoveragePerson",
    "CoverageState",
    "CoverageTotals",
    "DocumentRow",
    "DocumentState",
    "Event",
    "PaperRecord",
    "Register",
    "RegisterVerdict",
    "UnsignedList",
    "accept_scans",
    "add_paper",
    "change_signer",
    "export_register",
    "find_document",
    "open_register",
    "register_coverage",
    "retract",
    "unsigned_scans",
    "verify_register",
]

_DEFAULT_FORM = "personal-pledge"
_EXPORTS = {".csv": export_csv, ".xlsx": export_xlsx}


@contextlib.contextmanager
def open_register(path: Path, *, at: datetime | None = None) -> Iterator[Register]:
    """Open a register to read it, as it is or as it was: documents, scans, events, heads.

    Args:
        path: The file, `register.db`.
        at: A moment, aware; None for now.

    Raises:
        RegisterError: There is none, it is none, it is damaged, or from a newer version.
    """
    with Register.open(path, read_only=True) as register:
        if at is not None:
            register.show_at(at)
        yield register


@contextlib.contextmanager
def register_coverage(
    registers: Sequence[Path],
    roster: Path,
    *,
    form_id: str | None = None,
    at: datetime | None = None,
    forms: Path | None = None,
) -> Iterator[Coverage]:
    """Compare a roster with registers: who has signed, how, and who has not.

    Args:
        registers: The registers.
        roster: The people who must have signed.
        form_id: The form; None for that of the first document that is there, else the pledge.
        at: A moment, aware; None for now.
        forms: Folder of forms; None for the usual ones.

    Raises:
        InputError: The roster or the form cannot be read.
        RegisterError: A register cannot be read.
    """
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(open_register(path)) for path in registers]
        form = find_form(form_id or _form_of(opened), forms_folder(forms))
        if at is not None:
            for register in opened:
                register.show_at(at)
        rows = open_roster(roster, form.asking_only_whom())
        yield Coverage(MendedRows(form, opened, rows), opened, form)


def _form_of(registers: Sequence[Register]) -> str:
    known = (document.registration.form_id for register in registers for document in register.documents())
    return next(known, _DEFAULT_FORM)


def export_register(path: Path, output: Path, *, omit_ids: bool = False) -> int:
    """Write the documents of a register as CSV or XLSX (mode 0600); return their number.

    Raises:
        UsageError: The output's name ends in neither `.csv` nor `.xlsx`.
        RegisterError: The register cannot be read.
        OSError: The output cannot be written.
    """
    writer = _EXPORTS.get(output.suffix.lower())
    if writer is None:
        raise UsageError(f"{output}: the name must end in .csv or .xlsx")
    with open_register(path) as register:
        return writer(register.documents(), output, omit_ids=omit_ids)


@dataclass(frozen=True, slots=True)
class RegisterVerdict:
    """What was found about a register. It has no truth value: ask for `problems`.

    Attributes:
        path: The register.
        audit: What its chain, its heads, its rows and its files say.
        problems: All that is wrong; none for a register that is whole.
        warnings: What deserves a look.
        pinned: Whether the caller named who must have signed its last head.
    """

    path: Path
    audit: Audit
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    pinned: bool

    def __bool__(self) -> bool:
        raise TypeError("a verdict has no truth value: ask for `problems`")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register verify --json`."""
        judgement = self.audit.judgement
        who = None if judgement is None or judgement.signer is None else judgement.signer
        time = None if judgement is None or judgement.time is None else judgement.time.isoformat()
        head = None
        if self.audit.head is not None:
            proved = judgement is not None and judgement.proved
            head = {
                "count": self.audit.head.count,
                "code": self.audit.head.code,
                "time": time,
                "time_proved": proved,
            }
        return {
            "register": str(self.path),
            "signer": None if who is None else who.to_dict(),
            "signer_pinned": self.pinned,
            "head": head,
            "problems": [problem.to_dict() for problem in self.problems],
            "events": self.audit.events,
            "unsigned_events": self.audit.unsigned,
        }

    def signer_line(self) -> str:
        """Say who signed the last head, and whether that was asked for."""
        judgement, head = self.audit.judgement, self.audit.head
        if judgement is None or head is None or judgement.signer is None:
            return "signer: nobody"
        time = "" if judgement.time is None else f", {judgement.time.isoformat()}"
        proved = " (proved by a timestamp)" if judgement.proved else ""
        line = f"signer: {judgement.signer.subject}, head {head.code}{time}{proved}"
        return line if self.pinned else f"{line}; without --signer, any trusted person's would pass"


def verify_register(
    path: Path,
    *,
    files: Path | None = None,
    trust: Trust | None = None,
    signer: SignerPin | None = None,
    known: Sequence[str] = (),
    policy: Path | None = None,
    now: datetime | None = None,
) -> RegisterVerdict:
    """Find any changed, missing, reordered or cut-off row, and any file that differs or is another's.

    Args:
        path: The register.
        files: Folder of the files; None for the register's own.
        trust: Anchors that the signers of heads must chain to; with anchors, a register that nobody has
            signed is a problem, else a warning.
        signer: Whose signature the last head must carry; None for anybody whom the anchors trust.
        known: Heads from elsewhere that must stand in the chain: bags, their heads, codes from paper.
        policy: Validation policy (YAML); None for the built-in one.
        now: Time of the verification, aware UTC; None for the clock.

    Raises:
        RegisterError: There is no file to judge.
        InputError: A known head or the policy cannot be read.
    """
    anchors, heads = trust or Trust(), read_known(known)
    audit = audit_register(
        path,
        files_root=files or path.parent,
        known_heads=heads.heads,
        known_codes=heads.codes,
        judge_head=head_judge(anchors, now or read_clock(), policy=policy),
        examine_file=examine_file,
    )
    problems, warnings = [*audit.problems], []
    if not audit.problems and audit.events and audit.events == audit.unsigned:
        text = "no head of it is signed: whoever can write to it could have computed it anew"
        if anchors.anchors_der or signer is not None:
            problems.append(Problem("unsigned", "register", text))
        else:
            warnings.append(f"{path}: {text}")
    problems.extend(_signer_problems(audit, signer))
    return RegisterVerdict(path, audit, tuple(problems), tuple(warnings), signer is not None)


def _signer_problems(audit: Audit, pin: SignerPin | None) -> list[Problem]:
    if pin is None or audit.judgement is None:
        return []
    who = audit.judgement.signer
    if who is not None and who.certificate_sha256 == pin.sha256:
        return []
    named = "nobody" if who is None else f"{who.subject} ({who.certificate_sha256})"
    return [Problem("other-signer", "register", f"its last head is signed by {named}, not by whom you named")]


def add_paper(
    access: RegisterAccess,
    scan: Path,
    *,
    document_id: str | None = None,
    staff_no: str | None = None,
    by: str,
    now: datetime | None = None,
) -> PaperRecord:
    """Keep the scan of one document that was signed on paper, and record which roles it fulfils.

    Args:
        access: The register.
        scan: PDF, PNG, JPEG or TIFF; copied into `scans/` beside the register.
        document_id: The document, or
        staff_no: the number of its person.
        by: Who looked at it.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: Not exactly one of id and number is given.
        InputError: The scan is refused, with the remedy; nothing was recorded.
        RegisterError: The register cannot be written, or nobody signs it.
    """
    _require_one(document_id, staff_no)
    now = now or read_clock()
    with open_to_write(access, now) as recorder:
        row = find_document(recorder.register, document_id=document_id, staff_no=staff_no)
        return add_scan(recorder, row, scan, by=by, now=now)


def retract(
    access: RegisterAccess,
    *,
    document_id: str | None = None,
    staff_no: str | None = None,
    reason: str,
    by: str,
    now: datetime | None = None,
) -> DocumentRow:
    """Take the record of a scan back; record and retraction are both kept. Return the document.

    Raises:
        UsageError: Not exactly one of id and number is given.
        InputError: Nothing on paper is recorded of the document, or no reason is given.
        RegisterError: The register cannot be written, or nobody signs it.
    """
    _require_one(document_id, staff_no)
    now = now or read_clock()
    with open_to_write(access, now) as recorder:
        row = find_document(recorder.register, document_id=document_id, staff_no=staff_no)
        recorder.retract(row.registration.id, reason=reason, by=by, now=now)
        return row


def unsigned_scans(path: Path) -> list[tuple[Event, DocumentRow | None]]:
    """Return the scans that an earlier version recorded and no signed head covers, with their documents.

    Raises:
        RegisterError: The register cannot be read.
    """
    with open_register(path) as register:
        head = register.last_head()
        behind = 0 if head is None else head.count
        found = [each for each in register.events(after=behind) if each.kind is EventKind.PAPER]
        return [(event, register.document(event.document_id)) for event in found]


def accept_scans(
    access: RegisterAccess, found: Sequence[Event], *, by: str, now: datetime | None = None
) -> None:
    """Answer for scans that nobody has signed for, so that the next head covers them.

    Args:
        access: The register.
        found: From `unsigned_scans`, looked at by `by`.
        by: Who answers for them.
        now: Aware UTC time; None for the clock.

    Raises:
        RegisterError: The register cannot be written, or nobody signs it.
    """
    now = now or read_clock()
    with open_to_write(access, now, paper_accepted=True) as recorder:
        facts = {"from": found[0].seq, "to": found[-1].seq, "by": by}
        recorder.record([EventDraft(EventKind.ACCEPTED, details=facts)], now=now)


def change_signer(access: RegisterAccess, successor: Path, *, now: datetime | None = None) -> str:
    """Name another signer of a register, under the signature of the present one; return the new one's name.

    Args:
        access: The register.
        successor: The credential file of who signs from now on.
        now: Aware UTC time; None for the clock.

    Raises:
        CredentialError: The successor's credential cannot be loaded.
        RegisterError: The register cannot be written, or its present signer is not to be had.
    """
    now = now or read_clock()
    credential = load_credential(successor, prompt=access.prompt)
    try:
        identity = identity_of(credential.certificate_der)
    finally:
        credential.close()
    with open_to_write(access, now) as recorder:
        recorder.record([EventDraft(EventKind.SIGNER, details=identity.to_dict())], now=now)
    return identity.subject


def open_to_write(
    access: RegisterAccess, now: datetime, *, paper_accepted: bool = False
) -> contextlib.AbstractContextManager[Recorder]:
    """Open a register to record in it.

    Raises:
        RegisterError: It cannot be written, or nobody signs it.
        CredentialError: Its signer's credential cannot be used.
    """
    tell: Callable[[str], None] | None = access.tell
    return recorder_for(
        access.file,
        access.credential,
        now=now,
        prompt=access.prompt,
        tell=tell,
        paper_accepted=paper_accepted,
    )


def _require_one(document_id: str | None, staff_no: str | None) -> None:
    if (document_id is None) == (staff_no is None):
        raise UsageError("give --document ID or --staff-no N", hint="one of them names the document")
