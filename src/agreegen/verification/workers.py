"""Worker processes with limits: what hangs or grows is ended and replaced, and only what we started."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from agreegen.model.report import Alarm, FileReport, Verdict
from agreegen.verification.interface import Options

_FILES_PER_PROCESS = 5_000
_GRACE_S = 5.0
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class _Task:
    index: int
    path: Path
    data: bytes | None


def _serve(connection: Connection, options: Options) -> None:
    """Answer tasks until the other side closes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = options.limits.memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    from agreegen.verification.service import verify_bytes, verify_path  # noqa: PLC0415 - after the limits

    def judge(task: _Task) -> FileReport:
        if task.data is None:
            return verify_path(task.path, options)
        return verify_bytes(str(task.path), task.data, options)

    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        connection.send(None)
        _answer(connection, judge)


def _answer(connection: Connection, judge: Callable[[_Task], FileReport]) -> None:
    for _ in range(_FILES_PER_PROCESS):
        connection.send(judge(connection.recv()))


class Worker:
    """One process that judges one file at a time."""

    def __init__(self, context: SpawnContext, options: Options) -> None:
        self._context = context
        self._options = options
        self._task: _Task | None = None
        self._started_at = 0.0
        self._ready = False
        self.connection: Connection
        self._process: BaseProcess
        self._launch()

    def _launch(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._options), daemon=True)
        process.start()
        theirs.close()
        self.connection, self._process = ours, process
        self._ready = False
        self._started_at = time.monotonic()

    @property
    def idle(self) -> bool:
        """Whether it can take a task."""
        return self._task is None

    def start(self, index: int, path: Path, data: bytes | None) -> None:
        """Give it a file."""
        self._task = _Task(index, path, data)
        if self._ready:
            self._send()

    def _send(self) -> None:
        self._started_at = time.monotonic()
        with contextlib.suppress(OSError):
            self.connection.send(self._task)

    def receive(self) -> tuple[int, FileReport] | None:
        """Take what the process sent; a process that died gets its file an answer and is replaced."""
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            return self._replace(
                "limit",
                "the examination ended without an answer (memory, or a failing library)",
                "检查意外中断（内存不足或程序库故障）",
            )
        if not self._ready:
            self._ready = True
            if self._task is not None:
                self._send()
            return None
        task, self._task = self._task, None
        assert task is not None
        return task.index, answer

    def overdue(self) -> tuple[int, FileReport] | None:
        """End the process if its file took too long."""
        limit = self._options.limits.timeout_s if self._ready else _START_S
        if self._task is None or time.monotonic() - self._started_at < limit:
            return None
        text = f"the examination took longer than {self._options.limits.timeout_s:g} s and was ended"
        return self._replace("limit", text, "检查超过时间限制，已中止")

    def _replace(self, code: str, message: str, message_zh: str) -> tuple[int, FileReport] | None:
        ready, task = self._ready, self._task
        self.close(kill=True)
        if not ready and task is None:
            raise RuntimeError("a worker process of the verification cannot start")
        self._task = None
        self._launch()
        if task is None:
            return None
        alarm = Alarm(code, message, message_zh=message_zh)
        return task.index, FileReport(str(task.path), Verdict.INDETERMINATE, None, alarms=(alarm,))

    def close(self, *, kill: bool = False) -> None:
        """End the process."""
        self.connection.close()
        if kill:
            self._process.kill()
        self._process.join(_GRACE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


class WorkerPool:
    """A fixed number of workers; leaving the block ends them."""

    def __init__(self, options: Options, size: int) -> None:
        # Spawned, not forked: tokens, threads and open files of the caller stay out of them.
        self._context = multiprocessing.get_context("spawn")
        self._options = options
        self.size = max(1, size)
        self._workers: list[Worker] = []

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.close(kill=error is not None or not worker.idle)

    def idle(self) -> Worker | None:
        """Return a worker that can take a file, started when there are not enough yet."""
        for worker in self._workers:
            if worker.idle:
                return worker
        if len(self._workers) < self.size:
            self._workers.append(Worker(self._context, self._options))
            return self._workers[-1]
        return None

    def collect(self) -> Iterator[tuple[int, FileReport]]:
        """Wait for answers, at most a moment, and give them."""
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait(list(by_connection), timeout=0.5):
            assert isinstance(ready, Connection)
            answer = by_connection[ready].receive()
            if answer is not None:
                yield answer
        for worker in self._workers:
            answer = worker.overdue()
            if answer is not None:
                yield answer
