"""The same plan on a Dask cluster: chunks as tasks, TLS on both sides, output shared or copied back."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agreegen import __version__
from agreegen.batch.interface import Job
from agreegen.batch.making.chunks import ChunkMaker, lay_down
from agreegen.batch.making.drafts import TaskResult
from agreegen.batch.making.laying_down import TakenError
from agreegen.batch.making.outcomes import ChunkDelivery, ChunkOutcome, WorkerSettings
from agreegen.batch.planning.planner import Task
from agreegen.batch.workers.pools import Chunk, try_again
from agreegen.errors import AgreegenError, InputError, MissingProgramError, RegisterError, UsageError
from agreegen.files import TEMPORARY_PREFIX, sha256_of_file
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.messages import message
from agreegen.signing.interface import Credential

_CHUNKS_PER_WORKER = 2
_RACES = 5
_CONNECT_S = 30
_LOOK_S = 2.0
_NO_WORKERS_S = 60.0
_TLS_FILES = {
    "tls_ca_file": "AGREEGEN_DASK_CA",
    "tls_client_cert": "AGREEGEN_DASK_CERT",
    "tls_client_key": "AGREEGEN_DASK_KEY",
}


class DaskPool:
    """Makes chunks on a cluster. No task carries a key.

    A worker loads a credential from the file at the same path on its own machine, where it is there; else the
    bytes to sign come to this process. The TLS files are named by `AGREEGEN_DASK_CA`, `_CERT` and `_KEY`, or
    by Dask's own configuration (`distributed.comm.tls`).

    Args:
        settings: What every worker is told.
        scheduler: Address of the scheduler, `tls://host:port`.
        credentials: The credentials that this process holds, by index into `Job.signatures`.
        shareable: Which of them a worker may load by itself.
        workers: How many workers to wait for before the first chunk.
        copy_back: Whether finished files come back over the cluster's TLS and are written here; None for
            finding out whether every worker has the output folder.

    Raises:
        UsageError: The address is not a TLS address, or a TLS file is not named.
        MissingProgramError: The optional package is not installed.
        RegisterError: The scheduler does not answer, or the workers do not come within a minute.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        scheduler: str,
        credentials: Mapping[int, Credential] | None = None,
        shareable: frozenset[int] = frozenset(),
        workers: int = 1,
        copy_back: bool | None = None,
    ) -> None:
        if not scheduler.startswith("tls://"):
            raise UsageError(
                message("batch.cluster-reached-over-tls-only", scheduler=scheduler),
                hint=message("batch.give-scheduler-tls-host-8786"),
            )
        self._distributed: Any = _load_distributed()
        from agreegen.batch.workers.cluster_keys import KeyDoor  # noqa: PLC0415 - needs the optional package

        self._futures: dict[Any, Chunk] = {}
        self._ready: deque[ChunkOutcome] = deque()
        self._workers, self._seen = 0, time.monotonic()
        security = _tls_settings(self._distributed)
        self._client: Any = self._connect(scheduler, security)
        self._door: KeyDoor | None = None
        try:
            self._wait_for_workers(workers)
            host = self._distributed.utils.get_ip(urlsplit(scheduler).hostname)
            door = self._door = KeyDoor(self._client.loop, security, host, credentials or {})
            keys = {index: door.key(index, shareable=index in shareable) for index in credentials or {}}
            if copy_back is None:
                copy_back = not self._share_output(settings.job.output)
            told = replace(settings, remote_keys=keys, workers=self._workers, copy_back=copy_back)
            self._settings = told
        except BaseException:
            self.close()
            raise

    def _connect(self, scheduler: str, security: Any) -> Any:
        try:
            return self._distributed.Client(
                scheduler, security=security, timeout=_CONNECT_S, set_as_default=False
            )
        except (OSError, TimeoutError, TypeError, ValueError) as exc:
            raise RegisterError(
                message("batch.scheduler-cannot-reached-over-tls", scheduler=scheduler, exc=exc),
                hint=message("batch.check-address-tls-files"),
            ) from exc

    def _wait_for_workers(self, count: int) -> None:
        try:
            self._client.wait_for_workers(count, timeout=_NO_WORKERS_S)
        except TimeoutError as exc:
            raise RegisterError(
                message(
                    "batch.fewer-than-workers-came-cluster-within", count=count, no_workers_s=_NO_WORKERS_S
                ),
                hint=message("batch.start-them-dask-worker-tls"),
            ) from exc
        self._count_workers()

    def _share_output(self, output: Path) -> bool:
        """Find out whether every worker has the output folder of this machine at the same path."""
        token = secrets.token_hex(16)
        probe = output / f"{TEMPORARY_PREFIX}{token}"
        probe.write_text(token, "utf-8")
        try:
            answers = self._client.run(read_probe, str(probe), on_error="return")
        finally:
            probe.unlink(missing_ok=True)
        return bool(answers) and all(answer == token for answer in answers.values())

    def _count_workers(self) -> None:
        """Count the workers from time to time; stop where none is left for a minute."""
        now = time.monotonic()
        if self._workers and now - self._seen < _LOOK_S:
            return
        try:
            workers = len(self._client.scheduler_info()["workers"])
        except (OSError, TimeoutError, KeyError):
            workers = 0
        if self._client.status != "running":
            raise _scheduler_gone()
        if workers:
            self._workers, self._seen = workers, now
        elif now - self._seen > _NO_WORKERS_S:
            raise RegisterError(
                message("batch.cluster-has-no-worker-any-more"),
                hint=message("batch.start-workers-then-run-job-again"),
            )

    @property
    def room(self) -> int:
        """How many more chunks may be handed in."""
        return max(1, self._workers) * _CHUNKS_PER_WORKER - len(self._futures)

    @property
    def busy(self) -> bool:
        """Whether a chunk is under way."""
        return bool(self._futures or self._ready)

    def submit(self, chunk: Chunk) -> None:
        """Hand in a chunk."""
        existing = self._existing(chunk.tasks) if self._settings.copy_back else None
        arguments = (self._settings, tuple(chunk.tasks), chunk.now, __version__, existing)
        future = self._client.submit(make_chunk, *arguments, pure=False)
        self._futures[future] = chunk

    def _existing(self, tasks: Sequence[Task]) -> dict[int, bytes]:
        """Return the files that stand in the places of documents already: the workers cannot see them."""
        output = self._settings.job.output
        paths = {task.row: output / task.registration.path for task in tasks}
        return {row: path.read_bytes() for row, path in paths.items() if path.is_file()}

    def _write(self, chunk: Chunk, delivery: ChunkDelivery) -> ChunkOutcome | None:
        """Write what a worker handed back; None where a file is there by now and the chunk is made again."""
        results = [TaskResult(chunk.tasks[number], made) for number, made in delivery.items.items()]
        try:
            return lay_down(self._settings.job.output, results, delivery.fatal, delivery.notes)
        except TakenError:
            self._again(chunk)
            return None

    def finished(self) -> Iterator[ChunkOutcome]:
        """Wait for a chunk and give what is finished; a chunk whose workers died is made again."""
        while self._ready:
            yield self._ready.popleft()
        if not self._futures:
            return
        for future in self._wait():
            chunk = self._futures.pop(future)
            try:
                made: ChunkOutcome | ChunkDelivery = future.result()
            except (
                self._distributed.KilledWorker,
                self._distributed.CancelledError,
                # Which of these a result ends with depends on where it was when the connection broke.
                asyncio.CancelledError,
                self._distributed.comm.CommClosedError,
            ) as exc:
                if self._client.status != "running":
                    raise _scheduler_gone() from exc
                self._again(chunk)
            else:
                outcome = self._write(chunk, made) if isinstance(made, ChunkDelivery) else made
                if outcome is not None:
                    yield outcome

    def _wait(self) -> list[Any]:
        while True:
            self._count_workers()
            try:
                with self._client.as_current():
                    futures = list(self._futures)
                    found = self._distributed.wait(futures, timeout=_LOOK_S, return_when="FIRST_COMPLETED")
            except self._distributed.client.FuturesCancelledError as exc:
                raise _scheduler_gone() from exc
            except TimeoutError:
                continue
            return list(found.done)

    def _again(self, chunk: Chunk) -> None:
        given_up = try_again(chunk, self.submit)
        if given_up is not None:
            self._ready.append(given_up)

    def close(self) -> None:
        """Leave the cluster as it was."""
        if self._door is not None:
            self._door.close()
        self._client.close()


