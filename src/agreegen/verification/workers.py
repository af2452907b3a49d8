"""Worker processes with limits: what hangs or grows is ended and replaced, and only what we started.

A worker takes several files at a time and answers them together, so that little is left to do for who waits.
It notes in shared memory which file it is at, and since when: if it dies or is ended, only that file is lost,
and the others are given out again.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any

from agreegen.foreign.limits import limit_memory
from agreegen.messages import Message, message
from agreegen.model.report import Alarm, FileReport, Verdict
from agreegen.verification.interface import Options

_ANSWER_AFTER_S = 0.25
_GRACE_S = 5.0
_START_S = 60.0
_FEW = 4
_AT, _SINCE = 0, 1

Answer = tuple[int, FileReport]
"""The number of a task, and its report."""


@dataclass(frozen=True, slots=True)
class Task:
    """One file to judge.

    Attributes:
        index: Its number.
        path: The path as the user gave it.
        data: Its bytes where they were read already (standard input).
        careful: Whether a worker died at it, so that libraries in C are left out.
    """

    index: int
    path: Path
    data: bytes | None = None
    careful: bool = False


@dataclass(frozen=True, slots=True)
class _Message:
    """What a worker sends: reports in the order of its tasks, and whether it ends after them."""

    reports: tuple[FileReport, ...] = ()
    leaving: bool = False


def _serve(connection: Connection, state: Any, options: Options, whole: bool) -> None:
    """Answer tasks until the other side closes."""
    limit_memory(options.limits.memory_bytes)
    gc.disable()
    from agreegen.verification.one_file import load_whole, verify_bytes, verify_path  # noqa: PLC0415 - see above

    if whole:
        load_whole()
    gc.freeze()  # nothing that is loaded goes away again; looking for it would cost as much as judging files
    gc.enable()

    def judge(task: Task) -> FileReport:
        state[_AT], state[_SINCE] = task.index, time.monotonic()
        chosen = options
        if task.careful:
            chosen = replace(options, limits=replace(options.limits, native=False))
        if task.data is None:
            return verify_path(task.path, chosen)
        return verify_bytes(str(task.path), task.data, chosen)

    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        connection.send(_Message())
        done = 0
        while done < options.limits.files_per_process:
            tasks = connection.recv()
            done += len(tasks)
            _answer(connection, judge, tasks, leaving=done >= options.limits.files_per_process)


def _answer(
    connection: Connection, judge: Callable[[Task], FileReport], tasks: Sequence[Task], *, leaving: bool
) -> None:
    """Judge some files; their reports are sent together, or sooner where they take long."""
    reports: list[FileReport] = []
    sent_at = time.monotonic()
    for task in tasks[:-1]:
        reports.append(judge(task))
        if time.monotonic() - sent_at > _ANSWER_AFTER_S:
            connection.send(_Message(tuple(reports)))
            reports.clear()
            sent_at = time.monotonic()
    reports.append(judge(tasks[-1]))
    connection.send(_Message(tuple(reports), leaving))


class Worker:
    """One process that judges a few files at a time.

    Args:
        context: Starts processes.
        options: What the caller chose.
        whole: Whether it loads all that any file may need before the first one, whose time that would cost;
            for a file or two, which are often ours, that would take longer than judging them.
    """

    def __init__(self, context: SpawnContext, options: Options, *, whole: bool) -> None:
        self._whole = whole
        self._context = context
        self._options = options
        self._tasks: deque[Task] = deque()
        self._ready = False
        self._state: Any
        self.connection: Connection
        self._process: BaseProcess
        self._launch()

    def _launch(self) -> None:
        ours, theirs = self._context.Pipe()
        self._state = self._context.RawArray("d", 2)
        process = self._context.Process(
            target=_serve, args=(theirs, self._state, self._options, self._whole), daemon=True
        )
        process.start()
        theirs.close()
        self.connection, self._process = ours, process
        self._ready = False
        self._state[_SINCE] = time.monotonic()

    @property
    def idle(self) -> bool:
        """Whether it can take tasks."""
        return not self._tasks

    def start(self, tasks: Iterable[Task]) -> None:
        """Give it files, at least one."""
        self._tasks.extend(tasks)
        if self._ready:
            self._send()

    def _send(self) -> None:
        self._state[_AT], self._state[_SINCE] = self._tasks[0].index, time.monotonic()
        with contextlib.suppress(OSError):
            self.connection.send(tuple(self._tasks))

    def receive(self) -> list[Answer]:
        """Take what the process sent; one that died gets the file it was at an answer and is replaced."""
        try:
            received: _Message = self.connection.recv()
        except (EOFError, OSError):
            return self._replace(
                "limit",
                message("verification.ended-without-answer"),
                again=True,
            )
        if not self._ready:
            self._ready = True
            if self._tasks:
                self._send()
            return []
        answers = [(self._tasks.popleft().index, report) for report in received.reports]
        if self._tasks:
            self._state[_SINCE] = time.monotonic()  # it may have waited for this message to be taken
        if received.leaving:
            self.close()
            self._launch()
        return answers

    def overdue(self) -> list[Answer]:
        """End the process if its file took too long."""
        limit = self._options.limits.timeout_s if self._ready else _START_S
        if not self._tasks or time.monotonic() - self._state[_SINCE] < limit:
            return []
        told = message("verification.took-too-long", seconds=f"{self._options.limits.timeout_s:g}")
        return self._replace("limit", told)

    def _replace(self, code: str, told: Message, *, again: bool = False) -> list[Answer]:
        ready, at = self._ready, int(self._state[_AT])
        self.close(kill=True)
        self._whole = True
        if not ready and not self._tasks:
            raise RuntimeError("a worker process of the verification cannot start")
        if not self._tasks:
            self._launch()
            return []
        lost = next((task for task in self._tasks if ready and task.index == at), self._tasks[0])
        self._tasks.remove(lost)
        if again and not lost.careful:
            # A library that dies must not hide what the rest of the examination can say.
            self._tasks.appendleft(replace(lost, careful=True))
            self._launch()
            return []
        # What it had judged but not sent, and what it had not begun, is for its successor.
        self._launch()
        alarm = Alarm(code, told)
        return [(lost.index, FileReport(str(lost.path), Verdict.INDETERMINATE, None, alarms=(alarm,)))]

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

    def idle(self, waiting: int) -> Worker | None:
        """Return a worker that can take files, started when there are not enough yet.

        Args:
            waiting: How many files wait.
        """
        for worker in self._workers:
            if worker.idle:
                return worker
        if len(self._workers) < self.size:
            self._workers.append(Worker(self._context, self._options, whole=waiting > _FEW))
            return self._workers[-1]
        return None

    def collect(self) -> Iterator[Answer]:
        """Wait for answers, at most a moment, and give them."""
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait(list(by_connection), timeout=0.5):
            assert isinstance(ready, Connection)
            yield from by_connection[ready].receive()
        for worker in self._workers:
            yield from worker.overdue()
