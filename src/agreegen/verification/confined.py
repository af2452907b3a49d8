"""Files that may be strangers', judged in a process with limits: what hangs, grows or aborts ends there.

Libraries in C, C++ and Rust look into such files, and some files end them together with their process. One
process serves a whole command, so that not every file waits for libraries to load.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import math
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from agreegen.foreign.confinement import ConfinedError, Confinement, Runaway
from agreegen.foreign.limits import Limits as ProcessLimits
from agreegen.messages import message
from agreegen.model.report import Alarm, FileReport, Verdict
from agreegen.pdf.limits import Limits
from agreegen.verification.interface import Options, Structure

T = TypeVar("T")

_FILES_PER_PROCESS = 500
_OURS = "AGREEGEN_"
_STARTING = ProcessLimits(memory_bytes=2 << 30, cpu_s=60, wall_s=120.0)
_GIVEN_UP = {
    Runaway.TIME: message("verification.examination-too-long"),
    Runaway.MEMORY: message("verification.too-much-memory"),
    Runaway.DIED: message("verification.ended-without-answer"),
    Runaway.FAILED: message("verification.examination-stopped"),
}


class JudgingProcess:
    """A process that looks into one file at a time, started when it is needed, and again after it was lost.

    Args:
        folder: Where its libraries put what they write meanwhile; None for the folder of the command.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._confinement: Confinement | None = None
        self._served = 0
        self._settings: dict[str, str] = {}

    def begin(self) -> None:
        """Start it now, without waiting, so that it loads while the caller does something else."""
        with contextlib.suppress(OSError), self._lock:  # told to who asks for an answer
            self._process()

    def verify(self, label: str, data: bytes, options: Options) -> FileReport:
        """Judge a file as `verify` does; whatever is in it, it gets an answer.

        A library that dies must not hide what the rest of the examination can say: then the file is judged
        once more without libraries.

        Args:
            label: What the file is called in the report; nothing is opened under this name.
            data: Its bytes.
            options: What the caller chose.

        Raises:
            InputError: The policy file is wrong.
        """
        try:
            return self._verify(label, data, options)
        except ConfinedError as exc:
            code = "limit" if exc.why is not Runaway.FAILED else "internal-error"
            alarm = Alarm(code, _GIVEN_UP[exc.why])
            return FileReport(label, Verdict.INDETERMINATE, None, alarms=(alarm,), size_bytes=len(data))

    def examine(self, label: str, data: bytes, options: Options, *, rebuild: bool = True) -> FileReport:
        """Judge a file for somebody who acts on the answer; without a whole one there is none.

        Args:
            label: What the file is called in the report.
            data: Its bytes.
            options: What the caller chose.
            rebuild: See `examination.examine`.

        Raises:
            ConfinedError: A library died over it, twice; it takes more than a file may, or cannot be read.
            InputError: The policy file is wrong.
        """
        try:
            return self._call(options.limits, _examine, label, data, options, rebuild)
        except ConfinedError as exc:
            if exc.why is not Runaway.DIED:
                raise
            # What ended the process may have been something else than this file.
            return self._call(options.limits, _examine, label, data, options, rebuild)

    def scan(self, data: bytes, limits: Limits) -> Structure | None:
        """Scan the structure of a file; None where there is no answer within the limits."""
        try:
            return self._call(limits, _scan, data, limits)
        except ConfinedError:
            return None

    def close(self) -> None:
        """End the process."""
        if self._confinement is not None:
            self._confinement.close()
            self._confinement = None

    def _verify(self, label: str, data: bytes, options: Options) -> FileReport:
        try:
            return self._call(options.limits, _judge, self._folder, label, data, options)
        except ConfinedError as exc:
            if exc.why is not Runaway.DIED or not options.limits.native:
                raise
            careful = replace(options, limits=replace(options.limits, native=False))
            return self._call(options.limits, _judge, self._folder, label, data, careful)

    def _call(self, limits: Limits, function: Callable[..., T], *arguments: object) -> T:
        wall_s = limits.timeout_s
        with self._lock:
            try:
                process = self._process()
                process.limits = ProcessLimits(limits.memory_bytes, math.ceil(wall_s), wall_s)
                self._served += 1
                return process.call(function, *arguments)
            except ConfinedError:
                self.close()
                raise
            except OSError as exc:  # no room for a process: nothing is said of the file
                self.close()
                raise ConfinedError(Runaway.FAILED, str(exc)) from exc

    def _process(self) -> Confinement:
        """Return a process that loads, or has loaded, what it needs: that is not on the account of a file."""
        settings = _settings()
        if self._served >= _FILES_PER_PROCESS or self._settings != settings:
            self.close()
        if self._confinement is None:
            started = Confinement(_STARTING)
            started.begin(_load)
            self._confinement, self._served, self._settings = started, 0, settings
        return self._confinement


def _settings() -> dict[str, str]:
    """Return what a process takes over when it is started, and what a program may set anew afterwards."""
    return {name: value for name, value in os.environ.items() if name.startswith(_OURS) or name == "TMPDIR"}


@functools.cache
def command_process() -> JudgingProcess:
    """Return the process of this command for the files that it opens; it ends with the command."""
    return JudgingProcess()


def _load() -> None:
    """Load in the confined process what judging needs."""
    gc.disable()
    from agreegen.verification.one_file import load_whole  # noqa: PLC0415 - that is the purpose

    load_whole()
    gc.freeze()  # nothing that is loaded goes away again; looking for it costs as much as judging files
    gc.enable()


def _judge(folder: Path | None, label: str, data: bytes, options: Options) -> FileReport:
    """Judge in the confined process."""
    if folder is not None:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    from agreegen.verification.one_file import verify_bytes  # noqa: PLC0415 - after the limits

    return verify_bytes(label, data, options)


def _examine(label: str, data: bytes, options: Options, rebuild: bool) -> FileReport:
    from agreegen.verification.examination import examine  # noqa: PLC0415 - after the limits

    return examine(label, data, options, rebuild=rebuild)


def _scan(data: bytes, limits: Limits) -> Structure:
    from agreegen.verification.structure.scan import scan_structure  # noqa: PLC0415 - after the limits

    return scan_structure(data, limits)
