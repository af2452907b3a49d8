"""Keys on PKCS#11 tokens: USB tokens, smart cards, hardware modules (OASIS PKCS #11 v2.40).

A session is opened once and kept. Calls never overlap, and a session never crosses into a forked process.
A PIN is tried once: after a wrong one, no further login to that token happens in this process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256, sha384
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import CredentialError
from agreegen.messages import ErrorKind
from agreegen.messages import message as sentence
from agreegen.signing.credentials.certificate_files import read_certificates
from agreegen.signing.credentials.key_files import mechanism_of
from agreegen.signing.credentials.pkcs11_tokens import (
    LOCK,
    import_binding,
    login_problem,
    look_for_tokens,
    open_module,
    pin_was_wrong,
    token_serial,
)
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.interface import Mechanism
from agreegen.signing.names import UNREADABLE_X509
from agreegen.signing.raw_values import COORDINATE_BYTES, encode_pair

# DigestInfo of SHA-256 up to the digest itself (RFC 8017, 9.2 note 1).
_SHA256_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(slots=True)
class _OpenToken:
    """A session that all credentials of this process on one token share: a login is for the whole token."""

    session: Any
    label: str
    process: int
    users: int = 0


_open_tokens: dict[tuple[str, str], _OpenToken] = {}
_refused: set[tuple[str, str]] = set()


class Pkcs11Signer:
    """A private key on a token.

    Args:
        key: The key object.
        mechanism: What it signs with.
        token: The session it lives in.
        place: Module and serial number, under which the session is shared.
        name: The credential's name, for messages.
    """

    def __init__(
        self, key: Any, mechanism: Mechanism, token: _OpenToken, place: tuple[str, str], name: str
    ) -> None:
        self._key = key
        self._mechanism = mechanism
        self._token = token
        self._place = place
        self._name = name
        self._raw_rsa = False
        self._closed = False
        token.users += 1

    def __repr__(self) -> str:
        return f"Pkcs11Signer({self._mechanism.value})"

    @property
    def mechanism(self) -> Mechanism:
        """The algorithm the key signs with."""
        return self._mechanism

    def sign(self, message: bytes) -> bytes:
        """Sign a message on the token; ECDSA results are DER.

        Raises:
            CredentialError: The token was removed, or refuses.
        """
        if self._closed:
            raise CredentialError(sentence("signing.credential-token-session-closed", name=self._name))
        if self._token.process != os.getpid():
            raise CredentialError(
                sentence("signing.credential-token-was-opened-another-process", name=self._name),
                hint=sentence("signing.load-credential-process-signs-start-workers"),
            )
        binding = import_binding()
        try:
            with LOCK:
                return self._sign(binding, message)
        except binding.PKCS11Error as exc:
            raise CredentialError(
                sentence(
                    "signing.credential-token-does-not-sign",
                    name=self._name,
                    label=self._token.label,
                    kind=ErrorKind.of(exc),
                ),
                hint=sentence("signing.plug-token-again-start-once-more"),
            ) from None

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """Sign several messages, one after the other."""
        return [self.sign(message) for message in messages]

    def close(self) -> None:
        """Give the session back; the last user closes it, which logs out."""
        if self._closed:
            return
        self._closed = True
        self._token.users -= 1
        if self._token.users == 0:
            _close_token(self._place)

    def _sign(self, binding: Any, message: bytes) -> bytes:
        mechanisms = binding.Mechanism
        if self._mechanism is Mechanism.RSA_SHA256:
            return self._sign_rsa(binding, message)
        if self._mechanism is Mechanism.ED25519:
            return bytes(self._key.sign(message, mechanism=mechanisms.EDDSA))
        digest = sha256(message) if self._mechanism is Mechanism.ECDSA_SHA256 else sha384(message)
        # Tokens rarely offer ECDSA with a digest of their own: CKM_ECDSA over ours works on all of them.
        raw = bytes(self._key.sign(digest.digest(), mechanism=mechanisms.ECDSA))
        if len(raw) != 2 * COORDINATE_BYTES[self._mechanism]:
            raise CredentialError(
                sentence("signing.credential-token-gave-bytes-signature", name=self._name, count=len(raw))
            )
        return encode_pair(raw)

    def _sign_rsa(self, binding: Any, message: bytes) -> bytes:
        mechanisms = binding.Mechanism
        if not self._raw_rsa:
            try:
                return bytes(self._key.sign(message, mechanism=mechanisms.SHA256_RSA_PKCS))
            except (binding.MechanismInvalid, binding.FunctionNotSupported):
                self._raw_rsa = True
        info = _SHA256_DIGEST_INFO + sha256(message).digest()
        return bytes(self._key.sign(info, mechanism=mechanisms.RSA_PKCS))


def load_pkcs11(config: BackendConfig) -> LoadedKey:
    """Open the token that a credential names, log in once, and find the key and its certificate.

    Steps: module → token by `token` or `serial` → flags → login → key by `label` or `id` → certificate.

    Raises:
        CredentialError: Module, token, key or certificate are not there, the PIN is wrong or locked.
        MissingProgramError: The package python-pkcs11 is not installed.
    """
    binding = import_binding()
    with LOCK:
        try:
            return _load(binding, config)
        except binding.PKCS11Error as exc:
            raise config.error(
                sentence("signing.token-does-not-answer-should", kind=ErrorKind.of(exc)),
                hint=sentence("signing.plug-token-again"),
            ) from None


def _load(binding: Any, config: BackendConfig) -> LoadedKey:
    path = config.file("module")
    module = open_module(path)
    token = _choose_token(config, module)
    place = (str(module.so), token_serial(token))
    opened = _open_tokens.get(place)
    if opened is None or opened.process != os.getpid():
        opened = _log_in(binding, config, token, place)
    try:
        key = _find_key(binding, config, opened)
        certificate, chain = _find_certificates(binding, config, opened.session, key)
        signer = Pkcs11Signer(
            key, _mechanism_of(binding, config, key, certificate), opened, place, config.name
        )
    except BaseException:
        if opened.users == 0:
            _close_token(place)
        raise
    return LoadedKey(
        signer, certificate.public_bytes(Encoding.DER), tuple(c.public_bytes(Encoding.DER) for c in chain)
    )


def _choose_token(config: BackendConfig, module: Any) -> Any:
    label, serial = config.text_or("token", ""), config.text_or("serial", "")

    def fits(token: Any) -> bool:
        return (not label or token.label.strip() == label) and (not serial or token_serial(token) == serial)

    used = any(library == str(module.so) for library, _ in _open_tokens)
    found, tokens = look_for_tokens(module, fits, restart=not used)
    wanted = " ".join(part for part in (label, serial) if part)
    if not found:
        there = sorted(token.label.strip() for token in tokens) or sentence("messages.none")
        config.fail(
            sentence("signing.no-token-plugged", wanted=wanted),
            hint=sentence("signing.tokens", there=there),
        )
    if len(found) > 1:
        config.fail(
            sentence("signing.tokens-fit", count=len(found), wanted=wanted),
            hint=sentence("signing.name-one-serial"),
        )
    return found[0]


def _log_in(binding: Any, config: BackendConfig, token: Any, place: tuple[str, str]) -> _OpenToken:
    label, flags = token.label.strip(), token.flags
    if place in _refused:
        config.fail(
            sentence("signing.pin-token-was-wrong-before-not", label=label),
            hint=sentence("signing.start-again"),
        )
    problem = login_problem(flags)
    if problem:
        config.fail(
            sentence("signing.no-login-token", label=label, problem=problem),
            hint=sentence("signing.mend-software-came-token"),
        )
    if pin_was_wrong(flags):
        config.warnings.append(
            sentence("signing.credential-wrong-pin-was-entered-on", name=config.name, label=label)
        )
    pad = bool(flags & binding.TokenFlag.PROTECTED_AUTHENTICATION_PATH) and not config.has("pin")
    pin = binding.PROTECTED_AUTH if pad else config.read_secret("pin")
    try:
        session = token.open(user_pin=pin)
    except (binding.PinIncorrect, binding.PinInvalid, binding.PinLenRange):
        _refused.add(place)
        raise config.error(
            sentence("signing.pin-token-wrong-was-tried-once", label=label),
            hint=sentence("signing.mind-tries-left-before-you-start"),
        ) from None
    except binding.PinLocked:
        raise config.error(
            sentence("signing.pin-token-locked", label=label), hint=sentence("signing.unlock-its-puk")
        ) from None
    except (binding.UserPinNotInitialized, binding.PinExpired):
        raise config.error(
            sentence("signing.token-has-no-pin-can-used", label=label),
            hint=sentence("signing.set-its-pin-first"),
        ) from None
    opened = _OpenToken(session, label, os.getpid())
    _open_tokens[place] = opened
    return opened


def _find_key(binding: Any, config: BackendConfig, opened: _OpenToken) -> Any:
    attribute = binding.Attribute
    query = {attribute.CLASS: binding.ObjectClass.PRIVATE_KEY, **_identity(binding, config)}
    keys = list(opened.session.get_objects(query))
    if len(keys) != 1:
        everything = opened.session.get_objects({attribute.CLASS: binding.ObjectClass.PRIVATE_KEY})
        there = sorted(f"{key.label} (id {key.id.hex()})" for key in everything) or sentence("messages.none")
        many = sentence("signing.private-keys" if keys else "signing.no-private-key", count=len(keys))
        config.fail(
            sentence("signing.on-token-fit-label-or-id", many=many, label=opened.label),
            hint=sentence("signing.keys", there=there),
        )
    key = keys[0]
    try:
        each_time = bool(key[attribute.ALWAYS_AUTHENTICATE])
    except binding.PKCS11Error:
        each_time = False
    if each_time:
        config.fail(sentence("signing.key-asks-pin-each-signature-which"))
    return key


def _identity(binding: Any, config: BackendConfig) -> dict[Any, Any]:
    wanted: dict[Any, Any] = {}
    if config.has("label"):
        wanted[binding.Attribute.LABEL] = config.text("label")
    if config.has("id"):
        try:
            wanted[binding.Attribute.ID] = bytes.fromhex(config.text("id"))
        except ValueError:
            raise config.error(
                sentence("signing.id-must-hexadecimal"), hint=sentence("signing.e-g-id-a1")
            ) from None
    return wanted


def _find_certificates(
    binding: Any, config: BackendConfig, session: Any, key: Any
) -> tuple[x509.Certificate, list[x509.Certificate]]:
    attribute = binding.Attribute
    stored: list[tuple[bytes, str, x509.Certificate]] = []
    for found in session.get_objects({attribute.CLASS: binding.ObjectClass.CERTIFICATE}):
        try:
            certificate = x509.load_der_x509_certificate(bytes(found[attribute.VALUE]))
            stored.append((bytes(found[attribute.ID]), str(found[attribute.LABEL]), certificate))
        except (binding.PKCS11Error, *UNREADABLE_X509):
            continue
    others = [certificate for _, _, certificate in stored]
    if config.has("certificate"):
        given = read_certificates(config)
        return given[0], _issuers(given[0], [*given[1:], *others])
    by_id = [c for identifier, _, c in stored if key.id and identifier == key.id]
    by_label = [c for _, label, c in stored if label and label == key.label]
    chosen = by_id or by_label
    if not chosen:
        config.fail(
            sentence("signing.token-holds-no-certificate-label-or"),
            hint=sentence("signing.write-token-or-name-file-certificate"),
        )
    # Several under one name: the newest, as after a renewal with the same key.
    best = max(chosen, key=lambda certificate: certificate.not_valid_before_utc)
    return best, _issuers(best, others)


def _issuers(leaf: x509.Certificate, pool: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    chain: list[x509.Certificate] = []
    current = leaf
    while len(chain) < len(pool):
        issuer = next((c for c in pool if c.subject == current.issuer and c != current), None)
        if issuer is None or issuer in chain:
            break
        chain.append(issuer)
        current = issuer
    return chain


def _mechanism_of(binding: Any, config: BackendConfig, key: Any, certificate: x509.Certificate) -> Mechanism:
    try:
        public = certificate.public_key()
        mechanism = mechanism_of(public)
    except (UnsupportedAlgorithm, ValueError, CredentialError):
        raise config.error(
            sentence("signing.token-key-kind-not-supported"),
            hint=sentence("signing.rsa-2048-4096-bits-p-256"),
        ) from None
    if isinstance(public, rsa.RSAPublicKey):
        modulus = int.from_bytes(key[binding.Attribute.MODULUS])
        if modulus != public.public_numbers().n:
            config.fail(
                sentence("signing.key-does-not-belong-certificate"),
                hint=sentence("signing.give-matching-certificate"),
            )
    return mechanism


def _close_token(place: tuple[str, str]) -> None:
    opened = _open_tokens.pop(place, None)
    if opened is None or opened.process != os.getpid():
        return
    binding = import_binding()
    try:
        with LOCK:
            opened.session.close()
    except binding.PKCS11Error:
        return  # the token is gone, and the session with it
