"""Credentials of kind `pem`: a key and its certificate in PEM or DER files (RFC 7468, RFC 5958)."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from agreegen.foreign import breakdown_as
from agreegen.messages import message
from agreegen.signing.credentials.certificate_files import read_certificates
from agreegen.signing.credentials.key_files import broke_down, match_certificate
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey


def load_pem(config: BackendConfig) -> LoadedKey:
    """Load a key and its certificate from PEM or DER files (RFC 7468).

    Raises:
        CredentialError: Unreadable file, wrong passphrase, no key, no certificate for the key.
    """
    return match_certificate(config, load_private_key(config), read_certificates(config))


def load_private_key(config: BackendConfig) -> object:
    """Load a private key from a PEM or DER file, with the credential's passphrase where it is encrypted.

    Raises:
        CredentialError: Unreadable file, wrong or missing passphrase, no key.
    """
    path = config.file("key")
    data = config.read_key(path, message("signing.key-file"), _probe)
    passphrase = config.read_secret_or_none("passphrase")
    try:
        with breakdown_as(lambda: broke_down(config, path), secret=True):
            return _open(data, passphrase)
    except TypeError:
        if passphrase is not None:
            try:
                return _open(data, None)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                pass
        raise config.error(
            message("signing.key-encrypted", path=path), hint=message("signing.give-its-passphrase")
        ) from None
    except (ValueError, UnsupportedAlgorithm) as exc:
        if passphrase is not None and ("decrypt" in str(exc).lower() or "password" in str(exc).lower()):
            raise config.error(
                message("signing.wrong-passphrase-key", path=path), hint=message("signing.check-passphrase")
            ) from None
        raise config.error(
            message("signing.holds-no-private-key-can-used", path=path),
            hint=message("signing.pkcs-8-pem-expected"),
        ) from None


def _probe(data: bytes, passphrase: str | None) -> None:
    _open(data, passphrase)


def _open(data: bytes, passphrase: str | None) -> object:
    load = serialization.load_pem_private_key if b"-----BEGIN" in data else serialization.load_der_private_key
    return load(data, None if passphrase is None else passphrase.encode())
