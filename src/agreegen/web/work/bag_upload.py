"""A bag that came as a ZIP: unpacked within bounds into a folder that is gone afterwards, judged there."""

from __future__ import annotations

import contextlib
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from agreegen.api import BagReport, VerifyOptions, verify_bag, write_four
from agreegen.errors import ArchiveError
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import message, speaking
from agreegen.temporary import OwnFolder, shared_temporary_folder

_MOST_FILES = 20_000
_MOST_BYTES = 2 << 30
_BLOCK_BYTES = 1 << 20
_LIMITS = Limits(memory_bytes=3 << 30, cpu_s=300, wall_s=600.0)
_DECLARATION = "bagit.txt"


def judge_zipped_bag(file: IO[bytes], options: VerifyOptions) -> BagReport:
    """Judge a zipped bag.

    Args:
        file: The ZIP.
        options: By what it is judged.

    Raises:
        ArchiveError: It cannot be unpacked within bounds, or holds no bag.
    """
    with _unpacked(file) as bag, _process() as process:
        return process.call(verify_bag, bag, options)


def report_zipped_bag(file: IO[bytes], options: VerifyOptions, language: str) -> bytes:
    """Judge a zipped bag and return the report on its four properties (DA/T 70-2018), one HTML file.

    Args:
        file: The ZIP.
        options: By what it is judged.
        language: `zh` or `en`.

    Raises:
        ArchiveError: It cannot be unpacked within bounds, or holds no bag.
    """
    with _unpacked(file) as bag, OwnFolder(shared_temporary_folder(), "report") as folder:
        target = folder / "report.html"
        with _process() as process:
            process.call(_write_report, bag, target, options, language)
        return target.read_bytes()


def _write_report(bag: Path, target: Path, options: VerifyOptions, language: str) -> None:
    """Judge and write in the confined process."""
    with speaking(language, on_page=True):
        write_four(bag, verify_bag(bag, options), target, stage="receipt")


@contextlib.contextmanager
def _unpacked(file: IO[bytes]) -> Iterator[Path]:
    with OwnFolder(shared_temporary_folder(), "bag") as folder:
        unpack_zip(file, folder)
        yield _bag_in(folder)


@contextlib.contextmanager
def _process() -> Iterator[Confinement]:
    """Give a process with limits; what it meets beyond them is the bag's fault."""
    process = Confinement(_LIMITS)
    try:
        yield process
    except ConfinedError as exc:
        raise ArchiveError(message("web.bag.limits"), hint=message("web.bag.limits.hint")) from exc
    finally:
        process.close()


def unpack_zip(file: IO[bytes], folder: Path) -> None:
    """Unpack a ZIP into a folder, within bounds and never outside of it.

    Raises:
        ArchiveError: It is damaged, too large, or names a path out of the folder.
        OSError: The folder cannot be written.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_FILES:
                raise ArchiveError(message("web.bag.limits"), hint=message("web.bag.limits.hint"))
            left = _MOST_BYTES
            for entry in entries:
                left = _unpack_entry(archive, entry, folder, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as exc:
        raise ArchiveError(message("web.bag.broken")) from exc


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int) -> int:
    """Unpack one entry; return how many bytes may still come. Sizes in headers are not believed."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    linked = stat.S_ISLNK(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or linked:
        raise ArchiveError(message("web.bag.broken"))  # a path out of the folder (zip slip)
    target = folder.joinpath(*path.parts)
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return left
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("xb") as copy:
        while block := source.read(_BLOCK_BYTES):
            left -= len(block)
            if left < 0:  # a bomb: it unpacks without end
                raise ArchiveError(message("web.bag.limits"), hint=message("web.bag.limits.hint"))
            copy.write(block)
    return left


def _bag_in(folder: Path) -> Path:
    """Return the bag: the folder itself, or the only folder in it."""
    inside = [path for path in folder.iterdir() if path.is_dir()]
    for place in (folder, *inside):
        if (place / _DECLARATION).is_file():
            return place
    raise ArchiveError(message("web.bag.none"))
