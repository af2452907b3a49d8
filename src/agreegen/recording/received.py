"""Documents that come back signed: the other party signed its copy at its own office, with its own program.

The file is judged as `verify` does, must be the registered one with nothing but appended to it, and takes its
place; each signature that the register does not know yet is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from agreegen.chain.signed_heads import SignerIdentity
from agreegen.errors import InputError, RegisterError
from agreegen.files import sha256_of, write_atomically
from agreegen.messages import Message, join_sentences, message
from agreegen.model.report import FileReport, Verdict
from agreegen.recording.own_documents import OwnDocument, read_own
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import DocumentRow, EventDraft, EventKind, How

__all__ = ["ReceivedDocument", "new_signers", "receive_document", "signed_draft"]

_SHOWN = 8
_HINT = message("recording.ask-other-party-file-signed-agreegen")


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """What was recorded of a file that came back.

    Attributes:
        document_id: The document.
        roles: Who signed that the register did not know of.
        path: Where the file lies now, below the folder of the register.
    """

    document_id: str
    roles: tuple[str, ...]
    path: str


def receive_document(
    recorder: Recorder, source: Path, pdf: bytes, report: FileReport, *, by: str, now: datetime
) -> ReceivedDocument:
    """Keep a document that somebody else signed, and record the new signatures.

    1. By its own word it is a document in force of this register.
    2. Every byte that the register knows is still there, in front.
    3. `verify` calls it valid: unaltered, each signer trusted and not revoked, nothing speaks against it.
    4. It carries a signature in a role that no certificate had fulfilled.
    5. It lies durably under a name of its own before the register learns of it; only then the file of a batch
       that it begins with is removed. A command that is killed in between is simply run again.

    Args:
        recorder: The register.
        source: Where the file came from, for messages.
        pdf: The file.
        report: What verification says of it.
        by: Who received it.
        now: Aware UTC time.

    Raises:
        InputError: One of these does not hold, told which; nothing was recorded.
        RegisterError: The file cannot be kept, or the register cannot be written.
    """
    own = read_own(pdf)
    row = _row_of(recorder, source, own)
    _require_prefix(source, pdf, row)
    if report.verdict is not Verdict.VALID:
        raise InputError(
            message(
                "recording.not-valid-but", source=source, verdict=report.verdict, report=_reasons(report)
            ),
            hint=_HINT,
        )
    signers = new_signers(row, own)
    if not signers:
        raise InputError(
            message("recording.carries-no-signature-register-does-not", source=source),
            hint=message("recording.nothing-record"),
        )
    root, old = recorder.register.path.resolve().parent, row.registration.path
    path = _path_beside(old, sha256_of(pdf))
    try:
        write_atomically(root / path, pdf)
    except OSError as exc:
        raise RegisterError(
            message("recording.cannot-written", root=root / path, exc=exc),
            hint=message("recording.free-space-or-mend-permissions"),
        ) from exc
    levels = {each.role: each.level.value for each in report.signatures if each.role is not None}
    drafts = [
        signed_draft(row, role, pdf, signer, {"level": levels.get(role, ""), "path": path, "received_by": by})
        for role, signer in signers.items()
    ]
    recorder.record(drafts, now=now)
    if old.startswith("documents/"):  # where nothing may stand that the register does not know
        (root / old).unlink(missing_ok=True)
    return ReceivedDocument(row.registration.id, tuple(signers), path)


def new_signers(row: DocumentRow, own: OwnDocument) -> dict[str, SignerIdentity]:
    """Return role → signer of the signatures in a file that the register does not know yet."""
    known = {role for role, each in row.fulfilled.items() if each.how is not How.PAPER}
    declared = () if own.document is None else own.document.roles
    return {
        role.id: own.signers[role.id] for role in declared if role.id in own.signers and role.id not in known
    }


def signed_draft(
    row: DocumentRow, role: str, pdf: bytes, signer: SignerIdentity, facts: dict[str, str]
) -> EventDraft:
    """Return the event of a signature that somebody else made.

    Args:
        row: The document.
        role: Who signed.
        pdf: The file with the signature.
        signer: Whose certificate the signature names.
        facts: Further facts.
    """
    details = {
        **facts,
        "credential": signer.subject,
        "certificate_sha256": signer.certificate_sha256,
        "size": len(pdf),
    }
    return EventDraft(EventKind.SIGNED, row.registration.id, role, sha256_of(pdf), details)


def _row_of(recorder: Recorder, source: Path, own: OwnDocument) -> DocumentRow:
    if own.document is None:
        raise InputError(message("recording.carries-no-document-ours-2", source=source), hint=_HINT)
    row = recorder.register.document(own.document.id)
    if row is None or not row.in_force:
        state = "does not know" if row is None else "no longer holds as valid"
        raise InputError(
            f"{source}: {recorder.register.path} {state} document {own.document.id}",
            hint=message("recording.see-agreegen-register-list-replaced"),
        )
    return row


def _require_prefix(source: Path, pdf: bytes, row: DocumentRow) -> None:
    """Refuse a file that does not begin with every byte of the registered one (ISO 32000-2, 7.5.6)."""
    if row.size is None or sha256_of(pdf[: row.size]) != row.sha256:
        raise InputError(
            message(
                "recording.does-not-begin-file-register-knows", source=source, path=row.registration.path
            ),
            hint=message("recording.other-party-must-sign-very-file"),
        )


def _reasons(report: FileReport) -> Message:
    said = [
        *(alarm.message for alarm in report.alarms),
        *(reason for each in report.signatures for reason in each.reasons),
    ]
    return join_sentences(dict.fromkeys(said)) or message("recording.no-signature-can-trusted")


def _path_beside(path: str, sha256: str) -> str:
    """Return a name beside a file, told apart by the hash of what came back."""
    old = PurePosixPath(path)
    return old.with_name(f"{old.stem.split('~')[0]}~{sha256[:_SHOWN]}{old.suffix}").as_posix()
