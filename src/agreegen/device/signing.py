"""Signing in two halves: the server prepares, the device signs, the server embeds, timestamps and judges.

The device gets nothing but the signed attributes: the digest of the prepared file, and the evidence. Its key
never leaves it. Whatever the server writes is judged as `verify` judges it, before and after.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agreegen.device.authority import Authority, Person, der_signature
from agreegen.device.evidence import SigningEvidence, evidence_sha256
from agreegen.device.strokes import Drawing
from agreegen.errors import InputError, SigningError, TimestampError
from agreegen.files import sha256_of
from agreegen.messages import message
from agreegen.model.report import Evidence, FileReport, Integrity, Method, PadesLevel
from agreegen.pipeline.signing import judge_received
from agreegen.pki.device_certificates import evidence_attribute
from agreegen.signing.interface import AppearanceSource, Mechanism, SignedPdf, SigningRequest, Trust
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import Prepared, SigningIdentity
from agreegen.signing.raw_values import verify_raw
from agreegen.signing.services.timestamps import TimestampClient

_NAME = "device"


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key on a device, and the proof that the device holds it.

    Attributes:
        public: SubjectPublicKeyInfo of a P-256 key, DER.
        proof: The device's signature over the certificate request, r and s.
    """

    public: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class HalfSigned:
    """A document that waits for the device's signature.

    Attributes:
        prepared: The file without its CMS; what the device has to sign stands in `prepared.attributes`.
        certificate_der: The certificate of the device's key.
        chain_der: The issuing certificate.
        evidence: The evidence file.
        role: The role.
        began: When it was prepared, aware UTC.
        token_bytes: Room for a timestamp; 0 for none.
    """

    prepared: Prepared
    certificate_der: bytes
    chain_der: tuple[bytes, ...]
    evidence: bytes
    role: str
    began: datetime
    token_bytes: int

    @property
    def identity(self) -> SigningIdentity:
        """Who signs, without the picture, which stands in the prepared file already."""
        attributes = (evidence_attribute(self.evidence),)
        return SigningIdentity(
            _NAME, self.certificate_der, self.chain_der, Mechanism.ECDSA_SHA256, attributes=attributes
        )


@dataclass(frozen=True, slots=True, eq=False)
class DeviceSigning:
    """Signs documents of one office with keys on people's devices.

    Attributes:
        authority: Who certifies the keys.
        trust: By what earlier signatures are judged.
        client: Timestamp services; None where there is none but the office's own, or none at all.
        policy: Validation policy for earlier signatures.
        forms: Folder of released forms, None for the packaged ones.
    """

    authority: Authority
    trust: Trust
    client: TimestampClient | None = None
    policy: Path | None = None
    forms: Path | None = None

    @property
    def timestamped(self) -> bool:
        """Whether signatures get a timestamp."""
        return self.client is not None or self.authority.clock is not None

    def prepare(
        self,
        pdf: bytes,
        person: Person,
        key: DeviceKey,
        evidence: SigningEvidence,
        drawing: Drawing,
        *,
        now: datetime,
    ) -> HalfSigned:
        """Certify a device's key for one document and prepare the document for its signature.

        1. The file is the one that the evidence is about, and `verify` finds nothing against it.
        2. The key is certified for this evidence.
        3. It is this role's turn, and the certificate names its holder; the picture goes into the field.

        Raises:
            InputError: Another file, or the device does not hold its key.
            SigningError: It cannot be signed in this role now.
            TimestampError: No timestamp is to be had; nothing is signed that would end in minutes.
        """
        if sha256_of(pdf) != evidence.document_sha256:
            raise InputError(message("device.changed-after-shown"), hint=message("device.again.hint"))
        request = self._request(evidence.role, now)
        received = judge_received(pdf, request, forms=self.forms, policy=self.policy)
        account = evidence.to_json()
        certificate = self.authority.issue(
            person, key.public, key.proof, evidence_sha256(account), now=now, timestamped=self.timestamped
        )
        half = HalfSigned(
            Prepared(b"", 0, 0, b""),
            certificate,
            (self.authority.issuing_der,),
            account,
            evidence.role,
            now,
            self._token_bytes(now),
        )
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "handwriting.pdf"
            picture.write_bytes(drawing.to_pdf())
            identity = replace(half.identity, appearance=AppearanceSource(picture))
            signer = BatchSigner(identity, request, token_bytes=half.token_bytes)
            return replace(half, prepared=signer.prepare(pdf, judged=received.unaltered))

    def finish(self, pdf: bytes, half: HalfSigned, raw: bytes, *, now: datetime) -> SignedPdf:
        """Put the device's signature into the prepared file, timestamp it, and judge the whole.

        Args:
            pdf: The file before the signature.
            half: What `prepare` gave.
            raw: The device's signature over `half.prepared.attributes`, r and s.
            now: Aware UTC time.

        Raises:
            InputError: The signature is not one by this key.
            SigningError: The file that came out is not what it must be; it is not for anybody's eyes.
            TimestampError: No timestamp was to be had; the same signature may be handed in again.
        """
        signature = der_signature(raw)
        if not verify_raw(half.certificate_der, Mechanism.ECDSA_SHA256, half.prepared.attributes, signature):
            raise InputError(message("device.signature-does-not-fit"), hint=message("device.again.hint"))
        request = self._request(half.role, half.began)
        signer = BatchSigner(half.identity, request, token_bytes=half.token_bytes)
        token = self._stamp(signature, now) if half.token_bytes else None
        signed = signer.finish(half.prepared, signature, token=token)
        received = judge_received(pdf, replace(request, now=now), forms=self.forms, policy=self.policy)
        self._require(received.judge_signed(signed, request.role), half)
        return signed

    def _require(self, report: FileReport, half: HalfSigned) -> None:
        mine = [one for one in report.signatures if one.field == half.role]
        whole = [
            one
            for one in mine
            if one.integrity is Integrity.INTACT
            and one.method is Method.DEVICE
            and one.evidence is Evidence.INTACT
        ]
        if report.unaltered is not True or len(whole) != 1 or len(mine) != 1:
            raise SigningError(message("device.read-back"), hint=message("device.again.hint"))

    def _request(self, role: str, now: datetime) -> SigningRequest:
        level = PadesLevel.B_T if self.timestamped else PadesLevel.B_B
        return SigningRequest(role=role, level=level, now=now, trust=self.trust)

    def _token_bytes(self, now: datetime) -> int:
        if self.client is not None:
            return self.client.token_bytes()
        return 0 if self.authority.clock is None else self.authority.clock.token_bytes(now)

    def _stamp(self, signature: bytes, now: datetime) -> bytes:
        if self.client is not None:
            return self.client.timestamp(signature)
        if self.authority.clock is None:
            raise TimestampError(message("device.clock-gone"), hint=message("device.backup.hint"))
        return self.authority.clock.timestamp(signature, now)
