"""Where foreign bytes meet foreign libraries: whatever breaks there becomes an ordinary exception.

Libraries written in Rust report their own breakdowns as exceptions that `except Exception` does not catch
(PyO3 derives `PanicException` from `BaseException`), so that one damaged certificate would end the program.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


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
            raise BreakdownError(f"a library broke down over these bytes ({type(exc).__name__})") from None

    return guarded
