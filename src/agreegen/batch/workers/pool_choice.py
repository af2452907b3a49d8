"""Which pool makes a job's chunks: this process, worker processes, or a cluster."""

from __future__ import annotations

import os

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.making.outcomes import WorkerSettings
from agreegen.batch.workers.pools import InlinePool, Pool, ProcessPool
from agreegen.batch.workers.shared_keys import SharedKeys
from agreegen.errors import UsageError
from agreegen.messages import message
from agreegen.signing.certificate_paths import known_paths
from agreegen.signing.interface import Trust

_ROWS_FOR_PROCESSES = 40


def start_pool(job: Job, rows: int, settings: RunSettings, keys: SharedKeys, trust: Trust) -> Pool:
    """Start who makes the chunks of a run.

    Args:
        job: The job.
        rows: Number of rows; few are made in this process.
        settings: How the job is run.
        keys: The credentials that all rows share.
        trust: Anchors and revocation lists.

    Raises:
        UsageError: A cluster is asked for, and its scheduler is not named or not reached over TLS.
        MissingProgramError: A cluster is asked for, and the optional package is not installed.
        RegisterError: The cluster does not answer.
    """
    pages = settings.pages
    if settings.engine == "dask":
        return _join_cluster(job, settings, keys, trust)
    count = settings.workers or (1 if rows < _ROWS_FOR_PROCESSES else min(os.cpu_count() or 1, 16))
    if count == 1:
        return InlinePool(WorkerSettings(job, trust, pages, {}), keys.by_index)
    remote = {
        index: keys.holder.share(credential)
        for index, credential in keys.by_index.items()
        if index not in keys.shareable
    }
    return ProcessPool(WorkerSettings(job, trust, pages, remote, count, known_paths()), count)


def _join_cluster(job: Job, settings: RunSettings, keys: SharedKeys, trust: Trust) -> Pool:
    if settings.scheduler is None:
        raise UsageError(
            message("batch.no-scheduler-named"), hint=message("batch.give-scheduler-tls-host-8786")
        )
    from agreegen.batch.workers.cluster import DaskPool  # noqa: PLC0415 - an optional package

    told = WorkerSettings(job, trust, settings.pages, {}, paths=known_paths())
    shareable = frozenset(keys.shareable)
    workers, copy_back = settings.workers or 1, settings.copy_back
    return DaskPool(told, settings.scheduler, keys.by_index, shareable, workers, copy_back)
