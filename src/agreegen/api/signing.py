"""Signatures: one file in memory, or many files on disk with one credential, recorded where that is asked."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import RegisterAccess
from agreegen.clock import read_clock
from agreegen.errors import ArchiveError, InputError, SigningError, TimestampError
from agreegen.files import read_limited, write_atomically
from agreegen.messages import message
from agreegen.model.document import DeclaredRole, Document
from agreegen.model.report import PadesLevel
from agreegen.pdf.limits import Limits
from agreegen.pipeline.own_read_back import SignedKinds
from agreegen.pipeline.signing import extend_and_check, sign_and_check
from agreegen.signing.certificate_checks import Finding, check_credential
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, TimestampServer, Trust
from agreegen.verification.structure.identity import read_identity

if TYPE_CHECKING:
    from agreegen.recording.recorder import Recorder

__all__ = [
    "FileSigner",
    "PadesLevel",
    "SignedFile",
    "SignedPdf",
    "SigningRequest",
    "extend",
    "extend_file",
    "sign",
]

_MAX_FILE_BYTES = 256 << 20
_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signature that was made.

    Attributes:
        role: The role that it was made in.
        pdf: The signed file.
        declared: The role as the document declares it; None where it declares none of this name, as files of
            other programs do: the signature stands in a new field of that name.
    """

    role: str
    pdf: SignedPdf
    declared: DeclaredRole | None = None


def sign(
    pdf: bytes,
    credential: Credential,
    role: str | None = None,
    *,
    level: PadesLevel = PadesLevel.B_B,
    trust: Trust | None = None,
    tsa: Sequence[TimestampServer] = (),
    reason: str | None = None,
    location: str | None = None,
    relax_order: bool = False,
    policy: Path | None = None,
    forms: Path | None = None,
    now: datetime | None = None,
) -> SignedFile:
    """Sign a file that may come from anywhere, after judging it as `verify` does; nothing is written.

    Args:
        pdf: The file.
        credential: Key and certificate, from `load_credential`.
        role: The role, which is the name of its field; None for the one that this credential can sign next.
        level: PAdES level to reach.
        trust: Anchors that the credential and earlier signers must chain to; None for not asking.
        tsa: Timestamp services, tried in order.
        reason: `/Reason`, Chinese allowed.
        location: `/Location`, Chinese allowed.
        relax_order: Sign although a role that comes first has not signed yet.
        policy: Validation policy for earlier signatures.
        forms: Folder of released forms, None for the packaged ones.
        now: Aware UTC time; None for the clock.

    Raises:
        SigningError: The file was changed, an earlier signer is not trusted, or it cannot be signed so.
        CredentialError: The credential cannot be used now, or its key cannot sign.
        TimestampError: The level needs a timestamp and no service gave one.
    """
    request = SigningRequest(
        role=role or "",
        level=level,
        now=now or read_clock(),
        trust=trust or Trust(),
        tsa=tuple(tsa),
        reason=reason,
        location=location,
        relax_order=relax_order,
    )
    with FileSigner(credential, request, policy=policy, forms=forms) as signer:
        return signer.sign(pdf)


