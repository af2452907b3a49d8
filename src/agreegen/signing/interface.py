"""What signing offers to the rooms above: credentials, trust, and the requests to sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from agreegen.messages import Message, message
from agreegen.model.report import PadesLevel

Prompt = Callable[[str], str]
"""Asks the user for a secret; takes the question, returns the answer."""


class Mechanism(StrEnum):
    """The raw signature algorithms, with the digest each one is used with."""

    RSA_SHA256 = "rsa-sha256"
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    ED25519 = "ed25519"
    SM2_SM3 = "sm2-sm3"


@runtime_checkable
class RawSigner(Protocol):
    """The key itself: the only thing that a token or a remote service has to offer."""

    @property
    def mechanism(self) -> Mechanism:
        """The algorithm the key signs with."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign a message (the DER of the CMS signed attributes); ECDSA and SM2 results are DER.

        Raises:
            CredentialError: The key cannot sign (token removed, service refused, key disabled).
        """
        ...

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """Sign several messages, in one exchange where the backend can."""
        ...

    def close(self) -> None:
        """Release the session; further calls fail."""
        ...


@runtime_checkable
class KeyOpener(Protocol):
    """A key that opens what was encrypted for it; not every kind of credential has one."""

    def decrypt_key(self, encrypted: bytes, oaep_hash: str | None) -> bytes:
        """Decrypt a content key: RSA with OAEP over this hash, or as PKCS #1 1.5 says; SM2 (GM/T 0009).

        Raises:
            ValueError: It was not encrypted for this key, or not so.
            CredentialError: The key was closed.
        """
        ...

    def agree(self, point: bytes) -> bytes:
        """Return the secret that this key and an uncompressed point of its curve share (RFC 5753).

        Raises:
            ValueError: The key agrees on nothing, or the point is none of its curve.
            CredentialError: The key was closed.
        """
        ...


@dataclass(frozen=True, slots=True)
class AppearanceSource:
    """The picture of a seal or of a handwritten signature.

    Attributes:
        image: Path of a PNG (transparency kept) or of a one-page PDF.
    """

    image: Path


@dataclass(frozen=True, slots=True, eq=False)
class Credential:
    """A key, its certificate and what goes with it. The key never shows in `repr`.

    Attributes:
        name: The credential file's stem, for messages.
        path: The credential file.
        kind: `pkcs12`, `pem`, `pkcs11`, `csc` or `sm2`.
        certificate_der: The signing certificate, DER.
        chain_der: Further certificates that go into the CMS, DER, issuer first.
        signer: The key.
        appearance: Picture for visible fields, if any.
        warnings: What the user should mend, e.g. a key file that others can read.
        sm2_signer_id: The id that enters each SM2 digest; None for other kinds of keys.
    """

    name: str
    path: Path
    kind: str
    certificate_der: bytes
    chain_der: tuple[bytes, ...]
    signer: RawSigner
    appearance: AppearanceSource | None = None
    warnings: tuple[Message, ...] = ()
    sm2_signer_id: str | None = None

    def __repr__(self) -> str:
        return f"Credential({self.name!r}, kind={self.kind!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the key."""
        self.signer.close()


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust anchors and revocation lists that the user gave.

    Attributes:
        anchors_der: Self-signed or other certificates that are trusted as such, DER.
        crls_der: Certificate revocation lists, DER.
        example: Whether one of the anchors is an example certificate (its subject says EXAMPLE).
        device_anchors_der: Who vouches for keys made on signers' own devices, and for nothing else.
    """

    anchors_der: tuple[bytes, ...] = ()
    crls_der: tuple[bytes, ...] = ()
    example: bool = False
    device_anchors_der: tuple[bytes, ...] = ()

    @property
    def warnings(self) -> tuple[Message, ...]:
        """What deserves a look about the anchors."""
        if not self.example:
            return ()
        return (message("signing.one-trust-anchors-example-certificate-never"),)


@dataclass(frozen=True, slots=True)
class TimestampServer:
    """One RFC 3161 service.

    Attributes:
        url: Its address.
        timeout_s: Time limit of one request.
        username: For HTTP basic authentication.
        password: For HTTP basic authentication.
        client_certificate: PEM file with certificate and key for TLS client authentication.
        requests_per_minute: Greatest rate, None for no limit.
        policy: OID of the timestamp policy that is asked for and must be answered; None for any.
        ca_file: PEM file of the authorities that TLS trusts; None for the system's.
        warnings: What the user should mend, e.g. a key file that others can read.
    """

    url: str
    timeout_s: float = 10.0
    username: str | None = None
    password: str | None = None
    client_certificate: Path | None = None
    requests_per_minute: int | None = None
    policy: str | None = None
    ca_file: Path | None = None
    warnings: tuple[Message, ...] = ()

    def __repr__(self) -> str:
        return f"TimestampServer({self.url!r})"


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """What to sign and how.

    Attributes:
        role: Id of the role, which is the name of the PDF signature field.
        level: PAdES level asked for.
        now: Signing time, aware UTC.
        trust: Anchors for the check before signing; empty means chain not checked.
        tsa: Timestamp services, tried in order.
        reason: `/Reason`, Chinese allowed.
        location: `/Location`, Chinese allowed.
        relax_order: Sign although a role that comes before has not signed.
    """

    role: str
    level: PadesLevel
    now: datetime
    trust: Trust = Trust()
    tsa: tuple[TimestampServer, ...] = ()
    reason: str | None = None
    location: str | None = None
    relax_order: bool = False


@dataclass(frozen=True, slots=True)
class SignedPdf:
    """A signed file and what was reached.

    Attributes:
        data: The file.
        level: The level reached.
        timestamp_pending: Whether the level asked for needs a timestamp that no service gave.
        why_pending: What the services said instead.
        hole: Where the signature's `/Contents` stands, brackets included; None where more came after it.
    """

    data: bytes
    level: PadesLevel
    timestamp_pending: bool = False
    why_pending: Message | None = None
    hole: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a document security store takes for one chain.

    Attributes:
        certificates_der: The chain, anchor included, and certificates of OCSP responders.
        ocsps_der: OCSP responses, DER.
        crls_der: Revocation lists, DER.
    """

    certificates_der: tuple[bytes, ...]
    ocsps_der: tuple[bytes, ...] = ()
    crls_der: tuple[bytes, ...] = ()
