"""Keys in files: PKCS#12 and PEM, RSA, ECDSA and Ed25519 (RFC 8017, FIPS 186-5, RFC 8032)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from agreegen.errors import CredentialError
from agreegen.foreign import breakdown_as
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.interface import Mechanism
from agreegen.signing.names import UNREADABLE_X509

SupportedKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
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

    @property
    def shareable(self) -> bool:
        """True: another process can load the same file."""
        return True

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
            raise CredentialError("the key was closed")
        return key.sign(message)

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """Sign several messages, one after the other."""
        return [self.sign(message) for message in messages]

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
                f"an RSA key of {public_key.key_size} bits cannot be used", hint="use 2048 to 4096 bits"
            )
        return Mechanism.RSA_SHA256
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        if isinstance(public_key.curve, ec.SECP256R1):
            return Mechanism.ECDSA_SHA256
        if isinstance(public_key.curve, ec.SECP384R1):
            return Mechanism.ECDSA_SHA384
        raise CredentialError(
            f"the curve {public_key.curve.name} is not supported", hint="use P-256 or P-384"
        )
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return Mechanism.ED25519
    raise CredentialError("this type of key is not supported", hint="use RSA, P-256, P-384, Ed25519 or SM2")


def load_pkcs12(config: BackendConfig) -> LoadedKey:
    """Load key, certificate and chain from a PKCS#12 file (RFC 7292).

    Raises:
        CredentialError: Unreadable file, wrong passphrase, no key, no certificate for the key.
    """
    path = config.file("file")
    data = config.read_key(path, "PKCS#12 file", _probe_pkcs12)
    if data[:1] != b"\x30":
        config.fail(f"{path} is not a PKCS#12 file", hint="a .p12 or .pfx file is expected")
    passphrase = config.read_secret_or_none("passphrase")
    try:
        with breakdown_as(lambda: _broke_down(config, path), secret=True):
            store = pkcs12.load_pkcs12(data, passphrase.encode() if passphrase is not None else None)
    except (UnsupportedAlgorithm, *UNREADABLE_X509) as exc:
        raise _explain_pkcs12(config, str(exc), passphrase is not None) from None
    if store.key is None:
        config.fail(f"{path} holds no private key", hint="export it again, with the private key")
    bags = (store.cert, *store.additional_certs)
    certificates = [c.certificate for c in bags if c is not None and names_are_readable(c.certificate)]
    return _match(config, store.key, certificates)


def load_pem(config: BackendConfig) -> LoadedKey:
    """Load a key and its certificate from PEM or DER files (RFC 7468).

    Raises:
        CredentialError: Unreadable file, wrong passphrase, no key, no certificate for the key.
    """
    path = config.file("key")
    return _match(config, load_private_key(config, path), read_certificates(config))


def load_private_key(config: BackendConfig, path: object) -> object:
    """Load a private key from a PEM or DER file, with the credential's passphrase where it is encrypted.

    Raises:
        CredentialError: Unreadable file, wrong or missing passphrase, no key.
    """
    data = config.read_key(config.folder / str(path), "key file", _probe_private_key)
    passphrase = config.read_secret_or_none("passphrase")
    secret = passphrase.encode() if passphrase is not None else None
    load = _loader(data)
    try:
        with breakdown_as(lambda: _broke_down(config, path), secret=True):
            return load(data, secret)
    except TypeError:
        if secret is not None:
            try:
                return load(data, None)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                pass
        raise config.error(f"the key {path} is encrypted", hint="give its passphrase") from None
    except (ValueError, UnsupportedAlgorithm) as exc:
        if secret is not None and ("decrypt" in str(exc).lower() or "password" in str(exc).lower()):
            raise config.error(f"wrong passphrase for the key {path}", hint="check the passphrase") from None
        raise config.error(
            f"{path} holds no private key that can be used", hint="a PKCS#8 PEM is expected"
        ) from None


def _probe_pkcs12(data: bytes, passphrase: str | None) -> None:
    pkcs12.load_pkcs12(data, passphrase.encode() if passphrase is not None else None)


def _probe_private_key(data: bytes, passphrase: str | None) -> None:
    _loader(data)(data, passphrase.encode() if passphrase is not None else None)


def _loader(data: bytes) -> Callable[[bytes, bytes | None], object]:
    return serialization.load_pem_private_key if b"-----BEGIN" in data else serialization.load_der_private_key


def read_certificates(config: BackendConfig) -> list[x509.Certificate]:
    """Return the certificates of the file that a credential names with `certificate`, at least one.

    Raises:
        CredentialError: It cannot be read, or holds none.
    """
    path = config.file("certificate")
    found = parse_certificates(config.read_file(path, "certificate"))
    if not found:
        config.fail(f"{path} holds no certificate", hint="a PEM or DER certificate is expected")
    return found


def no_certificate(config: BackendConfig) -> CredentialError:
    """Build the error about a key that none of the certificates given belongs to."""
    return config.error(
        "the key has no certificate: none of those given belongs to it", hint="give the matching one"
    )


def parse_certificates(data: bytes) -> list[x509.Certificate]:
    """Parse all certificates of a PEM file, or the one of a DER file; an empty list where there is none.

    A certificate whose names and dates cannot be read counts as none.
    """
    try:
        if b"-----BEGIN CERTIFICATE-----" in data:
            found = x509.load_pem_x509_certificates(data)
        else:
            found = [x509.load_der_x509_certificate(data)]
    except UNREADABLE_X509:
        return []
    return [certificate for certificate in found if names_are_readable(certificate)]


def names_are_readable(certificate: x509.Certificate) -> bool:
    """Tell whether names and dates of a certificate can be read; parsing is lazy, so damage shows late."""
    try:
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        names = (certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string())
    except UNREADABLE_X509:
        return False
    return begin <= end and all(isinstance(name, str) for name in names)


def order_chain(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Put further certificates in order, issuer first; unrelated ones come last, doubles and the leaf go."""
    rest = [other for other in dict.fromkeys(others) if other != certificate]
    ordered: list[x509.Certificate] = []
    current = certificate
    while issuer := next((c for c in rest if c.subject == current.issuer), None):
        rest.remove(issuer)
        ordered.append(issuer)
        current = issuer
    return ordered + rest


def _match(config: BackendConfig, key: object, certificates: Sequence[x509.Certificate]) -> LoadedKey:
    if not isinstance(key, SupportedKey):
        config.fail("this type of key is not supported", hint="use RSA, P-256, P-384 or Ed25519")
    wanted = _public_bytes(key.public_key())
    own = next((c for c in certificates if _certificate_key(c) == wanted), None)
    if own is None:
        raise no_certificate(config)
    try:
        signer = FileSigner(key)
    except CredentialError as exc:
        raise config.error(exc.message, hint=exc.hint) from None
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


def _broke_down(config: BackendConfig, path: object) -> CredentialError:
    return config.error(f"{path} breaks the library that reads it", hint="export the key again")


def _explain_pkcs12(config: BackendConfig, reason: str, given: bool) -> CredentialError:
    path = config.file("file")
    if "password" in reason.lower() or "mac" in reason.lower():
        if given:
            return config.error(f"wrong passphrase for {path}", hint="check the passphrase")
        return config.error(f"{path} needs a passphrase", hint="add `passphrase: {file: …}` or {env: …}")
    return config.error(
        f"{path} is not a PKCS#12 file that can be read", hint="a .p12 or .pfx file is expected"
    )
