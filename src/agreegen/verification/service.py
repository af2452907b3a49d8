"""Verification of many files: every path gets an answer, within limits of time and memory."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from agreegen.model.report import FileReport
from agreegen.verification.interface import Options
from agreegen.verification.paths import STANDARD_INPUT, Unreadable, expand_paths, read_path
from agreegen.verification.workers import Task, Worker, WorkerPool

Progress = Callable[[int], None]
"""Called with the number of files that are done."""

_LEAST_QUEUED, _QUEUED_PER_WORKER = 256, 64
_MOST_AT_A_TIME = 16
_DOCUMENTS_PER_PROCESS = 50


def judging_processes(documents: int) -> int:
    """Return how many processes judge so many documents: starting one costs as much as a few dozen."""
    return min(os.cpu_count() or 1, 8, 1 + documents // _DOCUMENTS_PER_PROCESS)


def verify_paths(paths: Iterable[Path], options: Options, *, jobs: int = 1) -> Iterator[FileReport]:
    """Judge files and folders in worker processes and give the reports in order, one by one.

    A file that exceeds its time or memory costs its worker, which is replaced; the file gets an answer.

    Args:
        paths: Files, folders (every PDF below), or `-` for standard input.
        options: What the caller chose.
        jobs: Number of worker processes.

    Raises:
        InputError: The policy file is wrong; at once, before the first report is asked for.
    """
    if options.policy_file is not None:
        from agreegen.pki.trust.policy import load_policy  # noqa: PLC0415 - the workers load what they need

        load_policy(options.policy_file)
    return _reports(expand_paths(paths), options, jobs)


def _reports(targets: Iterator[Path], options: Options, jobs: int) -> Iterator[FileReport]:
    with WorkerPool(options, jobs) as pool:
        yield from _stream(targets, pool, options)


def _stream(targets: Iterator[Path], pool: WorkerPool, options: Options) -> Iterator[FileReport]:
    waiting: deque[Task] = deque()
    finished: dict[int, FileReport] = {}
    tasks = (Task(number, path) for number, path in enumerate(targets))
    given = taken = 0
    bound = max(_LEAST_QUEUED, pool.size * _QUEUED_PER_WORKER)
    while True:
        more = list(itertools.islice(tasks, bound - (taken - given)))
        waiting.extend(more)
        taken += len(more)
        if given == taken:
            return
        while waiting and (worker := pool.idle(len(waiting))) is not None:
            # Fewer at a time towards the end, so that no worker is left without.
            count = max(1, min(_MOST_AT_A_TIME, len(waiting) // (2 * pool.size)))
            _assign(worker, [waiting.popleft() for _ in range(count)], options, finished)
        while given in finished:
            yield finished.pop(given)
            given += 1
        if given < taken:
            finished.update(pool.collect())


def _assign(worker: Worker, tasks: Sequence[Task], options: Options, finished: dict[int, FileReport]) -> None:
    ready: list[Task] = []
    for task in tasks:
        if task.path != STANDARD_INPUT:
            ready.append(task)
            continue
        try:
            data = read_path(task.path, options.limits.max_file_bytes)
            ready.append(Task(task.index, task.path, data))
        except Unreadable as answer:
            finished[task.index] = answer.report
    if ready:
        worker.start(ready)
