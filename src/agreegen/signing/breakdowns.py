"""Breakdowns of the cryptographic library over hostile input: a clear error, and nothing of it is printed.

Parts of the library are written in Rust. A bug there ends in a panic, which is no ordinary exception and goes
past `except Exception`; before it, a line is written to standard error that may quote what was being read.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from agreegen.errors import AgreegenError, is_breakdown

_LOCK = threading.Lock()


@contextlib.contextmanager
def contained(error: Callable[[], AgreegenError], *, secret: bool = False) -> Iterator[None]:
    """Turn a breakdown of the library into an error.

    Args:
        error: Makes the error.
        secret: Whether what is read is a secret; then nothing is written to standard error meanwhile.

    Raises:
        AgreegenError: The library broke down.
    """
    try:
        with silence() if secret else contextlib.nullcontext():
            yield
    except BaseException as exc:
        if not is_breakdown(exc):
            raise
        raise error() from None


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Let nothing be written to standard error, not even by libraries that know no Python."""
    with _LOCK, Path(os.devnull).open("wb") as nowhere:
        try:
            kept = os.dup(2)
        except OSError:  # a process without standard error
            yield
            return
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
