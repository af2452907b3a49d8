"""The office's own timestamp service (RFC 3161), for isolated networks: its word, nobody else's."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from agreegen.errors import CredentialError
from agreegen.files import read_limited
from agreegen.messages import message
from agreegen.pki.device_certificates import ARC
from agreegen.signing.services.timestamps import require_token

_POLICY = f"{ARC}.3"
"""The policy of these tokens: the time of the office's server, and no other promise."""
_SERIAL_BITS = 126
_MARGIN = 64
_MAX_FILE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class OfficeClock:
    """Answers with tokens of its own.

    Attributes:
        certificate: Its certificate (asn1crypto).
        key: Its key.
    """

    certificate: asn1_x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def load(cls, certificate: Path, key: Path) -> OfficeClock:
        """Load certificate and key.

        Raises:
            CredentialError: They cannot be read.
        """
        try:
            loaded = x509.load_pem_x509_certificate(read_limited(certificate, _MAX_FILE))
            private = load_pem_private_key(read_limited(key, _MAX_FILE), password=None)
        except (OSError, ValueError, TypeError) as exc:
            raise CredentialError(
                message("device.clock-unusable", file=certificate), hint=message("device.backup.hint")
            ) from exc
        if not isinstance(private, ec.EllipticCurvePrivateKey) or loaded.public_key() != private.public_key():
            raise CredentialError(
                message("device.clock-key", key=key, certificate=certificate),
                hint=message("device.backup.hint"),
            )
        return cls(asn1_x509.Certificate.load(loaded.public_bytes(Encoding.DER)), private)

    def token_bytes(self, now: datetime) -> int:
        """Return the room that a token needs."""
        return len(self.timestamp(b"", now)) + _MARGIN

    def timestamp(self, data: bytes, now: datetime) -> bytes:
        """Return a token over the SHA-256 of some bytes, checked as anybody else's.

        Args:
            data: The bytes.
            now: Aware UTC time.
        """
        digest = hashlib.sha256(data).digest()
        info = self._info(digest, now)
        attributes = self._attributes(info.dump(), now)
        value = self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        token: bytes = self._container(info, attributes, value).dump()
        require_token(token, digest)
        return token

    def _info(self, digest: bytes, now: datetime) -> tsp.TSTInfo:
        return tsp.TSTInfo(
            {
                "version": "v1",
                "policy": _POLICY,
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
                "serial_number": secrets.randbits(_SERIAL_BITS) | 1,
                "gen_time": now.astimezone(UTC).replace(microsecond=0),
            }
        )

    def _attributes(self, content: bytes, now: datetime) -> cms.CMSAttributes:
        reference = {"cert_hash": hashlib.sha256(self.certificate.dump()).digest()}
        attributes: tuple[tuple[str, object], ...] = (
            ("content_type", "tst_info"),
            ("signing_time", cms.Time(name="utc_time", value=now.astimezone(UTC).replace(microsecond=0))),
            ("message_digest", hashlib.sha256(content).digest()),
            ("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [reference]})),
        )
        return cms.CMSAttributes(
            [cms.CMSAttribute({"type": kind, "values": [value]}) for kind, value in attributes]
        )

    def _container(self, info: tsp.TSTInfo, attributes: cms.CMSAttributes, value: bytes) -> cms.ContentInfo:
        sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    name="issuer_and_serial_number",
                    value={
                        "issuer": self.certificate.issuer,
                        "serial_number": self.certificate.serial_number,
                    },
                ),
                "digest_algorithm": sha256,
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": value,
            }
        )
        content = {"content_type": "tst_info", "content": core.ParsableOctetString(info.dump())}
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [sha256],
                "encap_content_info": content,
                "certificates": [self.certificate],
                "signer_infos": [signer],
            }
        )
        return cms.ContentInfo({"content_type": "signed_data", "content": signed})
