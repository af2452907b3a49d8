"""Keys that were in files, held in memory: RSA, ECDSA and Ed25519 (RFC 8017, FIPS 186-5, RFC 8032)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from agreegen.errors import CredentialError
from agreegen.messages import message as sentence
from agreegen.signing.credentials.certificate_files import no_certificate, order_chain
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.interface import Mechanism

SupportedKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_OAEP_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_RSA_BITS = range(2048, 4096 + 1)


class FileSigner:
    """A private key held in memory; satisfies the `RawSigner` protocol."""

    __slots__ = ("_key", "_mechanism")

    def __init__(self, key: SupportedKey) -> None:
        self._mechanism = mechanism_of(key.public_key())
        self._key: SupportedKey | None = key

    def __repr__(self) -> str:
        return f"FileSigner({self._mechanism.value})"

    @property
    def mechanism(self) -> Mechanism:
        """The algorithm the key signs with."""
        return self._mechanism

    def sign(self, message: bytes) -> bytes:
        """Sign a message.

        Raises:
            CredentialError: The signer was closed.
        """
        key = self._key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        if isinstance(key, ec.EllipticCurvePrivateKey):
            wide = self._mechanism is Mechanism.ECDSA_SHA384
            return key.sign(message, ec.ECDSA(hashes.SHA384() if wide else hashes.SHA256()))
        if key is None:
            raise CredentialError(sentence("signing.key-was-closed"))
        return key.sign(message)

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """Sign several messages, one after the other."""
        return [self.sign(message) for message in messages]

    def decrypt_key(self, encrypted: bytes, oaep_hash: str | None) -> bytes:
        """Decrypt a content key.

        Raises:
            ValueError: It was not encrypted for this key, or not so.
        """
        if not isinstance(self._key, rsa.RSAPrivateKey):
            raise ValueError("only an RSA key decrypts")  # noqa: TRY004 - which key it is was found out late
        if oaep_hash is None:
            return self._key.decrypt(encrypted, padding.PKCS1v15())
        digest = _OAEP_HASHES[oaep_hash]()
        return self._key.decrypt(encrypted, padding.OAEP(padding.MGF1(digest), digest, None))

    def agree(self, point: bytes) -> bytes:
        """Return the secret that this key and a point of its curve share.

        Raises:
            ValueError: The key agrees on nothing, or the point is none of its curve.
        """
        if not isinstance(self._key, ec.EllipticCurvePrivateKey):
            raise ValueError("only a key on a curve agrees")  # noqa: TRY004 - the same
        other = ec.EllipticCurvePublicKey.from_encoded_point(self._key.curve, point)
        return self._key.exchange(ec.ECDH(), other)

    def close(self) -> None:
        """Drop the key."""
        self._key = None


def mechanism_of(public_key: object) -> Mechanism:
    """Return how a public key's owner signs.

    Raises:
        CredentialError: The key type or size is not supported.
    """
    if isinstance(public_key, rsa.RSAPublicKey):
        if public_key.key_size not in _RSA_BITS:
            raise CredentialError(
                sentence("signing.rsa-key-bits-cannot-used", key_size=public_key.key_size),
                hint=sentence("signing.use-2048-4096-bits"),
            )
        return Mechanism.RSA_SHA256
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        if isinstance(public_key.curve, ec.SECP256R1):
            return Mechanism.ECDSA_SHA256
        if isinstance(public_key.curve, ec.SECP384R1):
            return Mechanism.ECDSA_SHA384
        raise CredentialError(
            sentence("signing.curve-not-supported", name=public_key.curve.name),
            hint=sentence("signing.use-p-256-or-p-384"),
        )
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return Mechanism.ED25519
    raise CredentialError(
        sentence("signing.type-key-not-supported"), hint=sentence("signing.use-rsa-p-256-p-384-2")
    )


def match_certificate(
    config: BackendConfig, key: object, certificates: Sequence[x509.Certificate]
) -> LoadedKey:
    """Return a key with its own certificate among some, and the others as its chain.

    Raises:
        CredentialError: The key is not one that is supported, or none of the certificates belongs to it.
    """
    if not isinstance(key, SupportedKey):
        config.fail(sentence("signing.type-key-not-supported"), hint=sentence("signing.use-rsa-p-256-p-384"))
    wanted = _public_bytes(key.public_key())
    own = next((c for c in certificates if _certificate_key(c) == wanted), None)
    if own is None:
        raise no_certificate(config)
    try:
        signer = FileSigner(key)
    except CredentialError as exc:
        raise config.error(exc.sentence, hint=exc.advice) from None
    der = serialization.Encoding.DER
    chain = tuple(c.public_bytes(der) for c in order_chain(own, certificates))
    return LoadedKey(signer, own.public_bytes(der), chain)


def _public_bytes(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _certificate_key(certificate: x509.Certificate) -> bytes | None:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def broke_down(config: BackendConfig, path: object) -> CredentialError:
    """Build the error about a file at which the library that reads it breaks down."""
    return config.error(
        sentence("signing.breaks-library-reads", path=path), hint=sentence("signing.export-key-again")
    )
