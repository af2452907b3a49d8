"""Signature and digest algorithms by object identifier, digests, and what fits what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from asn1crypto import algos, keys
from cryptography.hazmat.primitives import hashes

from agreegen.errors import SpokenError
from agreegen.messages import Message, message

SM2_DEFAULT_ID = "1234567812345678"
"""The signer id of GB/T 35276 where nothing else was agreed."""

_SM2_CURVE = "1.2.156.10197.1.301"

DIGESTS: dict[str, str] = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.6": "sha512_256",
    "2.16.840.1.101.3.4.2.7": "sha3_224",
    "2.16.840.1.101.3.4.2.8": "sha3_256",
    "2.16.840.1.101.3.4.2.9": "sha3_384",
    "2.16.840.1.101.3.4.2.10": "sha3_512",
    "2.16.840.1.101.3.4.2.12": "shake_256",
    "2.16.840.1.101.3.4.2.18": "shake_256",
    "1.3.36.3.2.1": "ripemd160",
    "1.2.156.10197.1.401": "sm3",
}
"""Digest algorithms by object identifier."""

SIGNATURES: dict[str, tuple[str, str | None]] = {
    "1.2.840.113549.1.1.1": ("rsa", None),
    "1.2.840.113549.1.1.4": ("rsa", "md5"),
    "1.2.840.113549.1.1.5": ("rsa", "sha1"),
    "1.3.14.3.2.29": ("rsa", "sha1"),
    "1.3.36.3.3.1.2": ("rsa", "ripemd160"),
    "1.2.840.113549.1.1.14": ("rsa", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa", "sha512"),
    "2.16.840.1.101.3.4.3.13": ("rsa", "sha3_224"),
    "2.16.840.1.101.3.4.3.14": ("rsa", "sha3_256"),
    "2.16.840.1.101.3.4.3.15": ("rsa", "sha3_384"),
    "2.16.840.1.101.3.4.3.16": ("rsa", "sha3_512"),
    "1.2.840.113549.1.1.10": ("pss", None),
    "1.2.840.10045.2.1": ("ecdsa", None),
    "1.2.840.10045.4.1": ("ecdsa", "sha1"),
    "1.2.840.10045.4.3.1": ("ecdsa", "sha224"),
    "1.2.840.10045.4.3.2": ("ecdsa", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa", "sha512"),
    "2.16.840.1.101.3.4.3.9": ("ecdsa", "sha3_224"),
    "2.16.840.1.101.3.4.3.10": ("ecdsa", "sha3_256"),
    "2.16.840.1.101.3.4.3.11": ("ecdsa", "sha3_384"),
    "2.16.840.1.101.3.4.3.12": ("ecdsa", "sha3_512"),
    "0.4.0.127.0.7.1.1.4.1.1": ("plain-ecdsa", "sha1"),
    "0.4.0.127.0.7.1.1.4.1.2": ("plain-ecdsa", "sha224"),
    "0.4.0.127.0.7.1.1.4.1.3": ("plain-ecdsa", "sha256"),
    "0.4.0.127.0.7.1.1.4.1.4": ("plain-ecdsa", "sha384"),
    "0.4.0.127.0.7.1.1.4.1.5": ("plain-ecdsa", "sha512"),
    "1.2.840.10040.4.1": ("dsa", None),
    "1.2.840.10040.4.3": ("dsa", "sha1"),
    "2.16.840.1.101.3.4.3.1": ("dsa", "sha224"),
    "2.16.840.1.101.3.4.3.2": ("dsa", "sha256"),
    "1.3.101.112": ("ed25519", None),
    "1.3.101.113": ("ed448", None),
    "1.2.156.10197.1.501": ("sm2", "sm3"),
    "1.2.156.10197.1.301.1": ("sm2", "sm3"),
    "1.2.156.10197.1.301": ("sm2", "sm3"),
}
"""Scheme and digest (None: stands elsewhere) of signature algorithms by object identifier."""

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha512_256": hashes.SHA512_256,
    "sha3_224": hashes.SHA3_224,
    "sha3_256": hashes.SHA3_256,
    "sha3_384": hashes.SHA3_384,
    "sha3_512": hashes.SHA3_512,
    "sm3": hashes.SM3,
}
"""Digests as the cryptographic library knows them."""


_EDWARDS_DIGESTS = {"ed25519": "sha512", "ed448": "shake_256"}


class UnsupportedError(SpokenError):
    """An algorithm that this verifier does not know; it never counts as right."""


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature algorithm as it was used.

    Attributes:
        scheme: `rsa`, `pss`, `ecdsa`, `plain-ecdsa`, `dsa`, `ed25519`, `ed448` or `sm2`.
        digest: Digest name; empty for EdDSA.
        mgf_digest: Digest of the mask generation function, for PSS.
        salt_length: Salt length in bytes, for PSS.
    """

    scheme: str
    digest: str
    mgf_digest: str = ""
    salt_length: int = 0


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Kind and size of a public key: `rsa` 3072, `ec` 256, `ed25519` 256, `sm2` 256, `dsa` 2048."""

    kind: str
    bits: int


@dataclass(frozen=True, slots=True)
class AlgorithmUse:
    """One use of an algorithm that the policy has to accept.

    Attributes:
        use: What it served for, e.g. `signature` or `message digest`.
        scheme: Signature scheme, empty for a bare digest.
        digest: Digest name, empty for EdDSA.
        key: The key, None for a bare digest.
        conflict: Which algorithms that are stated do not fit each other; None where all do.
    """

    use: Message
    scheme: str
    digest: str
    key: KeyFacts | None = None
    conflict: Message | None = None


def digest_name(oid: str) -> str:
    """Return the digest that an algorithm identifier names.

    Raises:
        UnsupportedError: The identifier is not known.
    """
    if oid not in DIGESTS:
        raise UnsupportedError(message("pki.unknown-digest-algorithm", oid=oid))
    return DIGESTS[oid]


def signer_digest_name(oid: str) -> str:
    """Return the digest that a SignerInfo's digestAlgorithm names.

    Some signers write a signature algorithm there, `sha256WithRSAEncryption` say; its digest is meant.

    Raises:
        UnsupportedError: The identifier is not known.
    """
    return SIGNATURES.get(oid, ("", None))[1] or digest_name(oid)


def find_conflict(algorithm: SignatureAlgorithm, message_digest: str) -> Message | None:
    """Say which algorithms of a signature over signed attributes do not fit each other; None where all do.

    One digest is as strong as the other only where they are the same: a signature that states a strong one
    and rests on a weak one, too, must not pass for strong.

    Args:
        algorithm: The signature algorithm as stated (RFC 4055, 3.1 asks for one digest in PSS and its mask).
        message_digest: The digest algorithm of the signer (RFC 8419, 3.1 fixes it for Edwards curves).
    """
    digest = _EDWARDS_DIGESTS.get(algorithm.scheme, algorithm.digest)
    scheme, problems = algorithm.scheme.upper(), list[Message]()
    if digest != message_digest:
        problems.append(message("pki.goes-with-digest", wanted=digest.upper(), stated=message_digest.upper()))
    if algorithm.mgf_digest not in {"", algorithm.digest}:
        stated, wanted = algorithm.mgf_digest.upper(), algorithm.digest.upper()
        problems.append(message("pki.uses-digest-in-mask", stated=stated, wanted=wanted))
    if len(problems) > 1:
        return message("pki.two-conflicts", scheme=scheme, first=problems[0], second=problems[1])
    return message("pki.conflict", scheme=scheme, conflict=problems[0]) if problems else None


def compute_digest(name: str, *parts: bytes | memoryview) -> bytes:
    """Digest the parts one after the other.

    Raises:
        UnsupportedError: The digest is not available here.
    """
    try:
        state = hashlib.new(name)
    except ValueError:
        if name not in HASHES:
            raise UnsupportedError(message("pki.digest-not-available", name=name)) from None
        own = hashes.Hash(HASHES[name]())
        for part in parts:
            own.update(bytes(part))
        return own.finalize()
    for part in parts:
        state.update(part)
    # RFC 8419, 2.3: 64 bytes of SHAKE256 go with Ed448.
    return bytes(state.digest(64)) if name == "shake_256" else bytes(state.digest())  # type: ignore[call-arg]


def read_algorithm(
    identifier: algos.SignedDigestAlgorithm, fallback_digest: str | None
) -> SignatureAlgorithm:
    """Read an AlgorithmIdentifier (RFC 5280, 4.1.1.2; PSS parameters by RFC 4055).

    Args:
        identifier: The algorithm with its parameters.
        fallback_digest: The digest where the identifier names none (`rsaEncryption`).

    Raises:
        UnsupportedError: The identifier is not known.
    """
    oid = identifier["algorithm"].dotted
    if oid not in SIGNATURES:
        raise UnsupportedError(message("pki.unknown-signature-algorithm", oid=oid))
    scheme, digest = SIGNATURES[oid]
    if scheme == "pss":
        parameters = identifier["parameters"]
        if not isinstance(parameters, algos.RSASSAPSSParams):
            parameters = algos.RSASSAPSSParams({})
        mask = parameters["mask_gen_algorithm"]
        return SignatureAlgorithm(
            scheme,
            digest_name(parameters["hash_algorithm"]["algorithm"].dotted),
            digest_name(mask["parameters"]["algorithm"].dotted),
            int(parameters["salt_length"].native),
        )
    if scheme in {"ed25519", "ed448"}:
        return SignatureAlgorithm(scheme, "")
    chosen = digest or fallback_digest
    if chosen is None:
        raise UnsupportedError(message("pki.signature-algorithm-without-digest", oid=oid))
    return SignatureAlgorithm(scheme, chosen)


def key_facts(info: keys.PublicKeyInfo) -> KeyFacts:
    """Say kind and size of a public key; an unknown kind has size 0."""
    oid = info["algorithm"]["algorithm"].dotted
    describe = _KEYS.get(oid)
    return KeyFacts(oid, 0) if describe is None else describe(info)


def _rsa_facts(info: keys.PublicKeyInfo) -> KeyFacts:
    return KeyFacts("rsa", int(info["public_key"].parsed["modulus"].native).bit_length())


def _ec_facts(info: keys.PublicKeyInfo) -> KeyFacts:
    parameters = info["algorithm"]["parameters"]
    if parameters.name == "named" and parameters.chosen.dotted == _SM2_CURVE:
        return KeyFacts("sm2", 256)
    point = info["public_key"].native
    # An uncompressed point is one octet and two coordinates (SEC 1, 2.3.3).
    size = (len(point) - 1) // 2 if point[:1] == b"\x04" else len(point) - 1
    return KeyFacts("ec", 521 if size == 66 else size * 8)


def _dsa_facts(info: keys.PublicKeyInfo) -> KeyFacts:
    parameters = info["algorithm"]["parameters"]
    prime = parameters["p"].native if hasattr(parameters, "children") and parameters.native else 0
    return KeyFacts("dsa", int(prime).bit_length())


_KEYS: dict[str, Callable[[keys.PublicKeyInfo], KeyFacts]] = {
    "1.2.840.113549.1.1.1": _rsa_facts,
    "1.2.840.113549.1.1.10": _rsa_facts,
    "1.2.840.10045.2.1": _ec_facts,
    "1.2.840.10040.4.1": _dsa_facts,
    "1.3.101.112": lambda _: KeyFacts("ed25519", 256),
    "1.3.101.113": lambda _: KeyFacts("ed448", 448),
}
