"""Reading CMS that others or we have made: its signer, its digest and whether its signature holds."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from agreegen.errors import SigningError
from agreegen.foreign import breakdown_as
from agreegen.signing.interface import Mechanism
from agreegen.signing.names import UNREADABLE_X509
from agreegen.signing.raw_values import fits_key

_SM3 = "1.2.156.10197.1.401"
_SM2_SM3 = frozenset({"1.2.156.10197.1.501", "1.2.156.10197.1.301.1", "1.2.156.10197.1.301"})
_SIGNATURE_TIMESTAMP = "signature_time_stamp_token"


_UNREADABLE = (KeyError, AttributeError, IndexError, RecursionError, OverflowError, *UNREADABLE_X509)
"""What asn1crypto raises on damaged encodings, of which it reads each part only when it is asked for."""


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what a damaged encoding raises into one clear error.

    Raises:
        SigningError: The encoding is damaged.
    """
    try:
        with breakdown_as(lambda: SigningError(f"{what} breaks the library that reads it")):
            yield
    except _UNREADABLE as exc:
        raise SigningError(f"{what} cannot be read ({type(exc).__name__})") from exc


@dataclass(frozen=True, slots=True)
class SignedContent:
    """One CMS SignedData with one signer (RFC 5652, section 5).

    Attributes:
        signed_data: Its parsed form.
        signer_info: Its only signer.
        certificate_der: The signer's certificate; None where it is not inside.
        certificates_der: All certificates inside.
        token: The RFC 3161 content, where this is a timestamp.
    """

    signed_data: cms.SignedData
    signer_info: cms.SignerInfo
    certificate_der: bytes | None
    certificates_der: tuple[bytes, ...]
    token: tsp.TSTInfo | None = None

    @classmethod
    def parse(cls, data: bytes, *, timestamp: bool = False) -> SignedContent:
        """Parse the DER of a CMS, zero padding after it allowed.

        Raises:
            SigningError: It is not a SignedData with one signer.
        """
        with reading("a signature in the file"):
            signed = cms.ContentInfo.load(data, strict=False)["content"]
            (signer,) = signed["signer_infos"]
            certificates = tuple(
                c.chosen.dump() for c in signed["certificates"] or () if c.name == "certificate"
            )
            own = next((der for der in certificates if _is_signer(der, signer["sid"])), None)
            token = signed["encap_content_info"]["content"].parsed if timestamp else None
        if timestamp and not isinstance(token, tsp.TSTInfo):
            raise SigningError("a timestamp in the file cannot be read (no timestamp inside)")
        return cls(signed, signer, own, certificates, token)

    @property
    def time(self) -> datetime | None:
        """The time a timestamp proves; None for a signature."""
        return None if self.token is None else self.token["gen_time"].native

    @property
    def signature(self) -> bytes:
        """The raw signature value."""
        value: bytes = self.signer_info["signature"].native
        return value

    @property
    def signature_timestamps(self) -> tuple[bytes, ...]:
        """The RFC 3161 tokens among the unsigned attributes, DER."""
        found: list[bytes] = []
        for attribute in self.signer_info["unsigned_attrs"] or ():
            if attribute["type"].native == _SIGNATURE_TIMESTAMP:
                found.extend(value.dump() for value in attribute["values"])
        return tuple(found)

    def problem(self, *parts: bytes) -> str | None:
        """Say why the signature does not hold over these bytes; None where it holds.

        For a timestamp the bytes are those that it was asked for. Trust is not judged here.
        """
        if self.token is not None:
            imprint = self.token["message_imprint"]
            name = imprint["hash_algorithm"]["algorithm"].native
            if _digest(name, *parts) != imprint["hashed_message"].native:
                return "is over other bytes"
            return self.signature_problem()
        return self.signature_problem(*parts)

    def signature_problem(self, *parts: bytes) -> str | None:
        """Say why the signature value does not hold; for a timestamp, over its own content."""
        if self.token is not None:
            parts = (bytes(self.signed_data["encap_content_info"]["content"]),)
        if self.certificate_der is None:
            return "does not carry its certificate"
        message = self._message(*parts)
        if message is None:
            return "is over other bytes"
        if not self._verify(message):
            return "has a signature value that does not fit its certificate"
        return None

    def names_certificate(self) -> bool:
        """Tell whether the ESS signing certificate attribute names the signer's certificate (RFC 5035)."""
        for attribute in self.signer_info["signed_attrs"] or ():
            kind = attribute["type"].native
            if kind not in ("signing_certificate", "signing_certificate_v2") or self.certificate_der is None:
                continue
            reference = attribute["values"][0]["certs"][0]
            name = "sha1"
            if kind == "signing_certificate_v2":
                name = reference["hash_algorithm"]["algorithm"].native
            return bool(_digest(name, self.certificate_der) == reference["cert_hash"].native)
        return False

    def _message(self, *parts: bytes) -> bytes | None:
        attributes = self.signer_info["signed_attrs"]
        if not attributes:
            return b"".join(parts)
        algorithm = self.signer_info["digest_algorithm"]["algorithm"].native
        digests = [a["values"][0].native for a in attributes if a["type"].native == "message_digest"]
        if digests != [_digest(algorithm, *parts)]:
            return None
        encoded: bytes = attributes.untag().dump()
        return encoded

    def _verify(self, message: bytes) -> bool:
        assert self.certificate_der is not None
        algorithm = self.signer_info["signature_algorithm"]
        if algorithm["algorithm"].dotted in _SM2_SM3:
            from agreegen.signing.certificate_checks import verify_raw  # noqa: PLC0415 - a cycle otherwise

            return verify_raw(self.certificate_der, Mechanism.SM2_SM3, message, self.signature)
        digest, salt = _hash(_hash_name(self.signer_info)), None
        if algorithm["algorithm"].native == "rsassa_pss":
            salt = int(algorithm["parameters"]["salt_length"].native)
            digest = _hash(algorithm["parameters"]["hash_algorithm"]["algorithm"].native)
        try:
            key = x509.load_der_x509_certificate(self.certificate_der).public_key()
        except (UnsupportedAlgorithm, *UNREADABLE_X509):
            return False
        return fits_key(key, self.signature, message, digest, pss_salt_bytes=salt)


def _is_signer(der: bytes, sid: cms.SignerIdentifier) -> bool:
    certificate = asn1_x509.Certificate.load(der)
    if sid.name == "issuer_and_serial_number":
        wanted = sid.chosen
        same_serial = certificate.serial_number == wanted["serial_number"].native
        return bool(same_serial and certificate.issuer.dump() == wanted["issuer"].dump())
    return bool(certificate.key_identifier == sid.chosen.native)


def _hash_name(signer: cms.SignerInfo) -> str:
    try:
        name: str = signer["signature_algorithm"].hash_algo
    except ValueError:
        name = signer["digest_algorithm"]["algorithm"].native
    return name


def _digest(name: str, *parts: bytes) -> bytes:
    state = hashlib.new("sm3" if name == _SM3 else name)
    for part in parts:
        state.update(part)
    return state.digest()


def _hash(name: str) -> hashes.HashAlgorithm:
    known: dict[str, hashes.HashAlgorithm] = {
        "sha1": hashes.SHA1(),  # noqa: S303 - old signatures stay readable; their strength is policy
        "sha224": hashes.SHA224(),
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    if name not in known:
        raise ValueError(f"unknown digest {name}")
    return known[name]
