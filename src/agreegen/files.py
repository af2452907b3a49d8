"""Durable file writing and hashing: beside the target, fsync, rename, fsync the folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agreegen.errors import UsageError

_BLOCK_BYTES = 1 << 20
TEMPORARY_PREFIX = ".agreegen-"
"""Every temporary file of ours begins with this, so that what a killed run leaves can be told and removed."""


def sha256_of(data: bytes) -> str:
    """Return the lower-case hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the lower-case hex SHA-256 of a file, read in blocks.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def refuse_existing(path: Path, *, force: bool) -> None:
    """Refuse to overwrite a file unless that was asked for.

    Raises:
        UsageError: The path exists and `force` is false.
    """
    if not force and (path.exists() or path.is_symlink()):
        raise UsageError(f"{path} exists already", hint="choose another output, or add --force to replace it")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (fsync on the directory)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o644) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it takes the name `path`, on failure it is removed.

    Args:
        path: The target; its folder is made when missing.
        mode: Permissions of the new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that it is either whole and durable or not there at all.

    Raises:
        OSError: The folder cannot be written, or the disk is full; nothing is left behind.
    """
    with replacing(path, mode=mode) as temporary:
        temporary.write_bytes(data)


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files that a killed run left in a folder and below; return how many."""
    count = 0
    for path in folder.rglob(f"{TEMPORARY_PREFIX}*"):
        if path.is_file():
            path.unlink(missing_ok=True)
            count += 1
    return count
