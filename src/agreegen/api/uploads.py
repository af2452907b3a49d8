"""Bytes from strangers, judged in processes of their own: what hangs, grows or breaks a library ends there.

Each process serves one file at a time, under limits of memory, processor and wall time, and is replaced after
a failure. What libraries put on disk meanwhile goes into a folder of ours, which is emptied before the answer
is given, whatever became of the process.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from agreegen.messages import Message, message
from agreegen.model.report import Alarm, FileReport, Verdict
from agreegen.temporary import OwnFolder, shared_temporary_folder
from agreegen.verification.confined import JudgingProcess
from agreegen.verification.interface import Options

__all__ = ["UploadVerifier", "verify_upload"]


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
            alarm = Alarm("too-large", _too_large(options))
            return FileReport(name, Verdict.UNREADABLE, None, alarms=(alarm,), size_bytes=len(data))
        with self._taken() as process:
            return process.judge(name, data, options)

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
    """One process and the folder that its libraries may write to, emptied after each file."""

    def __init__(self) -> None:
        self._folder = OwnFolder(shared_temporary_folder(), "upload")
        self._process = JudgingProcess(self._folder.path)

    def warm_up(self) -> None:
        self._process.begin()

    def judge(self, name: str, data: bytes, options: Options) -> FileReport:
        try:
            return self._process.verify(name, data, options)
        finally:
            self._empty()

    def close(self) -> None:
        self._process.close()
        self._folder.close()

    def _empty(self) -> None:
        for entry in os.scandir(self._folder.path):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _too_large(options: Options) -> Message:
    return message("verification.file-too-large", size=options.limits.max_file_bytes >> 20)
