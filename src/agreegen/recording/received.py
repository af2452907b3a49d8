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
from agreegen.recording.own_documents import OwnDocument, identify, read_own
from agreegen.recording.recorder import Recorder
from agreegen.recording.scan_files import place_below
from agreegen.register.interface import DocumentRow, EventDraft, EventKind, How

_SHOWN = 8
_HINT = message("recording.ask-other-party-file-signed-agreegen")


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document that went out to be signed.

    Attributes:
        document_id: Its id.
        path: Its file, for messages.
        size: Size of the file in bytes; None where an earlier version recorded none.
        sha256: Lower-case hex SHA-256 of the file.
        signed_roles: Roles that certificates have fulfilled already.
    """

    document_id: str
    path: str
    size: int | None
    sha256: str
    signed_roles: frozenset[str]

    @classmethod
    def of_row(cls, row: DocumentRow) -> SentDocument:
        """Return it as a register knows it."""
        known = row.registration
        return cls(known.id, known.path, row.size, row.sha256, _signed_roles(row))

    @classmethod
    def of_file(cls, path: Path) -> SentDocument:
        """Return it as its own file tells.

        Raises:
            InputError: It is none of ours.
            OSError: It cannot be read.
        """
        pdf = path.read_bytes()
        own = read_own(pdf)
        if own.document is None:
            raise InputError(message("recording.carries-no-document-ours-2", source=path.name))
        return cls(own.document.id, path.name, len(pdf), sha256_of(pdf), frozenset(own.signers))


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


def require_returned(
    source: Path, pdf: bytes, report: FileReport, sent: SentDocument
) -> dict[str, SignerIdentity]:
    """Return role → signer of the new signatures in a file that came back, if it may be kept.

    1. By its own word it is the document that was sent.
    2. Every byte that was sent is still there, in front.
    3. `verify` calls it valid: unaltered, each signer trusted and not revoked, nothing speaks against it.
    4. It carries a signature in a role that no certificate had fulfilled.

    Args:
        source: Where the file came from, for messages.
        pdf: The file.
        report: What verification says of it.
        sent: What was sent.

    Raises:
        InputError: One of these does not hold, told which.
    """
    own = read_own(pdf)
    if own.document is None:
        raise InputError(message("recording.carries-no-document-ours-2", source=source), hint=_HINT)
    if own.document.id != sent.document_id:
        raise InputError(
            message("recording.another-document", source=source, path=sent.path),
            hint=message("recording.other-party-must-sign-very-file"),
        )
    _require_prefix(source, pdf, sent)
    if report.verdict is not Verdict.VALID:
        raise InputError(
            message(
                "recording.not-valid-but",
                source=source,
                verdict=message(f"recording.verdict.{report.verdict.value}"),
                report=_reasons(report),
            ),
            hint=message("recording.verify-says-more-trust"),
        )
    signers = _signers_beyond(sent.signed_roles, own)
    if not signers:
        raise InputError(
            message("recording.carries-no-signature-register-does-not", source=source),
            hint=message("recording.nothing-record"),
        )
    return signers


def receive_document(
    recorder: Recorder, source: Path, pdf: bytes, report: FileReport, *, by: str, now: datetime
) -> ReceivedDocument:
    """Keep a document that somebody else signed, and record the new signatures.

    It is a document in force of this register, and what `require_returned` asks holds. It lies durably under
    a name of its own before the register learns of it; only then the file of a batch that it begins with is
    removed. A command that is killed in between is simply run again.

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
    row = _row_of(recorder, source, pdf)
    signers = require_returned(source, pdf, report, SentDocument.of_row(row))
    root, old = recorder.register.path.resolve().parent, row.registration.path
    path = _path_beside(old, sha256_of(pdf))
    try:
        write_atomically(place_below(root, path), pdf)
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
    return _signers_beyond(_signed_roles(row), own)


def _signed_roles(row: DocumentRow) -> frozenset[str]:
    return frozenset(role for role, each in row.fulfilled.items() if each.how is not How.PAPER)


def _signers_beyond(known: frozenset[str], own: OwnDocument) -> dict[str, SignerIdentity]:
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


def _row_of(recorder: Recorder, source: Path, pdf: bytes) -> DocumentRow:
    document_id = identify(pdf)
    if document_id is None:
        raise InputError(message("recording.carries-no-document-ours-2", source=source), hint=_HINT)
    row = recorder.register.document(document_id)
    if row is None or not row.in_force:
        code = "recording.document-not-known" if row is None else "recording.document-no-longer-holds"
        raise InputError(
            message(code, source=source, register=recorder.register.path, document_id=document_id),
            hint=message("recording.see-agreegen-register-list-replaced"),
        )
    return row


def _require_prefix(source: Path, pdf: bytes, sent: SentDocument) -> None:
    """Refuse a file that does not begin with every byte that was sent (ISO 32000-2, 7.5.6)."""
    if sent.size is None or sha256_of(pdf[: sent.size]) != sent.sha256:
        raise InputError(
            message("recording.does-not-begin-file-register-knows", source=source, path=sent.path),
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
