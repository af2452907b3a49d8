"""One scan of one signed document, recorded by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.errors import InputError, RegisterError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.messages import message
from agreegen.recording.own_documents import count_pages, read_own
from agreegen.recording.recorder import Recorder
from agreegen.recording.scan_files import keep_scan
from agreegen.register.interface import DocumentRow, ScanFile
from agreegen.register.paper import PaperProblem, PaperRecord, paper_error, paper_problem
from agreegen.register.view import RegisterView

_SIDES = 2
"""A sheet has two sides: scanners that read both give a blank page for each printed one."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a document says of the paper that it was printed on.

    Attributes:
        roles: The roles that must sign it.
        pages: Its pages.
    """

    roles: tuple[str, ...]
    pages: int


def find_document(view: RegisterView, *, document_id: str | None, staff_no: str | None) -> DocumentRow:
    """Return the document that a user means, by its id or by the number of its person.

    Raises:
        InputError: There is none.
    """
    if document_id is not None:
        row = view.document(document_id)
        if row is None:
            raise paper_error(PaperProblem.UNKNOWN, document_id)
        return row
    found = view.documents_by_staff_no(staff_no or "")
    if not found:
        raise InputError(
            message("batch.no-document", path=view.path, staff_no=staff_no),
            hint=message("batch.see-agreegen-register-list-register-file"),
        )
    return next((row for row in found if row.in_force), found[0])


def add_paper(recorder: Recorder, row: DocumentRow, scan: Path, *, by: str, now: datetime) -> PaperRecord:
    """Keep the scan of a document that was signed on paper, and record which roles it fulfils.

    Args:
        recorder: Writes to the register.
        row: The document that the scan shows.
        scan: The scanner's file.
        by: Who looked at it.
        now: Aware UTC time.

    Raises:
        InputError: The scan is refused, with the remedy; nothing was recorded.
        RegisterError: The document's own file is not there, or the register cannot be written.
    """
    register, document_id = recorder.register, row.registration.id
    root = register.path.resolve().parent
    _refuse(register, document_id, ())
    printed = _read_printed(root, row)
    _refuse(register, document_id, printed.roles, (ScanFile("", sha256_of_file(scan), 1),))
    kept = keep_scan(scan, root, document_id, most_pages=printed.pages * _SIDES)
    record = PaperRecord(document_id, row.open_roles(printed.roles), (kept,), by)
    recorder.record_paper([record], now=now)
    return record


def _refuse(
    view: RegisterView, document_id: str, roles: tuple[str, ...], scans: tuple[ScanFile, ...] = ()
) -> None:
    """Refuse a document or a scan before anything is copied; without roles, only whether it is in force."""
    problem = paper_problem(view, document_id, roles, scans)
    if problem is not None and (roles or problem is not PaperProblem.NO_ROLE):
        raise paper_error(problem, document_id)


def _read_printed(root: Path, row: DocumentRow) -> _Printed:
    """Read from the document itself who must sign it and how many pages it has."""
    path = root / row.registration.path
    data = path.read_bytes() if path.is_file() else b""
    document = read_own(data).document if sha256_of(data) == row.sha256 else None
    pages = 0 if document is None else count_pages(data)
    if document is None or not pages:
        raise RegisterError(
            message("batch.not-file-register-knows", path=row.registration.path),
            hint=message("batch.run-register-verify-scan-only-held"),
        )
    return _Printed(tuple(role.id for role in document.roles if role.required), pages)
