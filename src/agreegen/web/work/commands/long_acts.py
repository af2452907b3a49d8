"""Acts that take a command's time: the audit tells when each began, and once how it ended.

The end is found by looking, since a server may be killed while its children go on: the next one finds it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from agreegen.errors import ExitCode, UsageError
from agreegen.web.store.audit import Act
from agreegen.web.store.open_acts import OpenAct, OpenActs
from agreegen.web.work.commands.children import Child, ChildState

_RUN_BYTES = 16
_NOTHING: Mapping[str, Callable[[Path], None]] = {}
_DONE = "done"
_NOT_STARTED, _CUT_SHORT, _FAILED = "not-started", "cut-short", "failed"
_RESULTS = {
    ExitCode.DONE: _DONE,
    ExitCode.NEGATIVE: "findings",
    ExitCode.FAILED_ROWS: "rows-failed",
    ExitCode.INTERRUPTED: "stopped",
}


class LongActs:
    """The long acts of an office.

    Args:
        home: The home folder; what is noted is relative to it, so that it can be moved.
        open_acts: Where they are noted.
        clock: Gives aware UTC time.
        afterwards: What else is done when an act of a name is done, with the folder of the command's files.
    """

    def __init__(
        self,
        home: Path,
        open_acts: OpenActs,
        clock: Callable[[], datetime],
        afterwards: Mapping[str, Callable[[Path], None]] = _NOTHING,
    ) -> None:
        self._home = home
        self._open = open_acts
        self._clock = clock
        self._afterwards = afterwards
        self._turn = threading.Lock()

    def begin(
        self, child: Child, arguments: Sequence[str], act: Act, *, language: str, answers: Mapping[str, str]
    ) -> bool:
        """Begin a command, and tell whether it was begun: not while it is running already.

        Args:
            child: The command's place.
            arguments: What follows `agreegen`.
            act: Who began it, from where, what, on what.
            language: `zh` or `en`, for what it says to people.
            answers: PINs by question.
        """
        with self._turn:
            if child.state is ChildState.RUNNING:
                return False
            self._settle()  # the files of its last run are about to go
            folder = child.folder.relative_to(self._home).as_posix()
            opened = OpenAct(secrets.token_hex(_RUN_BYTES), folder, child.name, act)
            self._open.begin(opened, now=self._clock())
            try:
                child.start(arguments, language=language, answers=answers, run=opened.run)
            except (OSError, UsageError):
                self._settle()
                raise
        return True

    def settle(self) -> None:
        """Put on the audit what has ended since somebody looked last."""
        with self._turn:
            self._settle()

    def _settle(self) -> None:
        for each in self._open.all():
            result = _result(Child(self._home / each.folder, each.name), each.run)
            if result == _DONE and each.act.act in self._afterwards:
                self._afterwards[each.act.act](self._home / each.folder)
            if result is not None:
                self._open.end(each.run, result, now=self._clock())


def _result(child: Child, run: str) -> str | None:
    """Return in a word what came of a run; None while it is going on."""
    if child.run != run:
        return _NOT_STARTED
    match child.state:
        case ChildState.RUNNING:
            return None
        case ChildState.ENDED if child.exit_code is not None:
            return _RESULTS.get(ExitCode(child.exit_code), _FAILED) if child.exit_code in _CODES else _FAILED
        case _:
            return _CUT_SHORT


_CODES = frozenset(code.value for code in ExitCode)
