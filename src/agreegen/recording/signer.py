"""A credential as the signer of a register's heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509

from agreegen.chain.signed_heads import SignerIdentity, Succession
from agreegen.chain.view import ChainView
from agreegen.pki.signer_pin import fingerprint
from agreegen.signing.detached import sign_detached
from agreegen.signing.interface import Credential, TimestampServer, Trust


@dataclass(frozen=True, slots=True)
class CredentialSigner:
    """Signs heads with a credential that the caller has loaded and checked.

    Attributes:
        credential: Key and certificate.
        now: Claimed time of the signature, aware UTC.
        tsa: Timestamp services, tried in order; none for no timestamp.
        trust: Anchors that the service must chain to.
    """

    credential: Credential
    now: datetime
    tsa: Sequence[TimestampServer] = ()
    trust: Trust | None = None

    @property
    def name(self) -> str:
        """Name of the credential, for people."""
        return self.credential.name

    @property
    def identity(self) -> SignerIdentity:
        """Whose certificate it is."""
        return identity_of(self.credential.certificate_der)

    @property
    def timestamps(self) -> bool:
        """Whether each signature carries a timestamp."""
        return bool(self.tsa)

    def sign(self, message: bytes) -> bytes:
        """Return a detached CAdES signature over a message.

        Raises:
            CredentialError: The key cannot sign.
            TimestampError: No service gave an acceptable timestamp.
        """
        return sign_detached(message, self.credential, self.now, self.tsa, trust=self.trust)


def accept_succession(chain: ChainView, successor: CredentialSigner) -> Succession:
    """Have a successor sign the end of a chain that is handed over to it.

    Args:
        chain: The chain; nobody writes to it until the handover is recorded.
        successor: Who signs from now on.

    Raises:
        CredentialError: The key cannot sign.
    """
    count = chain.event_count
    end = Succession.end_to_accept(chain.id, count, chain.hash_at(count) or b"", chain.kind.name)
    return Succession(successor.identity, count, successor.sign(end.message))


def identity_of(certificate_der: bytes) -> SignerIdentity:
    """Return what a chain keeps of a signer's certificate; names that cannot be read are empty."""
    try:
        certificate = x509.Certificate.load(certificate_der)
        names = (str(certificate.subject.human_friendly), str(certificate.issuer.human_friendly))
    except (ValueError, TypeError, KeyError):
        names = ("", "")
    return SignerIdentity(fingerprint(certificate_der), *names)
