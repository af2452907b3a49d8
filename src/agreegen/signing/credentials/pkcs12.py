"""Credentials of kind `pkcs12`: key, certificate and chain in one protected file (RFC 7292)."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs12

from agreegen.errors import CredentialError
from agreegen.foreign import breakdown_as
from agreegen.messages import message
from agreegen.signing.credentials.certificate_files import names_are_readable
from agreegen.signing.credentials.key_files import broke_down, match_certificate
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.names import UNREADABLE_X509


def load_pkcs12(config: BackendConfig) -> LoadedKey:
    """Load key, certificate and chain from a PKCS#12 file (RFC 7292).

    Raises:
        CredentialError: Unreadable file, wrong passphrase, no key, no certificate for the key.
    """
    path = config.file("file")
    data = config.read_key(path, message("signing.pkcs12-file"), _probe_pkcs12)
    if data[:1] != b"\x30":
        config.fail(
            message("signing.not-pkcs-12-file", path=path), hint=message("signing.p12-or-pfx-file-expected")
        )
    passphrase = config.read_secret_or_none("passphrase")
    try:
        with breakdown_as(lambda: broke_down(config, path), secret=True):
            store = pkcs12.load_pkcs12(data, passphrase.encode() if passphrase is not None else None)
    except (UnsupportedAlgorithm, *UNREADABLE_X509) as exc:
        raise _explain_pkcs12(config, str(exc), passphrase is not None) from None
    if store.key is None:
        config.fail(
            message("signing.holds-no-private-key", path=path),
            hint=message("signing.export-again-private-key"),
        )
    bags = (store.cert, *store.additional_certs)
    certificates = [c.certificate for c in bags if c is not None and names_are_readable(c.certificate)]
    return match_certificate(config, store.key, certificates)


def _probe_pkcs12(data: bytes, passphrase: str | None) -> None:
    pkcs12.load_pkcs12(data, passphrase.encode() if passphrase is not None else None)


def _explain_pkcs12(config: BackendConfig, reason: str, given: bool) -> CredentialError:
    path = config.file("file")
    if "password" in reason.lower() or "mac" in reason.lower():
        if given:
            return config.error(
                message("signing.wrong-passphrase", path=path), hint=message("signing.check-passphrase")
            )
        return config.error(
            message("signing.needs-passphrase", path=path), hint=message("signing.add-passphrase-file-or-env")
        )
    return config.error(
        message("signing.not-pkcs-12-file-can-read", path=path),
        hint=message("signing.p12-or-pfx-file-expected"),
    )
