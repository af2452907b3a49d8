"""The same plan on a Dask cluster: chunks as tasks, TLS on both sides, output on a folder that all share."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.batch.chunks import ChunkMaker, ChunkOutcome, WorkerSettings
from agreegen.batch.plan import Task
from agreegen.batch.pool import Chunk, give_up
from agreegen.errors import MissingProgramError, RegisterError, UsageError

_TRIES_TOGETHER, _TRIES_ALONE = 3, 6
_CHUNKS_PER_WORKER = 2
_CONNECT_S = 30


class DaskPool:
    """Makes chunks on a cluster. Workers load their keys themselves; no task carries one.

    The TLS files come from Dask's own configuration (`distributed.comm.tls`, or the environment variables
    `DASK_DISTRIBUTED__COMM__TLS__…`).

    Args:
        settings: What every worker is told.
        scheduler: Address of the scheduler, `tls://host:port`.

    Raises:
        UsageError: The address is not a TLS address.
        MissingProgramError: The optional package is not installed.
        RegisterError: The scheduler does not answer.
    """

    def __init__(self, settings: WorkerSettings, scheduler: str) -> None:
        if not scheduler.startswith("tls://"):
            raise UsageError(
                f"{scheduler}: a cluster is reached over TLS only", hint="give --scheduler tls://host:8786"
            )
        try:
            import distributed  # noqa: PLC0415 - an optional package
        except ImportError as exc:
            raise MissingProgramError("Dask is not installed", hint="pip install 'agreegen[dask]'") from exc
        self._distributed: Any = distributed
        self._settings = settings
        self._futures: dict[Any, Chunk] = {}
        self._ready: deque[ChunkOutcome] = deque()
        try:
            security = self._distributed.Security(require_encryption=True)
            self._client: Any = self._distributed.Client(
                scheduler, security=security, timeout=_CONNECT_S, set_as_default=False
            )
        except (OSError, TimeoutError, TypeError, ValueError) as exc:
            raise RegisterError(
                f"the scheduler {scheduler} cannot be reached over TLS: {exc}",
                hint="check address and TLS files",
            ) from exc

    @property
    def room(self) -> int:
        """How many more chunks may be handed in."""
        workers = max(1, len(self._client.scheduler_info()["workers"]))
        return workers * _CHUNKS_PER_WORKER - len(self._futures)

    @property
    def busy(self) -> bool:
        """Whether a chunk is under way."""
        return bool(self._futures or self._ready)

    def submit(self, chunk: Chunk) -> None:
        """Hand in a chunk."""
        future = self._client.submit(make_chunk, self._settings, tuple(chunk.tasks), chunk.now, pure=False)
        self._futures[future] = chunk

    def finished(self) -> Iterator[ChunkOutcome]:
        """Wait for a chunk and give what is finished; a chunk whose workers died is made again."""
        while self._ready:
            yield self._ready.popleft()
        if not self._futures:
            return
        try:
            with self._client.as_current():
                done = self._distributed.wait(list(self._futures), return_when="FIRST_COMPLETED").done
        except self._distributed.client.FuturesCancelledError as exc:
            raise _scheduler_gone() from exc
        for future in done:
            chunk = self._futures.pop(future)
            try:
                outcome: ChunkOutcome = future.result()
            except (self._distributed.KilledWorker, self._distributed.CancelledError) as exc:
                if self._client.status != "running":
                    raise _scheduler_gone() from exc
                self._again(chunk)
            else:
                yield outcome

    def _again(self, chunk: Chunk) -> None:
        chunk.tries += 1
        if len(chunk.tasks) > 1 and chunk.tries >= _TRIES_TOGETHER:
            for task in chunk.tasks:
                self.submit(Chunk([task], chunk.now))
        elif len(chunk.tasks) == 1 and chunk.tries >= _TRIES_ALONE:
            self._ready.append(ChunkOutcome((give_up(chunk.tasks[0]),)))
        else:
            self.submit(chunk)

    def close(self) -> None:
        """Leave the cluster as it was."""
        self._client.close()


def _scheduler_gone() -> RegisterError:
    return RegisterError(
        "the cluster's scheduler is gone", hint="start it, then run the job again: it goes on"
    )


_lock = threading.Lock()
_makers: dict[bytes, ChunkMaker] = {}


def make_chunk(settings: WorkerSettings, tasks: Sequence[Task], now: datetime) -> ChunkOutcome:
    """Make a chunk on a worker; one at a time in each process, with the engine kept for the next one."""
    key = f"{settings.job.path}|{settings.job.sha256}|{settings.job.form.template_sha256}".encode()
    with _lock, _holding(settings.job.documents_folder):
        if key not in _makers:
            for maker in _makers.values():
                maker.close()
            _makers.clear()
            _makers[key] = ChunkMaker(settings)
        return _makers[key].run(tasks, now)


@contextlib.contextmanager
def _holding(folder: Path) -> Iterator[None]:
    """Let a later run see that somebody still writes: a shared lock for as long as the chunk takes."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
