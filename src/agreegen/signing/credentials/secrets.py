"""Secrets of a credential file: from the environment, a file or a prompt, never in the file itself."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from agreegen.errors import CredentialError
from agreegen.files import read_limited
from agreegen.foreign.confinement import ConfinedError, Runaway, shared
from agreegen.foreign.limits import Limits
from agreegen.messages import Message, message, translate
from agreegen.signing.credentials.passphrase_rounds import TooSlowError, check_rounds
from agreegen.signing.interface import Prompt, RawSigner

_MAX_FILE_BYTES = 4 << 20
_SOURCES = ("env", "file", "prompt")
_FORM = message("signing.write-env-name-file-path-or")


def split_address(url: str, what: Message) -> SplitResult:
    """Split the address of a service, in which no user name and password may stand.

    Args:
        url: The address; it is not quoted in errors before it is known to be harmless.
        what: Whose it is, for messages.

    Raises:
        CredentialError: It cannot be read, or holds a user name or password.
    """
    try:
        parts = urlsplit(url)
        named = parts.username is not None or parts.password is not None
    except ValueError:
        raise CredentialError(
            message("signing.address-cannot-read", what=what), hint=message("signing.write-https")
        ) from None
    if named:
        raise CredentialError(
            message("signing.password-never-stands-address", what=what),
            hint=message("signing.describe-service-yaml-file"),
        )
    return parts


@dataclass(frozen=True, slots=True, eq=False)
class LoadedKey:
    """What a backend's `load_…` function returns; the common parts of a credential are added by its caller.

    Attributes:
        signer: The key.
        certificate_der: The signing certificate, DER.
        chain_der: Further certificates that the backend knows, DER, issuer first.
        sm2_signer_id: The id that enters each SM2 digest; None for other kinds of keys.
    """

    signer: RawSigner
    certificate_der: bytes
    chain_der: tuple[bytes, ...] = ()
    sm2_signer_id: str | None = None

    def __repr__(self) -> str:
        return "LoadedKey()"


@dataclass(frozen=True, slots=True, eq=False)
class BackendConfig:
    """One credential file, as a backend sees it: every scalar is text, and paths are relative to the file.

    Attributes:
        path: The credential file.
        kind: Its `kind`.
        settings: Its content; scalars as text, secrets still as references.
        prompt: Asks for secrets; None where nobody can answer.
        warnings: Collects what deserves a warning, e.g. a key file that others can read.
        opens: Whether the key is to open envelopes, instead of signing.
    """

    path: Path
    kind: str
    settings: Mapping[str, object]
    prompt: Prompt | None = None
    warnings: list[Message] = field(default_factory=list)
    opens: bool = False

    def __repr__(self) -> str:
        return f"BackendConfig({str(self.path)!r}, kind={self.kind!r})"

    @property
    def name(self) -> str:
        """The credential file's stem, for messages."""
        return self.path.stem

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    def has(self, key: str) -> bool:
        """Tell whether a setting is there and not empty."""
        return self.settings.get(key) not in (None, "", [], {})

    def text(self, key: str) -> str:
        """Return a setting that must be there, as text.

        Raises:
            CredentialError: It is missing or not a single value.
        """
        if not self.has(key):
            self.fail(message("signing.setting-missing", key=key), hint=message("signing.add-line", key=key))
        return self._scalar(key)

    def text_or(self, key: str, default: str) -> str:
        """Return a setting as text, or a default where it is missing."""
        return self._scalar(key) if self.has(key) else default

    def file(self, key: str) -> Path:
        """Return a setting that names a file, as a path from the credential's folder.

        Raises:
            CredentialError: It is missing.
        """
        return self.folder / self.text(key)

    def files(self, key: str) -> tuple[Path, ...]:
        """Return a setting that names one or more files, as paths from the credential's folder."""
        value = self.settings.get(key)
        if not self.has(key):
            return ()
        names = value if isinstance(value, list) else [value]
        if not all(isinstance(name, str) for name in names):
            self.fail(message("signing.must-file-name-or-list-file", key=key))
        return tuple(self.folder / str(name) for name in names)

    def read_file(self, path: Path, what: Message, *, secret: bool = False) -> bytes:
        """Read a file that the credential names.

        Args:
            path: The file.
            what: What it holds, for messages.
            secret: Whether others being able to read it deserves a warning.

        Raises:
            CredentialError: It cannot be read.
        """
        try:
            data = read_limited(path, _MAX_FILE_BYTES)
        except OSError as exc:
            raise self.error(
                message("signing.cannot-read-2", what=what, path=path, exc=exc),
                hint=message("signing.check-path"),
            ) from None
        if secret:
            self.warn_if_loose(path, what)
        return data

    def read_key(
        self, path: Path, what: Message, probe: Callable[[bytes, str | None], None] | None = None
    ) -> bytes:
        """Read the file of a key, which may ask for a bounded amount of work to be opened.

        Args:
            path: The file.
            what: What it holds, for messages.
            probe: Opens the file; run in a confined process where the work cannot be told beforehand, as in
                a key that is protected twice.

        Raises:
            CredentialError: It cannot be read, or asks for more.
        """
        data = self.read_file(path, what, secret=True)
        try:
            if not check_rounds(data) and probe is not None:
                shared(Limits()).call(probe, data, self.read_secret_or_none("passphrase"))
        except ConfinedError as exc:
            if exc.why in (Runaway.TIME, Runaway.MEMORY):
                raise self.error(
                    message("model.place-and-problem", place=path, problem=exc),
                    hint=message("signing.export-key-again"),
                ) from None
        except TooSlowError as exc:
            raise self.error(
                message("model.place-and-problem", place=path, problem=exc),
                hint=message("signing.export-key-again-fewer-rounds"),
            ) from None
        return data

    def warn_if_loose(self, path: Path, what: Message) -> None:
        """Note a warning when people other than the owner may read or write a file."""
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            self.warnings.append(
                message("signing.credential-can-read-others-chmod-600", name=self.name, what=what, path=path)
            )

    def read_secret(self, key: str) -> str:
        """Return a secret that must be given.

        Raises:
            CredentialError: It is missing, written in the file itself, or cannot be had.
        """
        if not self.has(key):
            self.fail(message("signing.secret-missing", key=key), hint=_FORM)
        return self._secret(key)

    def read_secret_or_none(self, key: str) -> str | None:
        """Return a secret, or None where the file names none.

        Raises:
            CredentialError: It is written in the file itself, or cannot be had.
        """
        return self._secret(key) if self.has(key) else None

    def error(self, problem: Message, *, hint: Message | None = None) -> CredentialError:
        """Build an error that names this credential file."""
        return CredentialError(message("signing.credential", path=self.path, cause=problem), hint=hint)

    def fail(self, problem: Message, *, hint: Message | None = None) -> NoReturn:
        """Raise an error that names this credential file."""
        raise self.error(problem, hint=hint)

    def _scalar(self, key: str) -> str:
        value = self.settings[key]
        if not isinstance(value, str):
            self.fail(message("signing.must-single-value", key=key))
        return value

    def _secret(self, key: str) -> str:
        reference = self.settings[key]
        if not isinstance(reference, Mapping):
            self.fail(message("signing.stands-file-secrets-never-do", key=key), hint=_FORM)
        source, value = next(iter(reference.items()), ("", None))
        if len(reference) != 1 or source not in _SOURCES or not isinstance(value, str):
            self.fail(message("signing.must-name-one-source", key=key), hint=_FORM)
        secret = self._from_source(key, source, value)
        if "\0" in secret:  # the libraries below take it for the end, or print it as they break down
            self.fail(
                message("signing.holds-nul-character", key=key),
                hint=message("signing.check-where-comes-from", source=source),
            )
        return secret

    def _from_source(self, key: str, source: str, value: str) -> str:
        if source == "env":
            return self._from_environment(key, value)
        if source == "file":
            return self._from_file(key, value)
        return self._from_prompt(key, value)

    def _from_environment(self, key: str, variable: str) -> str:
        found = os.environ.get(variable)
        if found is None:
            self.fail(
                message("signing.environment-variable-not-set", key=key, variable=variable),
                hint=message("signing.set", variable=variable),
            )
        return found

    def _from_file(self, key: str, name: str) -> str:
        data = self.read_file(self.folder / name, message("signing.file", key=key), secret=True)
        try:
            return data.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise self.error(message("signing.file-not-utf-8-text", key=key, name=name)) from None

    def _from_prompt(self, key: str, value: str) -> str:
        if value.lower() not in ("true", "yes", "on"):
            self.fail(message("signing.must-name-one-source", key=key), hint=_FORM)
        if self.prompt is None:
            self.fail(
                message("signing.has-typed-nobody-type", key=key), hint=message("signing.use-env-or-file")
            )
        return self.prompt(translate(self.question(key)))

    def questions(self) -> tuple[Message, ...]:
        """Return everything that somebody will be asked for before the key can be used."""
        found = ((key, value) for key, value in self.settings.items() if isinstance(value, Mapping))
        return tuple(self.question(key) for key, value in found if "prompt" in value)

    def question(self, key: str) -> Message:
        """Say what somebody will be asked for, as she will be asked for it."""
        return message("signing.secret-of", key=message(f"signing.secret.{key}"), name=self.name)