@dataclass(slots=True)
class FileSigner:
    """Signs one file after the other with one credential; to be used in a `with` block.

    Attributes:
        credential: Key and certificate; whoever loaded it closes it.
        request: How to sign; without a role it is the one that the credential can sign next in each file.
        policy: Validation policy for earlier signatures.
        forms: Folder of released forms, None for the packaged ones.
        register: Where the signatures are recorded, if anywhere.
        findings: What deserves a look about the credential.
    """

    credential: Credential
    request: SigningRequest
    policy: Path | None = None
    forms: Path | None = None
    register: RegisterAccess | None = None
    findings: tuple[Finding, ...] = ()
    _recorder: Recorder | None = None
    _kinds: SignedKinds = field(default_factory=SignedKinds)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> FileSigner:
        """Check the credential and open the register.

        Raises:
            CredentialError: It cannot be used now.
            RegisterError: The register's own signer is not to be had, or it cannot be written.
        """
        request, access = self.request, self.register
        self.findings = tuple(check_credential(self.credential, request.trust, request.now))
        if access is not None:
            from agreegen.batch.job.register_signers import recorder_beside  # noqa: PLC0415 - for registers only

            opening = recorder_beside(
                access.file,
                self.credential,
                access.credential,
                now=request.now,
                prompt=access.prompt,
                tell=access.tell,
            )
            self._recorder = self._stack.enter_context(opening)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def sign(self, pdf: bytes) -> SignedFile:
        """Sign a file in memory.

        Raises:
            SigningError: The file was changed, an earlier signer is not trusted, or it cannot be signed so.
            CredentialError: The key cannot sign.
            TimestampError: The level needs a timestamp and no service gave one.
        """
        signed = sign_and_check(
            pdf,
            self.credential,
            self.request,
            forms=self.forms,
            policy=self.policy,
            kinds=self._kinds,
        )
        if signed.pdf.timestamp_pending:
            raise TimestampError(
                signed.pdf.why_pending or message("api.no-timestamp-was-had"),
                hint=message("api.try-again-or-name-another-tsa"),
            )
        declared = _declared_role(signed.document or _document_in(pdf), signed.role)
        return SignedFile(signed.role, signed.pdf, declared)

    def sign_file(self, source: Path, destination: Path) -> SignedFile:
        """Sign a file, write the signed one durably, and record it.

        Raises:
            InputError: The file cannot be read, or is not the one that the register knows.
            UsageError: The signed file would not lie below the folder of the register.
            SigningError, CredentialError, TimestampError: See `sign`.
            ArchiveError: The disk is full.
            RegisterError: The register cannot be written.
        """
        pdf = _read_pdf(source)
        if self._recorder is None:
            signed = self.sign(pdf)
            _write_pdf(destination, signed.pdf.data)
            return signed
        from agreegen.recording.single_documents import expect_signed, record_signed  # noqa: PLC0415 - for registers only

        single = expect_signed(self._recorder, _require_identity(pdf), source, pdf, destination)
        signed = self.sign(pdf)
        _write_pdf(destination, signed.pdf.data)
        facts = {"credential": self.credential.name, "level": signed.pdf.level.value}
        record_signed(self._recorder, single, signed.pdf.data, signed.role, facts, now=self.request.now)
        return signed


def _declared_role(document: Document | None, role: str) -> DeclaredRole | None:
    """Return a role as a document declares it; None where it does not."""
    return None if document is None else next((each for each in document.roles if each.id == role), None)


def _require_identity(pdf: bytes) -> str:
    """Return the id of the document that a file says it is.

    Raises:
        SigningError: It says nothing of the kind, or cannot be read.
    """
    document = _document_in(pdf)
    if document is None:
        raise SigningError(
            message("receiving.file-does-not-say-which-document"),
            hint=message("receiving.only-documents-agreegen-registered"),
        )
    return document.id


def _document_in(pdf: bytes) -> Document | None:
    attachment = read_identity(pdf, Limits()).attachment
    try:
        return None if attachment is None else Document.from_json(attachment)
    except ValueError:
        return None


def extend(
    pdf: bytes,
    level: PadesLevel,
    *,
    trust: Trust | None = None,
    tsa: Sequence[TimestampServer] = (),
    policy: Path | None = None,
    now: datetime | None = None,
) -> SignedPdf:
    """Raise a signed file, ours or not, to a level; it is judged as `verify` does before and after.

    Args:
        pdf: A signed file.
        level: B-T, B-LT or B-LTA.
        trust: Anchors and revocation lists; without anchors neither signers nor services are checked.
        tsa: Timestamp services, tried in order.
        policy: Validation policy for the signatures that are there.
        now: Aware UTC time; None for the clock.

    Raises:
        SigningError: The file was altered, its signatures cannot be proved, or an addition would change it.
        TimestampError: No service gave an acceptable timestamp.
    """
    return extend_and_check(
        pdf, level, trust=trust or Trust(), tsa=tsa, now=now or read_clock(), policy=policy
    )


def extend_file(
    source: Path,
    destination: Path,
    level: PadesLevel,
    *,
    trust: Trust | None = None,
    tsa: Sequence[TimestampServer] = (),
    policy: Path | None = None,
    now: datetime | None = None,
) -> SignedPdf:
    """Extend a file and write the extended one durably; see `extend`.

    Raises:
        InputError: The file cannot be read.
        SigningError, TimestampError: See `extend`.
        ArchiveError: The disk is full.
    """
    extended = extend(_read_pdf(source), level, trust=trust, tsa=tsa, policy=policy, now=now)
    _write_pdf(destination, extended.data)
    return extended


def _read_pdf(path: Path) -> bytes:
    try:
        return read_limited(path, _MAX_FILE_BYTES)
    except OSError as exc:
        raise InputError(message("model.place-and-problem", place=path, problem=exc)) from exc


def _write_pdf(path: Path, data: bytes) -> None:
    try:
        write_atomically(path, data)
    except OSError as exc:
        if exc.errno not in _DISK_IS_FULL:
            raise
        raise ArchiveError(
            message("api.cannot-written", path=path, exc=exc),
            hint=message("api.what-was-signed-before-stays-free"),
        ) from exc
