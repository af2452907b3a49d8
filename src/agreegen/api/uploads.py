"""Bytes from strangers, judged in processes of their own: what hangs, grows or breaks a library ends there.

Each process serves one file at a time, under limits of memory, processor and wall time, and is replaced after
a failure. What libraries put on disk meanwhile goes into a folder of ours, which is emptied before the answer
is given, whatever became of the process.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agreegen.foreign.confinement import ConfinedError, Confinement, Runaway
from agreegen.foreign.limits import Limits as ProcessLimits
from agreegen.messages import Message, message
from agreegen.model.report import Alarm, FileReport, Verdict
from agreegen.temporary import OwnFolder, shared_temporary_folder
from agreegen.verification.interface import Options

__all__ = ["UploadVerifier", "verify_upload"]

_FILES_PER_PROCESS = 500
_STARTING = ProcessLimits(memory_bytes=2 << 30, cpu_s=60, wall_s=120.0)


def verify_upload(name: str, data: bytes, options: Options) -> FileReport:
    """Judge bytes that a stranger gave; no file holds them afterwards.

    A process is started for this one file; who judges many keeps an `UploadVerifier`.

    Args:
        name: What the file is called in the report; nothing is opened under this name.
        data: Its bytes.
        options: From `verify_options`; its limits hold.

    Raises:
        InputError: The policy file is wrong.
        OSError: There is no room for the process.
    """
    with UploadVerifier(1) as verifier:
        return verifier.verify(name, data, options)


class UploadVerifier:
    """A few processes for bytes from strangers, to be asked from any thread; ended with the `with` block.

    Args:
        processes: How many files are judged at a time; the others wait.
    """

    def __init__(self, processes: int = 1) -> None:
        self._free: queue.SimpleQueue[_UploadProcess] = queue.SimpleQueue()
        self._processes: list[_UploadProcess] = []
        self._lock = threading.Lock()
        self._size = max(1, processes)

    def __enter__(self) -> UploadVerifier:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def warm_up(self) -> None:
        """Start all processes now, so that the first file does not wait for libraries to load."""
        with contextlib.ExitStack() as stack:
            for process in [stack.enter_context(self._taken()) for _ in range(self._size)]:
                process.warm_up()

    def verify(self, name: str, data: bytes, options: Options) -> FileReport:
        """Judge one file; whatever is in it, it gets an answer.

        Args:
            name: What the file is called in the report; nothing is opened under this name.
            data: Its bytes.
            options: From `verify_options`; its limits hold.

        Raises:
            InputError: The policy file is wrong.
        """
        if len(data) > options.limits.max_file_bytes:
            return _answer(name, data, Verdict.UNREADABLE, "too-large", _too_large(options))
        with self._taken() as process:
            try:
                return process.judge(name, data, options)
            except ConfinedError as exc:
                code = "limit" if exc.why is not Runaway.FAILED else "internal-error"
                return _answer(name, data, Verdict.INDETERMINATE, code, _GIVEN_UP[exc.why])

    def close(self) -> None:
        """End the processes and remove their folders."""
        with self._lock:
            processes, self._processes = self._processes, []
        for process in processes:
            process.close()

    @contextlib.contextmanager
    def _taken(self) -> Iterator[_UploadProcess]:
        process = self._take()
        try:
            yield process
        finally:
            self._free.put(process)

    def _take(self) -> _UploadProcess:
        with contextlib.suppress(queue.Empty):
            return self._free.get_nowait()
        with self._lock:
            if len(self._processes) < self._size:
                self._processes.append(_UploadProcess())
                return self._processes[-1]
        return self._free.get()


class _UploadProcess:
    """One process and the folder that its libraries may write to."""

    def __init__(self) -> None:
        self._folder = OwnFolder(shared_temporary_folder(), "upload")
        self._confinement: Confinement | None = None
        self._judged = 0

    def warm_up(self) -> None:
        with contextlib.suppress(ConfinedError):
            self._process()

    def judge(self, name: str, data: bytes, options: Options) -> FileReport:
        try:
            return self._judge(name, data, options)
        except ConfinedError as exc:
            if exc.why is not Runaway.DIED or not options.limits.native:
                raise
            # A library that dies must not hide what the rest of the examination can say.
            careful = replace(options, limits=replace(options.limits, native=False))
            return self._judge(name, data, careful)
        finally:
            self._empty()

    def close(self) -> None:
        if self._confinement is not None:
            self._confinement.close()
        self._folder.close()

    def _judge(self, name: str, data: bytes, options: Options) -> FileReport:
        given = options.limits
        process = self._process()
        process.limits = ProcessLimits(given.memory_bytes, math.ceil(given.timeout_s), given.timeout_s)
        try:
            return process.call(_judge, str(self._folder.path), name, data, options)
        except ConfinedError:
            self._end()
            raise

    def _process(self) -> Confinement:
        """Give a process that has loaded what it needs; starting is not on the account of a file."""
        self._judged += 1
        if self._judged > _FILES_PER_PROCESS:
            self._end()
        if self._confinement is None:
            started = Confinement(_STARTING)
            started.call(_load)
            self._confinement, self._judged = started, 1
        return self._confinement

    def _end(self) -> None:
        if self._confinement is not None:
            self._confinement.close()
            self._confinement = None

    def _empty(self) -> None:
        for entry in os.scandir(self._folder.path):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _load() -> None:
    """Load in the confined process what judging needs."""
    from agreegen.verification.one_file import load_whole  # noqa: PLC0415 - that is the purpose

    load_whole()


def _judge(folder: str, name: str, data: bytes, options: Options) -> FileReport:
    """Judge in the confined process."""
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    from agreegen.verification.one_file import verify_bytes  # noqa: PLC0415 - after the limits

    return verify_bytes(name, data, options)


def _too_large(options: Options) -> Message:
    return message("verification.file-too-large", size=options.limits.max_file_bytes >> 20)


def _answer(name: str, data: bytes, verdict: Verdict, code: str, told: Message) -> FileReport:
    return FileReport(name, verdict, None, alarms=(Alarm(code, told),), size_bytes=len(data))


_GIVEN_UP = {
    Runaway.TIME: message("api.examination-too-long"),
    Runaway.MEMORY: message("verification.too-much-memory"),
    Runaway.DIED: message("verification.ended-without-answer"),
    Runaway.FAILED: message("api.examination-stopped"),
}
