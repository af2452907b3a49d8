"""PKCS#11 modules and the tokens behind them: loading, choosing, listing (OASIS PKCS #11 v2.40)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography import x509

from agreegen.errors import CredentialError, MissingProgramError
from agreegen.messages import ErrorKind, Message, foreign_text, message
from agreegen.signing.names import UNREADABLE_X509, subject_label

LOCK = threading.RLock()
"""Held around every call into a module, since modules are initialised for one thread at a time."""

_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Between looks for a token that should be there."""

_USUAL_FOLDERS = (
    "/usr/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu/softhsm",
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
)


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """One line of a module's listing: a token, or something on it that shows without a PIN.

    Attributes:
        token: Label of the token.
        serial: Serial number of the token.
        kind: `token`, `certificate`, `public-key` or `private-key`.
        label: Label of the object; empty for the token itself.
        id: Hexadecimal id of the object; empty for the token itself.
        subject: Whom a certificate names.
        not_after: When a certificate expires, ISO 8601.
        state: State of the PIN for a token, type and size for a key.
    """

    token: str
    serial: str
    kind: str
    label: str = ""
    id: str = ""
    subject: str | None = None
    not_after: str | None = None
    state: Message | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Return the entry as JSON holds it."""
        return asdict(self) | {"state": str(self.state)}


def import_binding() -> ModuleType:
    """Return the package that talks to PKCS#11 modules.

    Raises:
        MissingProgramError: It is not installed.
    """
    try:
        import pkcs11  # noqa: PLC0415 - an optional package
    except ImportError as exc:
        raise MissingProgramError(
            message("signing.pkcs-11-tokens-need-package-python"),
            hint=message("signing.pip-install-agreegen-pkcs11"),
        ) from exc
    return pkcs11


def open_module(path: Path) -> Any:
    """Load a PKCS#11 module; a bare file name is looked for in the usual folders, too.

    Raises:
        CredentialError: The module is not there or is not a PKCS#11 module.
        MissingProgramError: The package python-pkcs11 is not installed.
    """
    binding = import_binding()
    found = _find_module(path)
    if found is None:
        raise CredentialError(
            message("signing.pkcs-11-module-not", path=path),
            hint=message("signing.give-full-path-token-library"),
        )
    try:
        with LOCK:
            return binding.lib(str(found))
    except (binding.PKCS11Error, RuntimeError, OSError) as exc:
        raise CredentialError(
            message("signing.pkcs-11-module-cannot-loaded", found=found, kind=ErrorKind.of(exc)),
            hint=message("signing.give-library-came-token-processor"),
        ) from None


def list_module(path: Path) -> list[TokenEntry]:
    """List the tokens of a module, and the keys and certificates that show without a PIN.

    Raises:
        CredentialError: The module cannot be used.
        MissingProgramError: The package python-pkcs11 is not installed.
    """
    binding = import_binding()
    module = open_module(path)
    with LOCK:
        try:
            return [entry for token in present_tokens(module) for entry in _entries(binding, token)]
        except binding.PKCS11Error as exc:
            raise CredentialError(
                message("signing.pkcs-11-module-failed", path=path, kind=ErrorKind.of(exc)),
                hint=message("signing.token-plugged"),
            ) from None


def look_for_tokens(
    module: Any, fits: Callable[[Any], bool], *, restart: bool
) -> tuple[list[Any], list[Any]]:
    """Return the initialised tokens of a module that fit, and all of them.

    A module that starts while another process writes to its tokens (SoftHSM at each login), or while a reader
    wakes up, may not see a token that is there, and never see it later. Where none fits, it is started again.

    Args:
        module: Of the binding.
        fits: Whether a token is one of those wanted.
        restart: Whether the module may be started again: not while it has sessions, which would end.

    Raises:
        PKCS11Error: A token still does not answer at the last look.
    """
    binding = import_binding()
    for pause in _PAUSES_S if restart else ():
        with suppress(binding.GeneralError, binding.DeviceError):
            tokens = present_tokens(module)
            if found := [token for token in tokens if fits(token)]:
                return found, tokens
        time.sleep(pause)
        module.reinitialize()
    tokens = present_tokens(module)
    return [token for token in tokens if fits(token)], tokens


def present_tokens(module: Any) -> list[Any]:
    """Return the initialised tokens of a module, leaving out slots whose token cannot be read."""
    binding = import_binding()
    tokens = []
    for slot in module.get_slots(token_present=True):
        try:
            token = slot.get_token()
            if token.flags & binding.TokenFlag.TOKEN_INITIALIZED:
                tokens.append(token)
        except (binding.TokenNotPresent, binding.TokenNotRecognised):
            continue
    return tokens


def token_serial(token: Any) -> str:
    """Return a token's serial number without padding."""
    serial = token.serial
    return (serial.decode("utf-8", "replace") if isinstance(serial, bytes) else str(serial)).strip("\0 ")


