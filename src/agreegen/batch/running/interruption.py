"""Stopping a run at the keyboard without losing what is under way."""

from __future__ import annotations

import contextlib
import signal
from types import FrameType, TracebackType

__all__ = ["Brake"]


class Brake:
    """Turns the first Ctrl-C into a wish to stop after the chunks under way; the second one ends at once."""

    def __init__(self) -> None:
        self.pressed = False
        self._before: object = None

    def __enter__(self) -> Brake:
        with contextlib.suppress(ValueError):  # only the main thread may set handlers
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def _press(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]
