"""One certificate that a caller expects: the answer to "whose signature must this be?"."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import pem, x509

from agreegen.errors import InputError
from agreegen.messages import message

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_MAX_FILE_BYTES = 1 << 20
_HINT = message("pki.name-pem-or-der-file-with")


@dataclass(frozen=True, slots=True)
class SignerPin:
    """The certificate of a signer, by its fingerprint.

    A trusted chain says that an authority knows the signer; a pin says which signer it must be.

    Attributes:
        sha256: SHA-256 of the certificate's DER, lower-case hex.
    """

    sha256: str

    @classmethod
    def parse(cls, text: str) -> SignerPin:
        """Read what a user named: a certificate file, or a fingerprint as OpenSSL prints it.

        Raises:
            InputError: It is neither, or the file holds several certificates.
        """
        plain = text.replace(":", "").strip().lower()
        if _FINGERPRINT.fullmatch(plain):
            return cls(plain)
        try:
            with Path(text).open("rb") as file:
                data = file.read(_MAX_FILE_BYTES)
        except (OSError, ValueError) as exc:
            raise InputError(message("pki.signer-no-file-no-sha-256", text=text), hint=_HINT) from exc
        return cls(fingerprint(_only_certificate(text, data)))

    def matches(self, certificate_der: bytes | None) -> bool:
        """Say whether this is the certificate; none at all never is."""
        return certificate_der is not None and hmac.compare_digest(fingerprint(certificate_der), self.sha256)


def fingerprint(certificate_der: bytes) -> str:
    """Return the SHA-256 of a certificate's DER, lower-case hex."""
    return hashlib.sha256(certificate_der).hexdigest()


def _only_certificate(name: str, data: bytes) -> bytes:
    try:
        ders = [der for kind, _, der in pem.unarmor(data, multiple=True) if kind == "CERTIFICATE"]
    except ValueError:
        ders = [data]
    if len(ders) != 1:
        raise InputError(
            message("pki.signer-file-holds-certificates-one-needed", name=name, count=len(ders)), hint=_HINT
        )
    try:
        certificate = x509.Certificate.load(ders[0], strict=True)
        _ = certificate.subject.native, certificate.public_key.native
    except (ValueError, TypeError, KeyError) as exc:
        raise InputError(message("pki.signer-file-holds-no-certificate", name=name), hint=_HINT) from exc
    return bytes(ders[0])