def token_state(flags: int) -> Message:
    """Say in one word or two how a token's PIN stands (CK_TOKEN_INFO flags)."""
    flag = import_binding().TokenFlag
    if flags & flag.USER_PIN_LOCKED:
        return message("signing.pin-locked")
    if flags & flag.USER_PIN_FINAL_TRY:
        return message("signing.one-pin-try-left")
    if flags & flag.USER_PIN_COUNT_LOW:
        return message("signing.pin-was-wrong-lately")
    if not flags & flag.USER_PIN_INITIALIZED:
        return message("signing.no-pin-set")
    return message("signing.token-ok")


def login_problem(flags: int) -> Message | None:
    """Say why nobody must log in to a token now, None if they may (CK_TOKEN_INFO flags)."""
    flag = import_binding().TokenFlag
    if flags & flag.USER_PIN_LOCKED:
        return message("signing.its-pin-locked")
    if flags & flag.USER_PIN_FINAL_TRY:
        return message("signing.one-pin-try-left-wrong-one")
    return None


def pin_was_wrong(flags: int) -> bool:
    """Tell whether a wrong PIN was entered since the last good one."""
    return bool(flags & import_binding().TokenFlag.USER_PIN_COUNT_LOW)


def _find_module(path: Path) -> Path | None:
    if path.is_file():
        return path.resolve()
    usual = [Path(folder) / path.name for folder in _USUAL_FOLDERS]
    return next((candidate for candidate in usual if candidate.is_file()), None)


def _entries(binding: ModuleType, token: Any) -> Iterator[TokenEntry]:
    label, serial = token.label.strip(), token_serial(token)
    yield TokenEntry(label, serial, "token", state=token_state(token.flags))
    attribute, object_class = binding.Attribute, binding.ObjectClass
    with token.open() as session:
        for found in list(session.get_objects({attribute.CLASS: object_class.CERTIFICATE})):
            name, identifier = _label_and_id(binding, found)
            subject, until = _describe_certificate(bytes(found[attribute.VALUE]))
            yield TokenEntry(label, serial, "certificate", name, identifier, subject, until)
        for kind, wanted in (
            ("public-key", object_class.PUBLIC_KEY),
            ("private-key", object_class.PRIVATE_KEY),
        ):
            for found in list(session.get_objects({attribute.CLASS: wanted})):
                name, identifier = _label_and_id(binding, found)
                yield TokenEntry(label, serial, kind, name, identifier, state=_describe_key(binding, found))


def _label_and_id(binding: ModuleType, found: Any) -> tuple[str, str]:
    def read(name: Any, default: Any) -> Any:
        try:
            return found[name]
        except binding.PKCS11Error:
            return default

    return str(read(binding.Attribute.LABEL, "")), bytes(read(binding.Attribute.ID, b"")).hex()


def _describe_certificate(data: bytes) -> tuple[str | None, str | None]:
    try:
        certificate = x509.load_der_x509_certificate(data)
        return subject_label(data), certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z")
    except UNREADABLE_X509:
        return "unreadable", None


def _describe_key(binding: ModuleType, key: Any) -> Message | None:
    try:
        name = str(getattr(key.key_type, "name", key.key_type))
        size = f" {key.key_length}" if name == "RSA" else ""
    except (binding.PKCS11Error, AttributeError, NotImplementedError):
        return None
    return foreign_text(name + size)
