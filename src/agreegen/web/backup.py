"""The home folder as one file, and back; databases as they are at one moment."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from agreegen.errors import InputError, UsageError
from agreegen.files import TEMPORARY_PREFIX, refuse_existing, replacing
from agreegen.messages import message
from agreegen.temporary import OwnFolder, shared_temporary_folder
from agreegen.web.home import Home
from agreegen.web.store.copying import copy_database, is_database

_OWNER_ONLY = 0o600
_LOGS = ("-wal", "-shm", "-journal")


def back_up(home: Home, target: Path, *, force: bool) -> int:
    """Write the home folder into one compressed tar file; the server may run meanwhile.

    Args:
        home: The home folder.
        target: The file, mode 0600: keys and personal data are in it.
        force: Replace the file if it is there.

    Returns:
        Number of files.

    Raises:
        UsageError: The target exists, or lies in the home folder.
        OSError: It cannot be written.
    """
    refuse_existing(target, force=force)
    if target.resolve().is_relative_to(home.folder):
        raise UsageError(
            message("web.lies-home-folder", target=target),
            hint=message("web.choose-another-place-best-another-disk"),
        )
    count = 0
    with (
        replacing(target, mode=_OWNER_ONLY) as fresh,
        OwnFolder(shared_temporary_folder(), "backup") as aside,
        tarfile.open(fresh, "w:gz", compresslevel=3) as archive,
    ):
        for path in _kept(home.folder):
            name = path.relative_to(home.folder).as_posix()
            if path.is_file() and is_database(path):
                copy_database(path, aside / "copy.db")
                archive.add(aside / "copy.db", name, filter=_as_database)
                (aside / "copy.db").unlink()
            else:
                archive.add(path, name, recursive=False)
            count += path.is_file()
    return count


def _as_database(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mode = _OWNER_ONLY
    return info


def _kept(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        passing = any(part.startswith(TEMPORARY_PREFIX) for part in path.relative_to(folder).parts)
        if not passing and not path.name.endswith(_LOGS) and not path.is_symlink():
            yield path


def restore(source: Path, folder: Path) -> int:
    """Write a backup into a folder that is empty or not there yet.

    Returns:
        Number of files.

    Raises:
        UsageError: The folder holds something.
        InputError: The file is not a whole backup; the folder is left empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            message("web.not-empty", folder=folder), hint=message("web.restore-into-new-folder-then-exchange")
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as exc:
        shutil.rmtree(folder)
        raise InputError(
            message("web.not-whole-backup", source=source), hint=message("web.use-another-copy")
        ) from exc
    if not Home(folder).known:
        shutil.rmtree(folder)
        raise InputError(
            message("web.not-backup-office", source=source), hint=message("web.use-file-web-backup-wrote")
        )
    paths = tuple(folder.rglob("*"))
    for path in paths:
        path.chmod(_OWNER_ONLY | 0o100 if path.is_dir() else _OWNER_ONLY)
    return sum(path.is_file() for path in paths)
