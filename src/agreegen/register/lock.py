"""One writer a folder: a lock that dies with its process and leaves no file."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from agreegen.errors import RegisterError


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the only writer's lock of an output folder (flock on the folder itself).

    Raises:
        RegisterError: Another process holds it, or the folder cannot be opened.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as exc:
        raise RegisterError(
            f"{folder} cannot be used: {exc.strerror}", hint="choose a writable output folder"
        ) from exc
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise RegisterError(
                f"another run is writing to {folder}", hint="wait for it to finish, or end it first"
            ) from exc
        yield
    finally:
        os.close(handle)
