"""Where documents lie: folders of at most 1,000 files, names by pattern, files nobody registered."""

from __future__ import annotations

import os
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.batch.interface import Job
from agreegen.files import TEMPORARY_PREFIX
from agreegen.model.document import Document, encode_value
from agreegen.model.document import Value as FieldValue

if TYPE_CHECKING:
    from agreegen.register.store import Register

FILES_PER_FOLDER = 1_000
DOCUMENTS, SUPERSEDED, QUARANTINE = "documents", "superseded", "quarantine"
_FORBIDDEN = frozenset('/\\:*?"<>|%\0')
_MAX_NAME_BYTES = 200


@dataclass(slots=True)
class Inventory:
    """What stands in the output folder before a run.

    Attributes:
        orphans: Paths, below the output folder, of PDFs that the register does not know.
        last_folder: Number of the highest folder, 0 where there is none.
        files_in_last: Files in it.
    """

    orphans: list[str] = field(default_factory=list)
    last_folder: int = 0
    files_in_last: int = 0


def take_inventory(output: Path, register: Register) -> Inventory:
    """Find the PDFs that the register does not know, and remove what a killed run left half-written."""
    inventory = Inventory()
    for name in (DOCUMENTS, SUPERSEDED, QUARANTINE):
        for folder in _folders(output / name):
            relative = folder.relative_to(output).as_posix()
            names = _clean(folder)
            if name != DOCUMENTS:
                continue
            known = register.paths_in(relative)
            inventory.orphans += [
                path for path in (f"{relative}/{item}" for item in names) if path not in known
            ]
            if folder.name.isdigit() and int(folder.name) >= inventory.last_folder:
                inventory.last_folder, inventory.files_in_last = int(folder.name), len(names)
    _clean(output)
    return inventory


def _folders(top: Path) -> Iterator[Path]:
    for current, names, _ in os.walk(top):
        names.sort()
        yield Path(current)


def _clean(folder: Path) -> list[str]:
    """Remove leftovers from a folder and return the names of its PDFs."""
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(TEMPORARY_PREFIX) and entry.is_file(follow_symlinks=False):
                Path(entry.path).unlink(missing_ok=True)
            elif entry.name.lower().endswith(".pdf") and entry.is_file(follow_symlinks=False):
                names.append(entry.name)
    return names


class PathGiver:
    """Gives each new document its path below the output folder.

    Args:
        job: The job, for its name pattern.
        register: Knows the paths that are taken.
        inventory: Says where earlier runs stopped.
    """

    def __init__(self, job: Job, register: Register, inventory: Inventory) -> None:
        self._pattern = job.name
        self._register = register
        self._next = max(0, inventory.last_folder - 1) * FILES_PER_FOLDER + inventory.files_in_last
        self._taken = set(inventory.orphans)

    def give(self, document: Document, values: Mapping[str, FieldValue], number: str | None) -> str:
        """Return a path that nothing has taken."""
        folder = f"{DOCUMENTS}/{self._next // FILES_PER_FOLDER + 1:05d}"
        self._next += 1
        name = self.name_of(document, values, number)
        path = f"{folder}/{name}.pdf"
        if path in self._taken or self._register.document_by_path(path) is not None:
            path = f"{folder}/{name}-{document.id[:8]}.pdf"
        self._taken.add(path)
        return path

    def release(self, path: str) -> None:
        """Say that the register (or nobody) has the path now, so that memory stays flat."""
        self._taken.discard(path)

    def name_of(self, document: Document, values: Mapping[str, FieldValue], number: str | None) -> str:
        """Return the file name without `.pdf`."""
        if self._pattern is None:
            return portable_name(number or "") or document.id
        return portable_name(fill_pattern(self._pattern, values)) or document.id


def fill_pattern(pattern: str, values: Mapping[str, FieldValue]) -> str:
    """Put a row's values into a pattern such as `{staff_no}`; a value that is missing leaves nothing."""
    parts = []
    for text, name, _, _ in string.Formatter().parse(pattern):
        parts.append(text)
        if name is not None and name in values:
            value = encode_value(values[name])
            parts.append("、".join(value) if isinstance(value, list) else str(value))
    return "".join(parts)


def path_of_row(pattern: str, values: Mapping[str, FieldValue]) -> Path | None:
    """Return the file of a row; None where a value for it is missing or is no plain name."""
    names = [name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None]
    return Path(fill_pattern(pattern, values)) if all(_is_plain(values.get(name)) for name in names) else None


def _is_plain(value: FieldValue | None) -> bool:
    return isinstance(value, str) and value not in {"", ".", ".."} and not set(value) & set("/\\\0")


def portable_name(name: str) -> str:
    """Return a name that every file system takes, and that is no path."""
    kept = "".join(
        "_" if character in _FORBIDDEN or not character.isprintable() else character for character in name
    )
    short = kept.strip(" .").encode()[:_MAX_NAME_BYTES].decode(errors="ignore")
    return short.lstrip(".-~")


def superseded_path(path: str, document_id: str) -> str:
    """Return where a document goes when another one replaces it."""
    folder, name = path.removeprefix(f"{DOCUMENTS}/").rsplit("/", 1) if "/" in path else ("", path)
    return f"{SUPERSEDED}/{folder}/{name.removesuffix('.pdf')}-{document_id[:8]}.pdf"
