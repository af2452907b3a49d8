"""Timestamp services as users name them: an address, or a YAML file where the service asks who is asking."""

from __future__ import annotations

from pathlib import Path

from agreegen.errors import CredentialError
from agreegen.signing.credentials import read_settings
from agreegen.signing.interface import TimestampServer
from agreegen.signing.secrets import BackendConfig, Prompt

_KEYS = frozenset(
    {"url", "username", "password", "client_certificate", "timeout_s", "requests_per_minute", "policy"}
)
_SCHEMES = ("http://", "https://")


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a service rather than a file that describes one."""
    return text.lower().startswith(_SCHEMES)


def load_tsa(text: str, *, prompt: Prompt | None = None) -> TimestampServer:
    """Return a timestamp service named by its address or by a YAML file.

    The file has `url` and may have `username` and `password` (HTTP basic authentication),
    `client_certificate` (PEM with certificate and key), `timeout_s`, `requests_per_minute` and `policy` (an
    OID). The password is `{env: NAME}`, `{file: PATH}` or `{prompt: true}`, never a literal.

    Args:
        text: `http(s)://…`, or the path of the file.
        prompt: Asks for secrets.

    Raises:
        CredentialError: The file cannot be used.
    """
    if is_address(text):
        return TimestampServer(text)
    path = Path(text)
    settings = read_settings(path)
    unknown = sorted(set(settings) - _KEYS)
    if unknown:
        raise CredentialError(
            f"timestamp service {path}: unknown setting {unknown[0]}",
            hint=f"known are: {', '.join(sorted(_KEYS))}",
        )
    config = BackendConfig(path=path, kind="tsa", settings=settings, prompt=prompt)
    url = config.text("url")
    if not is_address(url):
        raise CredentialError(
            f"timestamp service {path}: {url} is no address", hint="write url: https://tsa.example/"
        )
    return TimestampServer(
        url,
        timeout_s=_number(config, "timeout_s") or TimestampServer(url).timeout_s,
        username=config.text_or("username", "") or None,
        password=config.read_secret_or_none("password"),
        client_certificate=config.file("client_certificate") if config.has("client_certificate") else None,
        requests_per_minute=_number(config, "requests_per_minute"),
        policy=config.text_or("policy", "") or None,
    )


def _number(config: BackendConfig, key: str) -> int | None:
    if not config.has(key):
        return None
    text = config.text(key)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise CredentialError(f"timestamp service {config.path}: {key} must be a whole number above 0")
    return int(text)
