"""Judging uploads of strangers: under limits, by the office's trust folder; nothing of them is kept."""

from __future__ import annotations

from pathlib import Path

from agreegen.api import VerifyOptions, verify_options
from agreegen.api.devices import POLICY
from agreegen.web.home import Home
from agreegen.web.settings import Settings

_ANCHORS = frozenset({".pem", ".crt", ".cer"})


def options_of(home: Home, settings: Settings) -> VerifyOptions:
    """Return by what an office judges: its trust folder and its policy.

    Raises:
        CredentialError: A trust file cannot be read.
    """
    folder = home.trust
    return verify_options(
        [folder] if any(folder.iterdir()) else (),
        policy=policy_of(home, settings),
    )


def policy_of(home: Home, settings: Settings) -> Path | None:
    """Return the policy of the settings, else that of the office's own signing authority, if it has one."""
    if settings.policy is not None:
        return home.folder / settings.policy
    own = home.authority / POLICY
    return own if own.is_file() else None


def trust_files(folder: Path) -> tuple[str, ...]:
    """Name the anchors in a trust folder, for the page to say which."""
    return tuple(sorted(path.name for path in folder.iterdir() if path.suffix.lower() in _ANCHORS))
