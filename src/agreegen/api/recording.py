"""What persons record by hand: scans, one or a stack of them, and who answers for a register."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import RegisterAccess
from agreegen.api.registers import open_register, open_to_write
from agreegen.chain.signed_heads import SignerIdentity
from agreegen.clock import read_clock
from agreegen.errors import InputError, UsageError
from agreegen.files import read_limited
from agreegen.messages import message
from agreegen.register.interface import DocumentRow, Event, EventDraft, EventKind
from agreegen.register.paper import PaperRecord
from agreegen.register.store import Register
from agreegen.scanning.interface import PageResult, PageStatus, ScanReport
from agreegen.scanning.review import SHEET_NAME as SHEET_NAME
from agreegen.scanning.review import Decision
from agreegen.scanning.review_pages import OpenPage, fill_in, open_pages
from agreegen.scanning.wording import say_reasons

if TYPE_CHECKING:
    from agreegen.model.report import FileReport
    from agreegen.recording.received import ReceivedDocument
    from agreegen.recording.recorder import Recorder
    from agreegen.signing.interface import Trust

_MAX_FILE_BYTES = 256 << 20

__all__ = [
    "Decision",
    "OpenPage",
    "PageResult",
    "PageStatus",
    "PaperRecord",
    "ScanReport",
    "accept_evidence",
    "add_paper",
    "add_scans",
    "add_signed",
    "change_signer",
    "fill_in",
    "open_pages",
    "retract",
    "say_reasons",
    "unsigned_evidence",
]


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
    from agreegen.batch.paper import by_hand  # noqa: PLC0415 - only for paper

    _require_one(document_id, staff_no)
    now = now or read_clock()
    with open_to_write(access, now) as recorder:
        row = by_hand.find_document(recorder.register, document_id=document_id, staff_no=staff_no)
        return by_hand.add_paper(recorder, row, scan, by=by, now=now)


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
    from agreegen.batch.paper import by_hand  # noqa: PLC0415 - only for paper

    _require_one(document_id, staff_no)
    now = now or read_clock()
    with open_to_write(access, now) as recorder:
        row = by_hand.find_document(recorder.register, document_id=document_id, staff_no=staff_no)
        recorder.retract(row.registration.id, reason=reason, by=by, now=now)
        return row


def add_signed(
    access: RegisterAccess,
    source: Path,
    *,
    trust: Trust,
    policy: Path | None = None,
    by: str,
    now: datetime | None = None,
) -> ReceivedDocument:
    """Take in a document that the other party signed elsewhere: judged as `verify` does, kept, recorded.

    Args:
        access: The register.
        source: The file that came back.
        trust: Anchors that its signers must chain to, and revocation lists.
        policy: Validation policy (YAML); None for the built-in one.
        by: Who received it.
        now: Aware UTC time; None for the clock.

    Raises:
        InputError: It cannot be read, is not the registered document with signatures appended, or not valid.
        RegisterError: It cannot be kept, the register cannot be written, or nobody signs it.
    """
    from agreegen.recording.received import receive_document  # noqa: PLC0415 - reading files takes long to load
    from agreegen.verification.confined import command_process  # noqa: PLC0415 - the same
    from agreegen.verification.interface import Options  # noqa: PLC0415 - the same

    now = now or read_clock()
    try:
        pdf = read_limited(source, _MAX_FILE_BYTES)
    except OSError as exc:
        raise InputError(message("model.place-and-problem", place=source, problem=exc)) from exc
    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der, policy_file=policy)
    report = command_process().verify(str(source), pdf, options)
    with open_to_write(access, now) as recorder:
        return receive_document(recorder, source, pdf, report, by=by, now=now)


def require_returned(sent: Path, name: str, pdf: bytes, report: FileReport) -> tuple[str, ...]:
    """Return in which new roles a file that came back was signed, if it may take the place of what was sent.

    It is what `add_signed` asks, for offices that keep a document without a register.

    Args:
        sent: The file that was sent.
        name: What the other file is called.
        pdf: The other file.
        report: What verification says of it.

    Raises:
        InputError: It is not the very file with valid new signatures appended; told what it is.
        OSError: The file that was sent cannot be read.
    """
    from agreegen.recording import received  # noqa: PLC0415 - reading files takes long to load

    return tuple(received.require_returned(Path(name), pdf, report, received.SentDocument.of_file(sent)))


def unsigned_evidence(path: Path) -> list[tuple[Event, DocumentRow | None]]:
    """Return the scans that an earlier version recorded under no signed head, with their documents.

    In a register without any head the signatures of documents stand there, too.

    Raises:
        RegisterError: The register cannot be read.
    """
    with open_register(path) as register:
        head = register.last_head()
        behind = 0 if head is None else head.count
        kinds = {EventKind.PAPER} if head is not None else {EventKind.PAPER, EventKind.SIGNED}
        found = [each for each in register.events(after=behind) if each.kind in kinds]
        return [(event, register.document(event.document_id)) for event in found]


def accept_evidence(
    access: RegisterAccess, found: Sequence[Event], *, by: str, now: datetime | None = None
) -> None:
    """Answer for scans and signatures that no head covers, so that the next one does.

    Args:
        access: The register.
        found: From `unsigned_evidence`, looked at by `by`.
        by: Who answers for them.
        now: Aware UTC time; None for the clock.

    Raises:
        RegisterError: The register cannot be written, or nobody signs it.
    """
    now = now or read_clock()
    with open_to_write(access, now, accepted=True) as recorder:
        facts = {"from": found[0].seq, "to": found[-1].seq, "by": by}
        recorder.record([EventDraft(EventKind.ACCEPTED, details=facts)], now=now)


def change_signer(access: RegisterAccess, successor: Path, *, now: datetime | None = None) -> SignerIdentity:
    """Name another signer of a register, under the signature of the present one; return the new one.

    Args:
        access: The register.
        successor: The credential file of who signs from now on.
        now: Aware UTC time; None for the clock.

    Raises:
        CredentialError: The successor's credential cannot be loaded, or cannot sign.
        RegisterError: The register cannot be written, or its present signer is not to be had.
    """
    from agreegen.recording.signer import CredentialSigner, accept_succession  # noqa: PLC0415 - only here
    from agreegen.signing.credentials.loading import load_credential  # noqa: PLC0415 - the same

    now = now or read_clock()
    with (
        load_credential(successor, prompt=access.prompt) as credential,
        open_to_write(access, now) as recorder,
    ):
        if recorder.register.signer() is None:  # earlier versions named nobody who could hand over
            recorder.sign_as_it_is(now=now)
        succession = accept_succession(recorder.register, CredentialSigner(credential, now))
        recorder.record([EventDraft(EventKind.SIGNER, details=succession.to_dict())], now=now)
    return succession.successor


def add_scans(
    access: RegisterAccess,
    sources: Sequence[Path],
    *,
    by: str,
    review: Path | None = None,
    decisions: Path | None = None,
    dry_run: bool = False,
    tell: Callable[[PageResult], None] = lambda _: None,
    now: datetime | None = None,
) -> ScanReport:
    """Find out whose pages these are and record what is signed; what no rule decides is left for a person.

    Args:
        access: The register.
        sources: PDF, TIFF, JPEG, PNG, or folders of them.
        by: On whose command pages are accepted.
        review: Folder for pages that a person must look at; None for `review/` beside the register.
        decisions: A review sheet that was filled in.
        dry_run: Read and compare, write nothing.
        tell: Told after each page.
        now: Aware UTC time; None for the clock.

    Returns:
        What became of every page, each once. A report has no truth value: ask for `settled`.

    Raises:
        UsageError: There is nothing to add.
        InputError: An input is not there, or a decision cannot be carried out; nothing was recorded.
        RegisterError: The register cannot be written; what was recorded stays, and running again goes on.
        OSError: A scan cannot be kept.
    """
    from agreegen.scanning import service  # noqa: PLC0415 - takes long to load

    if not sources and decisions is None:
        raise UsageError(message("api.nothing-add"), hint=message("api.name-scans-or-decisions-file-xlsx"))
    request = service.ScanRequest(tuple(sources), review or access.file.parent / "review", by, decisions)
    now = now or read_clock()
    with _opened(access, now, dry_run=dry_run) as (register, recorder):
        return service.add_scans(request, register, recorder, now=now, tell=tell)


@contextlib.contextmanager
def _opened(
    access: RegisterAccess, now: datetime, *, dry_run: bool
) -> Iterator[tuple[Register, Recorder | None]]:
    if dry_run:
        with open_register(access.file) as register:
            yield register, None
        return
    with open_to_write(access, now) as recorder:
        yield recorder.register, recorder


def _require_one(document_id: str | None, staff_no: str | None) -> None:
    if (document_id is None) == (staff_no is None):
        raise UsageError(
            message("api.give-document-id-or-staff-no"), hint=message("api.one-them-names-document")
        )
