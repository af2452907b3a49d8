"""Stopping a run at the keyboard without losing what is under way."""

from __future__ import annotations

import contextlib
import signal
from types import FrameType


class Interruption:
    """Turns the first Ctrl-C into a wish to stop after the chunks under way; the second one ends at once."""

    def __init__(self) -> None:
        self.asked_for = False
        self._before: object = None

    def __enter__(self) -> Interruption:
        with contextlib.suppress(ValueError):  # only the main thread may set handlers
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def _press(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.asked_for:
            raise KeyboardInterrupt
        self.asked_for = True

    def __exit__(self, *_exc: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]
