"""Where bags lie: in the folder of the batch that made them, or in that of the delivery that brought them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from agreegen.web.home import Home
from agreegen.web.settings import Settings
from agreegen.web.work.commands.children import Child, ChildState

_ACTS = ("stamp", "hand-over", "seal", "plan", "destroy", "receive")
TRANSFER, DESTROYED = ".transfer", ".destroyed"
"""What stands behind the name of a bag in those of the folders beside it."""


@dataclass(frozen=True, slots=True)
class BagPlace:
    """A folder with bags.

    Attributes:
        id: Its name in paths of pages.
        title: What people call it.
        folder: The folder; the commands run there.
        notes: Where they leave what they say.
        register: The register of the documents in the bags; None where there is none here.
        sources: Folder of sealed parts that the bags came in; None where they were made here.
        back: The page that it is listed on.
    """

    id: str
    title: str
    folder: Path
    notes: Path
    register: Path | None
    sources: Path | None
    back: str

    def names(self) -> tuple[str, ...]:
        """Name the bags that are there, or were there and were destroyed."""
        found = (path.parent.name for path in self.folder.glob("*/bagit.txt"))
        gone = (path.name.removesuffix(DESTROYED) for path in self.folder.glob(f"*{DESTROYED}"))
        return tuple(sorted({*found, *gone}))

    def bag(self, name: str) -> Bag | None:
        """Return a bag that is there, or was there and was destroyed."""
        if name in {"", ".", ".."} or PurePath(name).name != name:
            return None
        bag = Bag(self, name)
        return bag if bag.is_there or bag.beside(DESTROYED).is_dir() else None


@dataclass(frozen=True, slots=True)
class Bag:
    """One bag.

    Attributes:
        place: Where it lies.
        name: Its name there.
    """

    place: BagPlace
    name: str

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.place.folder / self.name

    @property
    def is_there(self) -> bool:
        """Whether it is a bag, and not what a destruction left."""
        return (self.path / "bagit.txt").is_file() and not self.path.is_symlink()

    @property
    def argument(self) -> str:
        """Its path for a command; a name that begins with a hyphen is no option."""
        return f"./{self.name}"

    @property
    def notes(self) -> Path:
        """Where what is done with it leaves its notes."""
        return self.place.notes / self.name

    @property
    def recipients(self) -> Path:
        """Certificates for which it was encrypted last."""
        return self.notes / "recipients"

    @property
    def sealed(self) -> Path:
        """The parts of what was encrypted last."""
        return self.notes / "sealed"

    @property
    def busy(self) -> bool:
        """Whether something is being done with it."""
        return any(self.child(act).state is ChildState.RUNNING for act in _ACTS)

    def beside(self, suffix: str) -> Path:
        """Return a folder that stands beside it."""
        return self.path.with_name(self.name + suffix)

    def drop_foreign_receipt(self) -> None:
        """Remove a receipt that came with a bag: this office has not written it."""
        for path in self.beside(TRANSFER).glob("receipt.json*"):
            path.unlink()

    @property
    def copies(self) -> tuple[Path, ...]:
        """Folders that the bag could be brought back from: sealed parts that it came in or went out in."""
        return tuple(folder for folder in (self.sealed, self.place.sources) if folder is not None)

    def child(self, act: str) -> Child:
        """Return a command about it, run where it lies."""
        return Child(self.notes, act, self.place.folder)

    def documents(self) -> Iterator[str]:
        """Yield the paths of its documents below `data/documents`."""
        root = self.path / "data" / "documents"
        for path in sorted(root.rglob("*.pdf")):
            yield path.relative_to(root).as_posix()

    def files(self, folder: Path) -> tuple[str, ...]:
        """Name the plain files of a folder that belongs to it."""
        if folder.is_symlink() or not folder.is_dir():
            return ()
        return tuple(
            sorted(path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink())
        )


@dataclass(frozen=True, slots=True)
class Options:
    """Options that the commands about bags share, with paths relative to where they run.

    Attributes:
        home: The office's home.
        settings: They name timestamp services.
        place: Where the commands run.
    """

    home: Home
    settings: Settings
    place: Path

    @property
    def trust(self) -> list[str]:
        """By what they judge, and whom they sign under."""
        return self.home.trust_options(self.place)

    @property
    def timestamps(self) -> list[str]:
        """Where timestamps come from."""
        return [f"--tsa={name}" for name in self.home.services(self.settings.tsa, self.place)]

    def file(self, name: str, path: Path) -> str:
        """Return an option that names a file."""
        return f"--{name}={os.path.relpath(path, self.place)}"

    def credential(self, name: str) -> str:
        """Return the option that names one of the office's credential files."""
        return self.file("credential", self.home.credentials / name)
