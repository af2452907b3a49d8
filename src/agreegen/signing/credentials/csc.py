"""Credentials of kind `csc`: a key at a remote signing service (Cloud Signature Consortium, API version 1).

Only digests leave the machine. Every signature that comes back is checked against the certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256, sha384

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import CredentialError
from agreegen.messages import message as sentence
from agreegen.signing.credentials.certificate_files import order_chain
from agreegen.signing.credentials.csc_client import CredentialInfo, CscClient
from agreegen.signing.credentials.key_files import mechanism_of
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.interface import Mechanism
from agreegen.signing.names import UNREADABLE_X509
from agreegen.signing.raw_values import COORDINATE_BYTES, encode_pair, verify_raw

_SHA256, _SHA384 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2"
_MAX_BATCH = 100


@dataclass(frozen=True, slots=True)
class _Algorithm:
    """OIDs that go with a mechanism: with the digest in one, and of the key alone."""

    combined: str
    plain: str
    digest: str


_ALGORITHMS = {
    Mechanism.RSA_SHA256: _Algorithm("1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1", _SHA256),
    Mechanism.ECDSA_SHA256: _Algorithm("1.2.840.10045.4.3.2", "1.2.840.10045.2.1", _SHA256),
    Mechanism.ECDSA_SHA384: _Algorithm("1.2.840.10045.4.3.3", "1.2.840.10045.2.1", _SHA384),
}


class CscSigner:
    """A key at a signing service; satisfies the `RawSigner` protocol.

    Args:
        client: The account.
        info: What the service says about the key.
        mechanism: What the key signs with.
        name: The credential's name, for messages.
        pin: The PIN of the credential.
        otp: A one-time password, good for one authorisation.
    """

    def __init__(
        self,
        client: CscClient,
        info: CredentialInfo,
        mechanism: Mechanism,
        name: str,
        *,
        pin: str | None = None,
        otp: str | None = None,
    ) -> None:
        self._client = client
        self._info = info
        self._mechanism = mechanism
        self._name = name
        self._pin = pin
        self._otp = otp

    def __repr__(self) -> str:
        return f"CscSigner({self._mechanism.value})"

    @property
    def mechanism(self) -> Mechanism:
        """The algorithm the key signs with."""
        return self._mechanism

    def sign(self, message: bytes) -> bytes:
        """Have one message's digest signed.

        Raises:
            CredentialError: The service refuses, cannot be reached, or signs something else.
        """
        return self.sign_many([message])[0]

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """Have the digests of several messages signed, as many in one exchange as the service allows.

        Raises:
            CredentialError: The service refuses, cannot be reached, or signs something else.
        """
        signatures: list[bytes] = []
        size = min(self._info.multisign, _MAX_BATCH)
        for start in range(0, len(messages), size):
            signatures.extend(self._sign_batch(messages[start : start + size]))
        return signatures

    def close(self) -> None:
        """Close the connection and forget the secrets."""
        self._pin = self._otp = None
        self._client.close()

    def _sign_batch(self, messages: Sequence[bytes]) -> list[bytes]:
        otp = None
        if self._info.needs_otp:
            otp, self._otp = self._otp, None
            if otp is None:
                raise CredentialError(
                    sentence("signing.credential-one-time-password-used-up", name=self._name),
                    hint=sentence("signing.sign-most-documents-one-password", multisign=self._info.multisign),
                )
        algorithm = _ALGORITHMS[self._mechanism]
        listed = self._info.algorithms
        plain = algorithm.combined not in listed and algorithm.plain in listed
        digest = sha384 if self._mechanism is Mechanism.ECDSA_SHA384 else sha256
        raw = self._client.sign_hashes(
            [digest(message).digest() for message in messages],
            algorithm=algorithm.plain if plain else algorithm.combined,
            hash_algorithm=algorithm.digest,
            pin=self._pin,
            otp=otp,
        )
        return [self._accept(message, value) for message, value in zip(messages, raw, strict=True)]

    def _accept(self, message: bytes, signature: bytes) -> bytes:
        candidates = [signature]
        if len(signature) == 2 * COORDINATE_BYTES.get(self._mechanism, 0):
            candidates.append(encode_pair(signature))  # some services give r and s side by side
        certificate = self._info.certificates_der[0]
        for candidate in candidates:
            if verify_raw(certificate, self._mechanism, message, candidate):
                return candidate
        raise CredentialError(
            sentence("signing.credential-service-signature-does-not-fit", name=self._name),
            hint=sentence("signing.ask-service-which-certificate-belongs-key"),
        )


def load_csc(config: BackendConfig) -> LoadedKey:
    """Ask a signing service for the credential's certificates, and get ready to sign with its key.

    Raises:
        CredentialError: The service refuses or cannot be reached, the key is disabled or of a kind that is
            not supported, or a PIN or one-time password is missing.
    """
    verify: str | bool = True
    if config.has("ca_file"):
        path = config.file("ca_file")
        config.read_file(path, sentence("signing.file-tls-authorities"))
        verify = str(path)
    try:
        timeout_s = float(config.text_or("timeout_s", "30"))
    except ValueError:
        raise config.error(sentence("signing.timeout-s-must-number-seconds")) from None
    if not 0 < timeout_s <= 3600:
        config.fail(sentence("signing.timeout-s-must-lie-between-0"))
    try:
        client = CscClient(
            config.text("url"),
            config.read_secret("token"),
            config.text("credential"),
            verify=verify,
            timeout_s=timeout_s,
        )
    except CredentialError as exc:
        raise _named(config, exc) from None
    try:
        return _load(config, client)
    except CredentialError as exc:
        client.close()
        raise _named(config, exc) from None


def _load(config: BackendConfig, client: CscClient) -> LoadedKey:
    info = client.fetch_info()
    if not info.enabled:
        raise CredentialError(sentence("signing.key-disabled-service"), hint=sentence("signing.ask-service"))
    if info.mode not in ("implicit", "explicit"):
        raise CredentialError(
            sentence("signing.service-wants-person-consent-browser-each"),
            hint=sentence("signing.ask-credential-implicit-or-explicit-authorisatio"),
        )
    pin = config.read_secret_or_none("pin")
    otp = config.read_secret_or_none("otp")
    for needed, given, what in ((info.needs_pin, pin, "pin"), (info.needs_otp, otp, "otp")):
        if needed and given is None:
            raise CredentialError(
                sentence("signing.service-asks", what=sentence(f"signing.secret.{what}")),
                hint=sentence("signing.add-line-prompt-true", what=what),
            )
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in info.certificates_der]
        mechanism = mechanism_of(certificates[0].public_key())
        chain = order_chain(certificates[0], certificates[1:])
    except (UnsupportedAlgorithm, *UNREADABLE_X509):
        raise CredentialError(
            sentence("signing.service-certificate-cannot-read"), hint=sentence("signing.ask-service")
        ) from None
    if mechanism not in _ALGORITHMS:
        raise CredentialError(
            sentence("signing.keys-cannot-sign-digests-service", value=mechanism.value),
            hint=sentence("signing.use-rsa-or-ecdsa-key"),
        )
    return LoadedKey(
        CscSigner(client, info, mechanism, config.name, pin=pin, otp=otp),
        info.certificates_der[0],
        tuple(c.public_bytes(Encoding.DER) for c in chain),
    )


def _named(config: BackendConfig, exc: CredentialError) -> CredentialError:
    if str(config.path) in exc.message:
        return exc
    return config.error(exc.sentence, hint=exc.advice)