def _load_distributed() -> Any:
    try:
        import distributed  # noqa: PLC0415 - an optional package
    except ImportError as exc:
        raise MissingProgramError(
            message("batch.dask-not-installed"), hint=message("batch.pip-install-agreegen-dask")
        ) from exc
    return distributed


def _tls_settings(distributed: Any) -> Any:
    given = {option: value for option, name in _TLS_FILES.items() if (value := os.environ.get(name))}
    security = distributed.Security(**given, require_encryption=True)
    for option, name in _TLS_FILES.items():
        if getattr(security, option) is None:
            raise UsageError(
                message("batch.cluster-tls-files-not-all-named", name=name),
                hint=message("batch.set-agreegen-dask-ca-agreegen-dask"),
            )
    try:
        security.get_connection_args("client")
    except OSError as exc:  # ssl.SSLError is one
        raise InputError(
            message("batch.cluster-tls-files-cannot-used", exc=exc),
            hint=message("batch.check-three-pem-files"),
        ) from exc
    return security


def _scheduler_gone() -> RegisterError:
    return RegisterError(
        message("batch.cluster-scheduler-gone"), hint=message("batch.start-then-run-job-again-goes")
    )


_lock = threading.Lock()
_makers: dict[str, ChunkMaker] = {}


def read_probe(path: str) -> str | None:
    """Read a file of the coordinator's output folder on a worker, if it is there."""
    try:
        return Path(path).read_text("utf-8")
    except OSError:
        return None


