"""Documents signed on paper: what is recorded of a scan, and when it is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.register.interface import DocumentState, EventDraft, EventKind, How, ScanFile
from agreegen.register.view import RegisterView


class PaperProblem(StrEnum):
    """Why a scan is not recorded."""

    UNKNOWN = "unknown-id"
    REPLACED = "replaced"
    QUARANTINED = "quarantined"
    DESTROYED = "destroyed"
    ALREADY_THERE = "already-there"
    OF_ANOTHER = "scan-of-another"
    NO_ROLE = "no-role"


_REMEDIES = {
    PaperProblem.UNKNOWN: (
        message("register.register-knows-no-such-document"),
        message("register.see-agreegen-register-list-register-file"),
    ),
    PaperProblem.REPLACED: (
        message("register.document-was-replaced-its-text-no"),
        message("register.have-present-document-printed-signed-register"),
    ),
    PaperProblem.QUARANTINED: (
        message("register.document-quarantine-not-force"),
        message("register.run-job-again-then-have-new"),
    ),
    PaperProblem.DESTROYED: (
        message("register.document-was-destroyed-its-record-stays"),
        message("register.see-its-destruction"),
    ),
    PaperProblem.ALREADY_THERE: (
        message("register.scan-document-recorded-already"),
        message("register.where-one-wrong-agreegen-register-retract"),
    ),
    PaperProblem.OF_ANOTHER: (
        message("register.scan-recorded-another-document-already"),
        message("register.scan-each-person-sheet-itself-where"),
    ),
    PaperProblem.NO_ROLE: (
        message("register.every-role-document-fulfilled-already"),
        message("register.where-record-wrong-agreegen-register-retract"),
    ),
}

_NOT_IN_FORCE = {
    DocumentState.REPLACED: PaperProblem.REPLACED,
    DocumentState.QUARANTINED: PaperProblem.QUARANTINED,
    DocumentState.DESTROYED: PaperProblem.DESTROYED,
}


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """One document that was signed on paper.

    Attributes:
        document_id: The document.
        roles: The roles that the ink fulfils.
        scans: The files that show it; each lies durably below the folder of the register.
        accepted_by: Who looked at it, or on whose command the program did.
        automatic: Whether the program accepted it without a person looking.
    """

    document_id: str
    roles: tuple[str, ...]
    scans: tuple[ScanFile, ...]
    accepted_by: str
    automatic: bool = False

    def to_draft(self) -> EventDraft:
        """Return the event that records it."""
        details = {
            "roles": list(self.roles),
            "scans": [scan.to_dict() for scan in self.scans],
            "accepted_by": self.accepted_by,
            "automatic": self.automatic,
        }
        return EventDraft(EventKind.PAPER, self.document_id, details=details)


def paper_problem(
    view: RegisterView, document_id: str, roles: Collection[str], scans: Iterable[ScanFile] = ()
) -> PaperProblem | None:
    """Say why a scan of a document cannot be recorded, or None.

    Args:
        view: The register.
        document_id: The document that the scan shows.
        roles: The roles that the ink fulfils.
        scans: The scan files; neither they nor the pages they were split off may serve another document.
    """
    document = view.document(document_id)
    if document is None:
        return PaperProblem.UNKNOWN
    if not document.in_force:
        return _NOT_IN_FORCE[document.state]
    known = [document.fulfilment(role) for role in roles]
    if any(each is not None and each.how is How.PAPER for each in known):
        return PaperProblem.ALREADY_THERE
    if not document.open_roles(roles):
        return PaperProblem.NO_ROLE
    if any(_is_taken(view, scan) for scan in scans):
        return PaperProblem.OF_ANOTHER
    return None


def _is_taken(view: RegisterView, scan: ScanFile) -> bool:
    if view.scan_owner(scan.sha256) is not None:
        return True
    if scan.source_sha256 is None or scan.source_page is None:
        return False
    pages = range(scan.source_page, scan.source_page + scan.pages)
    return any(view.source_page_owner(scan.source_sha256, page) is not None for page in pages)


def paper_error(problem: PaperProblem, document_id: str) -> InputError:
    """Return the error that tells a person why a scan is refused, with the remedy."""
    told, hint = _REMEDIES[problem]
    return InputError(message("register.document-3", document_id=document_id, message=told), hint=hint)
