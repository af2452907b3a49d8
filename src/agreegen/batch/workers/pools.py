"""Worker processes, started by spawn, that make chunks; one that dies takes nothing with it."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agreegen.batch.interface import RowResult
from agreegen.batch.making.outcomes import ChunkOutcome, TaskOutcome, WorkerSettings
from agreegen.batch.planning.planner import Task
from agreegen.errors import RegisterError
from agreegen.messages import message
from agreegen.signing.interface import Credential

if TYPE_CHECKING:
    from agreegen.batch.making.chunks import ChunkMaker

_TRIES_TOGETHER, _TRIES_ALONE = 3, 6
_MOST_BREAKS_IN_A_ROW = 20
_STRAGGLERS_S = 60.0
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Chunk:
    """Tasks that are made together, and how often a worker died over them."""

    tasks: Sequence[Task]
    now: datetime
    tries: int = 0


class Pool(Protocol):
    """Makes chunks, in whatever order they get done."""

    @property
    def room(self) -> int:
        """How many more chunks may be handed in."""
        ...

    def submit(self, chunk: Chunk) -> None:
        """Hand in a chunk."""
        ...

    def finished(self) -> Iterator[ChunkOutcome]:
        """Wait for at least one chunk, where there is one under way, and give what is finished."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a chunk is under way."""
        ...

    def close(self) -> None:
        """End the workers."""
        ...


class InlinePool:
    """Makes chunks in this process, one after the other."""

    def __init__(self, settings: WorkerSettings, credentials: Mapping[int, Credential]) -> None:
        from agreegen.batch.making.chunks import ChunkMaker  # noqa: PLC0415 - not for a coordinator of workers

        self._maker = ChunkMaker(settings, credentials)
        self._waiting: deque[Chunk] = deque()

    @property
    def room(self) -> int:
        return 1 - len(self._waiting)

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def submit(self, chunk: Chunk) -> None:
        self._waiting.append(chunk)

    def finished(self) -> Iterator[ChunkOutcome]:
        if self._waiting:
            chunk = self._waiting.popleft()
            yield self._maker.run(chunk.tasks, chunk.now)

    def close(self) -> None:
        self._maker.close()


class ProcessPool:
    """Makes chunks in several processes; where a worker dies, its chunk is made again."""

    def __init__(self, settings: WorkerSettings, workers: int) -> None:
        self._settings = settings
        self._workers = workers
        self._breaks = 0
        self._futures: dict[Future[ChunkOutcome], Chunk] = {}
        self._ready: deque[ChunkOutcome] = deque()
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(self._settings, os.getpid()),
        )

    @property
    def room(self) -> int:
        return self._workers + 1 - len(self._futures)

    @property
    def busy(self) -> bool:
        return bool(self._futures or self._ready)

    def submit(self, chunk: Chunk) -> None:
        try:
            self._futures[self._executor.submit(_make_chunk, chunk.tasks, chunk.now)] = chunk
        except BrokenProcessPool:
            self._recover([chunk])

    def finished(self) -> Iterator[ChunkOutcome]:
        while self._ready:
            yield self._ready.popleft()
        if not self._futures:
            return
        done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
        broken: list[Chunk] = []
        for future in done:
            chunk = self._futures.pop(future)
            try:
                outcome = future.result()
            except BrokenProcessPool:
                broken.append(chunk)
            else:
                self._breaks = 0
                yield outcome
        if broken:
            self._recover(broken)

    def _recover(self, broken: list[Chunk]) -> None:
        """Start new workers, once the last of the old ones is gone, and make their chunks again."""
        self._breaks += 1
        if self._breaks > _MOST_BREAKS_IN_A_ROW:
            raise RegisterError(
                message("batch.worker-processes-keep-dying"),
                hint=message("batch.look-lack-memory-then-run-again"),
            )
        chunks = [*broken, *self._futures.values()]
        self._futures.clear()
        self._executor.shutdown(wait=True, cancel_futures=True)
        wait_for_stragglers(self._settings.job.documents_folder)
        self._executor = self._start()
        for chunk in chunks:
            given_up = try_again(chunk, self.submit)
            if given_up is not None:
                self._ready.append(given_up)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def try_again(chunk: Chunk, submit: Callable[[Chunk], None]) -> ChunkOutcome | None:
    """Hand a chunk in again whose worker died, after some tries row by row; return how a row ends at last."""
    chunk.tries += 1
    if len(chunk.tasks) > 1 and chunk.tries >= _TRIES_TOGETHER:
        for task in chunk.tasks:
            submit(Chunk([task], chunk.now))
    elif len(chunk.tasks) == 1 and chunk.tries >= _TRIES_ALONE:
        return ChunkOutcome((_give_up(chunk.tasks[0]),))
    else:
        submit(chunk)
    return None


def _give_up(task: Task) -> TaskOutcome:
    reason = message("batch.worker-process-ended-over-row-again")
    return TaskOutcome(task.row, task.document.id, RowResult.FAILED, task.registration.path, reason=reason)


_worker: ChunkMaker | None = None


def _start_worker(settings: WorkerSettings, coordinator: int) -> None:
    """Prepare this process: it ends with its coordinator, and Ctrl-C is for the coordinator to answer."""
    global _worker  # noqa: PLW0603 - the one state of a worker process
    from agreegen.batch.making.chunks import ChunkMaker  # noqa: PLC0415 - not for a coordinator of workers

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(coordinator)
    _hold(settings.job.documents_folder)
    _worker = ChunkMaker(settings)


def _make_chunk(tasks: Sequence[Task], now: datetime) -> ChunkOutcome:
    assert _worker is not None
    return _worker.run(tasks, now)


def end_with_parent(parent: int) -> None:
    """Make sure that this process does not outlive its coordinator, whatever ends that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, name="agreegen-parent-watch", daemon=True).start()


def _hold(folder: Path) -> None:
    """Hold a shared lock on the documents for as long as this process lives."""
    folder.mkdir(parents=True, exist_ok=True)
    fcntl.flock(os.open(folder, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_SH)


def wait_for_stragglers(folder: Path) -> None:
    """Wait until no worker of an earlier run can still be writing.

    Raises:
        RegisterError: One still is, after a minute, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as exc:
        raise RegisterError(
            message("batch.cannot-written-3", folder=folder, exc=exc),
            hint=message("batch.choose-writable-output-folder"),
        ) from exc
    try:
        end = time.monotonic() + _STRAGGLERS_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > end:
                    raise RegisterError(
                        message("batch.worker-another-run-still-writing", folder=folder),
                        hint=message("batch.wait-or-end"),
                    ) from None
                time.sleep(0.1)
            else:
                return
    finally:
        os.close(handle)
