"""Where foreign bytes meet foreign libraries: whatever breaks there becomes an ordinary exception.

Libraries written in Rust report their own breakdowns as exceptions that `except Exception` does not catch
(PyO3 derives `PanicException` from `BaseException`), so that one damaged certificate would end the program.
Before it, a line is written to standard error that may quote what was being read.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from agreegen.errors import AgreegenError, is_breakdown
from agreegen.messages import ErrorKind, message

P = ParamSpec("P")
T = TypeVar("T")

_LOCK = threading.Lock()


class BreakdownError(ValueError):
    """A library broke down over foreign bytes; that is a fact about the bytes."""


def contained(work: Callable[P, T]) -> Callable[P, T]:
    """Let a function raise `BreakdownError` where a library breaks down; wishes to stop still pass."""

    @functools.wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except (Exception, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as exc:
            raise BreakdownError(
                message("foreign.library-broke-down-over-these-bytes", kind=ErrorKind.of(exc))
            ) from None

    return guarded


@contextlib.contextmanager
def breakdown_as(error: Callable[[], AgreegenError], *, secret: bool = False) -> Iterator[None]:
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
