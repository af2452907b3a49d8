"""Signed heads: the end of a chain at one moment, with the signature of whoever answers for it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agreegen.model.text import CertificateName

HEAD_EVENT, SIGNER_EVENT = "head", "signer"
"""Kinds of the events that every chain keeps of itself: a head was signed; who signs from now on."""
_CODE_BYTES = 10
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain at one moment.

    Attributes:
        chain_id: Id of the chain, e.g. of the register.
        count: Number of links.
        hash: Hash of the last of them.
        signer: Name of the credential that signed.
        signature: Detached signature over `message`; empty where nobody signed.
        kind: What the chain is of.
    """

    chain_id: str
    count: int
    hash: bytes
    signer: str = ""
    signature: bytes = b""
    kind: str = "register"

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return f"agreegen {self.kind} head/1\n{self.chain_id}\n{self.count}\n{self.hash.hex()}\n".encode()

    @property
    def code(self) -> str:
        """A short code to be kept on paper: the count, and 80 bits of a hash over `message` in base 32."""
        digest = hashlib.sha256(self.message).digest()[:_CODE_BYTES]
        letters = base64.b32encode(digest).decode()
        groups = (letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))
        return "-".join((str(self.count), *groups))


@dataclass(frozen=True, slots=True)
class SignerIdentity:
    """Whose certificate signs the heads of a chain.

    Attributes:
        certificate_sha256: Lower-case hex SHA-256 of the certificate, DER.
        subject: The certificate's subject, for people.
        issuer: The certificate's issuer.
    """

    certificate_sha256: str
    subject: str
    issuer: str

    def in_language(self, language: str) -> str:
        """Return the subject for people: outside of English without the English names of its parts."""
        return CertificateName(self.subject).in_language(language)

    def to_dict(self) -> dict[str, str]:
        """Return the JSON object that an event keeps."""
        return {
            "certificate_sha256": self.certificate_sha256,
            "subject": self.subject,
            "issuer": self.issuer,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> SignerIdentity:
        """Read what `to_dict` wrote; what is not there is empty and equals nobody."""
        names = ("certificate_sha256", "subject", "issuer")
        return cls(*(str(data.get(name, "")) for name in names))

    def same_as(self, other: SignerIdentity, *, by_name: bool = True) -> bool:
        """Whether both are one signer: the same certificate, or a renewed one of the same issuer.

        Args:
            other: The other one.
            by_name: Whether equal names of subject and issuer count. Anybody can write names into a
                certificate: only for what is judged against trust anchors, too.
        """
        renewed = self.subject != "" and (self.subject, self.issuer) == (other.subject, other.issuer)
        return self.certificate_sha256 == other.certificate_sha256 or (by_name and renewed)


@dataclass(frozen=True, slots=True)
class Succession:
    """Who signs a chain from now on, and that signer's own word for it.

    Whoever holds any trusted key may make up a chain and hand it over to the office, whose next command would
    then sign it. Only with the successor's signature over the chain as it stood does a handover count.

    Attributes:
        successor: Whose certificate signs from now on.
        count: Number of events that the successor saw.
        signature: The successor's detached signature over that end of the chain.
    """

    successor: SignerIdentity
    count: int = 0
    signature: bytes = b""

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object that an event keeps."""
        return self.successor.to_dict() | {"seen": self.count, "accepted": self.signature.hex()}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Succession:
        """Read what `to_dict` wrote; where there is no such word, the signature is empty.

        Raises:
            ValueError: It is something else.
        """
        successor = SignerIdentity.from_dict(data)
        return cls(successor, int(str(data.get("seen", 0))), bytes.fromhex(str(data.get("accepted", ""))))

    @staticmethod
    def end_to_accept(chain_id: str, count: int, digest: bytes, kind: str) -> Head:
        """Return the end of a chain as a successor signs it; no head of a chain has the same message."""
        return Head(chain_id, count, digest, kind=f"{kind} successor")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said of a head before it is signed, in an event under it: nothing else covers the last head.

    Attributes:
        credential: What the signer's credential is called; None where an earlier version did not say.
        timestamped: Whether the signature of the next head carries a timestamp.
    """

    credential: str | None = None
    timestamped: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return what an event keeps of it beside the signer."""
        return {"credential": self.credential} | ({"timestamped": True} if self.timestamped else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Notice:
        """Read what `to_dict` wrote; of earlier versions, nothing."""
        credential = data.get("credential")
        return cls(None if credential is None else str(credential), data.get("timestamped") is True)


class HeadSigner(Protocol):
    """Signs the heads of a chain."""

    @property
    def name(self) -> str:
        """Name of the credential, for people."""
        ...

    @property
    def identity(self) -> SignerIdentity:
        """Whose certificate it is."""
        ...

    @property
    def timestamps(self) -> bool:
        """Whether each signature carries a timestamp."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return a detached signature over a message.

        Raises:
            CredentialError: The key cannot sign.
        """
        ...
