"""A bag that came as a ZIP: unpacked within bounds into a folder that is gone afterwards, judged there."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from agreegen.api import BagReport, VerifyOptions, verify_bag
from agreegen.errors import ArchiveError
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import message
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
    with OwnFolder(shared_temporary_folder(), "bag") as folder:
        unpack_zip(file, folder)
        bag = _bag_in(folder)
        process = Confinement(_LIMITS)
        try:
            return process.call(verify_bag, bag, options)
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
