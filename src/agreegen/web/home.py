"""The home folder of an office: where its server keeps what it knows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agreegen.errors import UsageError
from agreegen.messages import message

_FOLDERS = ("batches", "agreements", "ledger", "trust", "authority", "signing", "uploads", "received")
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that `--home` names.

    Attributes:
        folder: The folder itself.
    """

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> Home:
        """Make what is missing of a home folder and return it; an empty folder will do.

        Raises:
            UsageError: It is a file, or holds things that no office made.
            OSError: It cannot be written.
        """
        home = cls(folder.resolve())
        if folder.exists() and not folder.is_dir():
            raise UsageError(
                message("web.file-folder-needed", folder=folder), hint=message("web.name-another-folder")
            )
        strangers = folder.is_dir() and any(folder.iterdir()) and not home.known
        if strangers:
            raise UsageError(
                message("web.holds-other-things", folder=folder),
                hint=message("web.name-empty-folder-or-offices-home"),
            )
        home.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        for name in _FOLDERS:
            (home.folder / name).mkdir(mode=_PRIVATE, exist_ok=True)
        return home

    @property
    def known(self) -> bool:
        """Whether an office lives there: its database, its settings or its issuing authority are there."""
        begun = (self.database, self.settings_file, self.authority)
        return any(path.exists() for path in begun)

    @property
    def database(self) -> Path:
        """Accounts, sessions, audit, and what the pages need to find their way back."""
        return self.folder / "office.db"

    @property
    def settings_file(self) -> Path:
        """What the administrator chose."""
        return self.folder / "office.yaml"

    @property
    def batches(self) -> Path:
        """One folder a batch: roster, job, output."""
        return self.folder / "batches"

    @property
    def agreements(self) -> Path:
        """One folder an agreement."""
        return self.folder / "agreements"

    @property
    def ledger(self) -> Path:
        """The office's ledger, in a folder of its own."""
        return self.folder / "ledger" / "ledger.db"

    @property
    def trust(self) -> Path:
        """The only trust anchors, and revocation lists."""
        return self.folder / "trust"

    @property
    def trusts(self) -> bool:
        """Whether there is anything in the trust folder."""
        return any(self.trust.iterdir())

    def trust_options(self, here: Path) -> list[str]:
        """Return the option by which a command that runs in a folder below trusts what this office trusts."""
        return [f"--trust={os.path.relpath(self.trust, here)}"] if self.trusts else []

    def services(self, names: Iterable[str], here: Path | None = None) -> list[str]:
        """Return timestamp services as `office.yaml` names them, their files by where those are.

        Args:
            names: Addresses, or YAML files in the home folder.
            here: Where a command runs, for relative paths; None for whole ones.
        """
        return [name if "://" in name else self._path_of(name, here) for name in names]

    def _path_of(self, name: str, here: Path | None) -> str:
        path = self.folder / name
        return str(path) if here is None else os.path.relpath(path, here)

    @property
    def authority(self) -> Path:
        """The office's own signing authority, where it has one."""
        return self.folder / "authority"

    @property
    def signing(self) -> Path:
        """One folder an act of signing on a device: pages as shown, evidence, encrypted strokes."""
        return self.folder / "signing"

    @property
    def received(self) -> Path:
        """One folder a delivery: parts as they came, the bags that were in them."""
        return self.folder / "received"

    @property
    def uploads(self) -> Path:
        """What was uploaded and is being worked on."""
        return self.folder / "uploads"

    def credential_files(self) -> tuple[str, ...]:
        """Name the credential files of the office, for people to choose from."""
        return tuple(sorted(path.name for path in self.credentials.glob("*.yaml")))

    @property
    def credentials(self) -> Path:
        """Credential files."""
        return self.folder / "credentials"