def make_chunk(
    settings: WorkerSettings,
    tasks: Sequence[Task],
    now: datetime,
    version: str = __version__,
    existing: Mapping[int, bytes] | None = None,
) -> ChunkOutcome | ChunkDelivery:
    """Make a chunk on a worker; one at a time in each process, with the engine kept for the next one."""
    if version != __version__:
        error = InputError(
            message("batch.worker-has-agreegen-coordinator", version=__version__, version2=version),
            hint=message("batch.install-same-version-on-every-machine"),
        )
        return ChunkOutcome((), error)
    run = [key.authkey.hex() for key in settings.remote_keys.values()]
    key = f"{settings.job.path}|{settings.job.sha256}|{settings.job.form.template_sha256}|{run}"
    with _lock:
        try:
            if key not in _makers:
                job = _find_on_this_machine(settings.job, needs_output=not settings.copy_back)
                for maker in _makers.values():
                    maker.close()
                _makers.clear()
                _makers[key] = ChunkMaker(replace(settings, job=job))
            if settings.copy_back:
                return _makers[key].deliver(tasks, now, existing or {})
            return _run(_makers[key], settings.job.documents_folder, tasks, now)
        except AgreegenError as exc:
            return ChunkOutcome((), exc)


def _run(maker: ChunkMaker, folder: Path, tasks: Sequence[Task], now: datetime) -> ChunkOutcome:
    """Make a chunk; where a worker given up for lost has laid a document down after all, adopt that."""
    for _ in range(_RACES):
        with contextlib.suppress(TakenError), _holding(folder):
            return maker.run(tasks, now)
    with _holding(folder):
        return maker.run(tasks, now)


def _find_on_this_machine(job: Job, *, needs_output: bool = True) -> Job:
    """Find output and form on this machine: the form at the same path, else the packaged one, never another.

    Raises:
        InputError: The output folder is not there, or the form is not the coordinator's.
    """
    if needs_output and not job.output.is_dir():
        raise InputError(
            message("batch.not-on-worker", output=job.output),
            hint=message("batch.mount-output-folder-same-path-on"),
        )
    form = job.form
    if not form.template.is_file():
        form = find_form(form.id, forms_folder(None))
    if sha256_of_file(form.template) != job.form.template_sha256:
        raise InputError(
            message("batch.form-on-worker-not-coordinator", id=form.id),
            hint=message("batch.mount-forms-same-path-or-install"),
        )
    return replace(job, form=replace(job.form, directory=form.directory))


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
