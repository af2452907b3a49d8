"""Putting a document that was signed on a device into its place, and into its register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.batch.job.register_signers import recorder_for
from agreegen.errors import InputError
from agreegen.files import sha256_of, sha256_of_file, write_atomically
from agreegen.messages import message
from agreegen.register.interface import DocumentRow, EventDraft, EventKind, How

_HINT = message("device.list.hint")


@dataclass(frozen=True, slots=True)
class DeviceSignature:
    """A signature that is to be recorded.

    Attributes:
        document_id: The document.
        before_sha256: SHA-256 of the file before the signature.
        data: The signed file.
        role: The role.
        level: The PAdES level reached.
        certificate_sha256: SHA-256 of the certificate.
        evidence_sha256: SHA-256 of the evidence.
        witness: Who stood beside; None where nobody did.
    """

    document_id: str
    before_sha256: str
    data: bytes
    role: str
    level: str
    certificate_sha256: str
    evidence_sha256: str
    witness: str | None

    def to_draft(self) -> EventDraft:
        """Return the event."""
        facts = {
            "method": How.DEVICE.value,
            "credential": self.witness or How.DEVICE.value,
            "level": self.level,
            "certificate_sha256": self.certificate_sha256,
            "evidence_sha256": self.evidence_sha256,
            "size": len(self.data),
        }
        return EventDraft(EventKind.SIGNED, self.document_id, self.role, sha256_of(self.data), facts)


def record_device_signature(
    register_file: Path, credential_file: Path | None, signature: DeviceSignature, *, now: datetime
) -> None:
    """Write the signed file in its place and record it; doing it twice does it once.

    Args:
        register_file: The register.
        credential_file: Who signs its heads; None for whom its job names.
        signature: The signature.
        now: Aware UTC time.

    Raises:
        InputError: The document is not the one that was signed any more.
        RegisterError, CredentialError: The register cannot be written.
    """
    with recorder_for(register_file, credential_file, now=now) as recorder:
        row = recorder.register.document(signature.document_id)
        if row is None or not row.in_force:
            raise InputError(message("device.replaced-meanwhile"), hint=_HINT)
        path = register_file.parent / row.registration.path
        if _is_recorded(row, signature):
            return
        if row.sha256 != signature.before_sha256 or row.fulfilment(signature.role) is not None:
            raise InputError(message("device.changed-meanwhile"), hint=_HINT)
        found = sha256_of_file(path)
        if found not in {signature.before_sha256, sha256_of(signature.data)}:
            raise InputError(message("device.other-file"), hint=_HINT)
        write_atomically(path, signature.data)
        recorder.record([signature.to_draft()], now=now)


def _is_recorded(row: DocumentRow, signature: DeviceSignature) -> bool:
    known = row.fulfilment(signature.role)
    return known is not None and known.sha256 == sha256_of(signature.data)
