"""Timestamp services as users name them: an address, or a YAML file where the service asks who is asking."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from agreegen.errors import CredentialError
from agreegen.messages import message
from agreegen.signing.credentials.loading import read_settings
from agreegen.signing.credentials.secrets import BackendConfig, split_address
from agreegen.signing.interface import Prompt, TimestampServer

_KEYS = frozenset(
    {
        "url",
        "username",
        "password",
        "client_certificate",
        "ca_file",
        "timeout_s",
        "requests_per_minute",
        "policy",
    }
)
_SCHEMES = ("http://", "https://")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a service rather than a file that describes one."""
    return text.lower().startswith(_SCHEMES)


def load_tsa(text: str, *, prompt: Prompt | None = None) -> TimestampServer:
    """Return a timestamp service named by its address or by a YAML file.

    The file has `url` and may have `username` and `password` (HTTP basic authentication),
    `client_certificate` (PEM with certificate and key), `ca_file` (PEM of TLS authorities), `timeout_s`,
    `requests_per_minute` and `policy` (an OID). The password is `{env: NAME}`, `{file: PATH}` or
    `{prompt: true}`, never a literal.

    Args:
        text: `http(s)://…`, or the path of the file.
        prompt: Asks for secrets.

    Raises:
        CredentialError: The file cannot be used.
    """
    if is_address(text):
        split_address(text, message("signing.timestamp-service"))
        return TimestampServer(text)
    path = Path(text)
    settings = read_settings(path, message("signing.timestamp-service"))
    unknown = sorted(set(settings) - _KEYS)
    if unknown:
        raise CredentialError(
            message("signing.timestamp-service-unknown-setting", path=path, unknown=unknown[0]),
            hint=message("signing.known-2", keys=tuple(sorted(_KEYS))),
        )
    config = BackendConfig(path=path, kind="tsa", settings=settings, prompt=prompt)
    url = config.text("url")
    split_address(url, message("signing.timestamp-service-of", path=path))
    if not is_address(url):
        raise CredentialError(
            message("signing.timestamp-service-no-address", path=path, url=url),
            hint=message("signing.write-url-https-tsa-example"),
        )
    return TimestampServer(
        url,
        timeout_s=_number(config, "timeout_s") or TimestampServer(url).timeout_s,
        username=config.text_or("username", "") or None,
        password=_password(config, url),
        client_certificate=_client_certificate(config),
        requests_per_minute=_number(config, "requests_per_minute"),
        policy=config.text_or("policy", "") or None,
        ca_file=_authorities(config),
        warnings=tuple(config.warnings),
    )


def _password(config: BackendConfig, url: str) -> str | None:
    password = config.read_secret_or_none("password")
    if password is not None and url.lower().startswith("http://") and urlsplit(url).hostname not in _LOOPBACK:
        config.warnings.append(
            message("signing.timestamp-service-its-password-travels-unencrypt", path=config.path, url=url)
        )
    return password


def _client_certificate(config: BackendConfig) -> Path | None:
    if not config.has("client_certificate"):
        return None
    path = config.file("client_certificate")
    data = config.read_file(path, message("signing.client-certificate"), secret=True)
    if b"-----BEGIN CERTIFICATE" not in data or b"PRIVATE KEY-----" not in data:
        config.fail(message("signing.must-hold-certificate-its-key-pem", path=path))
    if b"ENCRYPTED" in data:  # TLS would ask for the passphrase at the terminal, in the middle of a run
        config.fail(
            message("signing.key-encrypted-2", path=path), hint=message("signing.store-unencrypted-mode-0600")
        )
    return path


def _authorities(config: BackendConfig) -> Path | None:
    if not config.has("ca_file"):
        return None
    path = config.file("ca_file")
    if b"-----BEGIN CERTIFICATE" not in config.read_file(path, message("signing.file-tls-authorities")):
        config.fail(message("signing.holds-no-certificate-pem", path=path))
    return path


def _number(config: BackendConfig, key: str) -> int | None:
    if not config.has(key):
        return None
    text = config.text(key)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise CredentialError(
            message("signing.timestamp-service-must-whole-number-above", path=config.path, key=key)
        )
    return int(text)
