"""`office.yaml`: what the administrator of an office chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from agreegen.errors import InputError, SpokenValueError
from agreegen.messages import message

_LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class FormSettings:
    """How documents of one form are made here.

    Attributes:
        signatures: As `signatures` of a job file: role, credential, level, missing.
        archive: As `archive` of a job file.
        defaults: As `defaults` of a job file.
    """

    signatures: tuple[Mapping[str, Any], ...] = ()
    archive: Mapping[str, Any] | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of an office; paths in them are relative to the home folder.

    Attributes:
        name: The office's name, shown on every page.
        language: `zh` or `en`, where a browser asks for neither.
        hosts: Further names under which the server is reached.
        proxies: Addresses of proxies whose forwarding headers are believed.
        certificate_header: Header in which a proxy tells the SHA-256 of a client certificate.
        idle: A session ends after so long without a request.
        tsa: Timestamp services.
        policy: Validation policy.
        register_credential: Who signs the registers.
        archive_credential: Who signs bags.
        archive_certificate: To whom strokes are encrypted, where that credential asks for a PIN.
        forms: Form id → how its documents are made.
        four_eyes: Whether decisions on scans need a second person.
    """

    name: str = ""
    language: str = "zh"
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    certificate_header: str | None = None
    idle: timedelta = timedelta(minutes=30)
    tsa: tuple[str, ...] = ()
    policy: str | None = None
    register_credential: str | None = None
    archive_credential: str | None = None
    archive_certificate: str | None = None
    forms: Mapping[str, FormSettings] = field(default_factory=dict)
    four_eyes: bool = False

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read `office.yaml`; where there is none, everything is as it comes.

        Raises:
            InputError: It is not YAML, or a value does not fit.
        """
        if not path.exists():
            return cls()
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            return _settings(data)
        except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError, AttributeError) as exc:
            raise InputError(
                message("model.place-and-problem", place=path, problem=exc),
                hint=message("web.see-docs-web-md-for-keys"),
            ) from exc


def _settings(data: Any) -> Settings:
    """Build the settings from what the file holds; what is not known there is an error."""
    if not isinstance(data, dict):
        raise SpokenValueError(message("web.settings-keys"))
    known = {name: read(data[name]) for name, read in _READERS.items() if name in data}
    unknown = sorted(set(data) - set(_READERS))
    if unknown:
        raise SpokenValueError(message("web.settings-unknown-key", key=unknown[0]))
    known["idle"] = timedelta(minutes=known.pop("idle_minutes", 30))
    return Settings(**known)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise SpokenValueError(message("web.settings-not-text", value=str(value)))
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in (value if isinstance(value, list) else [value]))


def _language(value: object) -> str:
    if value not in _LANGUAGES:
        raise SpokenValueError(message("web.settings-language", value=str(value)))
    return str(value)


def _minutes(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SpokenValueError(message("web.settings-minutes", value=str(value)))
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise SpokenValueError(message("web.settings-flag", value=str(value)))
    return value


def _forms(value: Any) -> dict[str, FormSettings]:
    return {
        form_id: FormSettings(
            tuple(entry.get("signatures", ())),
            entry.get("archive"),
            {name: str(text) for name, text in entry.get("defaults", {}).items()},
        )
        for form_id, entry in value.items()
    }


_READERS: Mapping[str, Any] = {
    "name": _text,
    "language": _language,
    "hosts": _texts,
    "proxies": _texts,
    "certificate_header": _text,
    "idle_minutes": _minutes,
    "tsa": _texts,
    "policy": _text,
    "register_credential": _text,
    "archive_credential": _text,
    "archive_certificate": _text,
    "forms": _forms,
    "four_eyes": _flag,
}
