"""Single documents in a register: made by one command, signed by others, one role after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.errors import InputError, UsageError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.messages import any_of, message
from agreegen.model.document import Document, Value
from agreegen.model.form import Form
from agreegen.model.row_key import find_row_key
from agreegen.recording.own_documents import read_own
from agreegen.recording.received import new_signers, signed_draft
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import DocumentRow, EventDraft, EventKind, Registration
from agreegen.register.registering import registration_of


@dataclass(frozen=True, slots=True)
class SignedSingle:
    """A document of a register that is to be signed.

    Attributes:
        row: What the register knows of it.
        path: Where the signed file goes, below the folder of the register.
    """

    row: DocumentRow
    path: str


def path_below(register_file: Path, path: Path) -> str:
    """Return a path as the register keeps it.

    Raises:
        UsageError: It does not lie below the folder of the register.
    """
    folder = register_file.resolve().parent
    try:
        return (path.resolve().parent / path.name).relative_to(folder).as_posix()
    except ValueError:
        raise UsageError(
            message("recording.does-not-lie-below-folder-register", path=path, folder=folder),
            hint=message("recording.write-or-keep-register-folder-above"),
        ) from None


def register_single(
    recorder: Recorder, form: Form, document: Document, values: Mapping[str, Value], output: Path
) -> Registration:
    """Return how a document that is about to be made will enter the register.

    Raises:
        InputError: Nothing tells it from others, or the register has a document for the same person or party.
        UsageError: The file would not lie below the folder of the register.
    """
    register = recorder.register
    key = find_row_key(form, values)
    if key is None:
        labels = [form.field(name).label_zh for name in form.row_keys]
        raise InputError(
            message("recording.nothing-tells-document-from-others"),
            hint=message("recording.give", labels=any_of(labels)) if labels else None,
        )
    row_key = register.row_key(key)
    current = register.current(row_key)
    if current is not None or (current := register.document(document.id)) is not None:
        known = current.registration
        raise InputError(
            message(
                "recording.has-document-already",
                path=register.path,
                id=known.id,
                name=known.name,
                path2=known.path,
            ),
            hint=message("recording.give-another-one-number-its-own"),
        )
    path = _free_path(recorder, output, document.id)
    return registration_of(form, document, values, row_key=row_key, path=path)


def record_made(
    recorder: Recorder, registration: Registration, pdf: bytes, engine: str, *, now: datetime
) -> None:
    """Record that a document was made; its file lies durably in its place.

    Raises:
        RegisterError: The register cannot be written.
        CredentialError: Its key cannot sign.
    """
    facts = {"engine": engine, "size": len(pdf)}
    draft = EventDraft(
        EventKind.RENDERED, registration.id, sha256=sha256_of(pdf), details=facts, registration=registration
    )
    recorder.record([draft], now=now)


def expect_signed(
    recorder: Recorder, document_id: str, source: Path, pdf: bytes, output: Path
) -> SignedSingle:
    """Look up a document that is about to be signed.

    The file must be the one that the register knows, or that one with something appended to it: a signature
    that the other party made elsewhere.

    Raises:
        InputError: The register does not know it, it was replaced, or the file is another one.
        UsageError: The signed file would not lie below the folder of the register, or the file belongs to a
            batch, which signs in place.
    """
    register = recorder.register
    row = register.document(document_id)
    if row is None or not row.in_force:
        code = "recording.document-not-known" if row is None else "recording.document-no-longer-holds"
        raise InputError(
            message(code, source=source, register=register.path, document_id=document_id),
            hint=message("recording.register-when-made-agreegen-generate-register"),
        )
    known = register.path.parent / row.registration.path
    if sha256_of(pdf) != row.sha256 and not _goes_on(pdf, known, row.sha256):
        raise InputError(
            message("recording.not-file-register-knows", source=source, path=row.registration.path),
            hint=message("recording.sign-one-or-file-other-party"),
        )
    path = _free_path(recorder, output, document_id)
    if row.registration.path.startswith("documents/"):
        raise UsageError(
            message("recording.belongs-batch-whose-documents-signed-where", source=source),
            hint=message("recording.name-credential-job-run-again-or"),
        )
    return SignedSingle(row, path)


def record_signed(
    recorder: Recorder,
    single: SignedSingle,
    pdf: bytes,
    role: str,
    facts: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Record a signature, and those that others made before it elsewhere; the file lies durably in its place.

    Args:
        recorder: The register.
        single: From `expect_signed`.
        pdf: The signed file.
        role: Who signed.
        facts: The credential's name and the level.
        now: Aware UTC time.

    Raises:
        RegisterError: The register cannot be written.
        CredentialError: Its key cannot sign.
    """
    details = {**facts, "path": single.path, "size": len(pdf)}
    own = EventDraft(EventKind.SIGNED, single.row.registration.id, role, sha256_of(pdf), details)
    others = [
        signed_draft(single.row, other, pdf, signer, {"path": single.path})
        for other, signer in new_signers(single.row, read_own(pdf)).items()
        if other != role
    ]
    recorder.record([*others, own], now=now)


def _free_path(recorder: Recorder, output: Path, document_id: str) -> str:
    path = path_below(recorder.register.path, output)
    other = recorder.register.document_by_path(path)
    if other is not None and other.registration.id != document_id:
        raise UsageError(
            message("recording.file-document-register", output=output, id=other.registration.id),
            hint=message("recording.choose-another-output"),
        )
    return path


def _goes_on(pdf: bytes, known: Path, sha256: str) -> bool:
    """Tell whether a file is a known one with revisions appended (ISO 32000-2, 7.5.6)."""
    if not known.is_file() or sha256_of_file(known) != sha256:
        return False
    return pdf.startswith(known.read_bytes())
