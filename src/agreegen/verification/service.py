"""Verification of many files: every path gets an answer, within limits of time and memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from agreegen.errors import AgreegenError
from agreegen.foreign import contained
from agreegen.model.report import Alarm, FileReport, Verdict
from agreegen.pki.trust.policy import load_policy
from agreegen.verification.examination import examine, unreadable
from agreegen.verification.interface import Options
from agreegen.verification.paths import STANDARD_INPUT, Unreadable, expand_paths, read_path
from agreegen.verification.workers import Task, Worker, WorkerPool

Progress = Callable[[int], None]
"""Called with the number of files that are done."""

_LEAST_QUEUED, _QUEUED_PER_WORKER = 256, 64
_MOST_AT_A_TIME = 16


def verify_bytes(label: str, data: bytes, options: Options) -> FileReport:
    """Judge one file in this process, without limits of time and memory; whatever is in it, it answers.

    Args:
        label: The path as the user gave it.
        data: The file's bytes.
        options: What the caller chose.

    Raises:
        InputError: The policy file is wrong.
    """
    load_policy(options.policy_file)
    try:
        return contained(examine)(label, data, options)
    except AgreegenError as exc:
        return _given_up(label, "not-judged", str(exc), "无法判断", data)
    except MemoryError:
        return _given_up(label, "limit", "the file asks for too much memory", "文件占用内存过多", data)
    except Exception as exc:
        text = f"the examination stopped at an unexpected place ({type(exc).__name__})"
        return _given_up(label, "internal-error", text, "检查过程中出现意外情况", data)


def _given_up(label: str, code: str, message: str, message_zh: str, data: bytes) -> FileReport:
    alarm = Alarm(code, message, message_zh=message_zh)
    return FileReport(label, Verdict.INDETERMINATE, None, alarms=(alarm,), size_bytes=len(data))


def verify_path(path: Path, options: Options) -> FileReport:
    """Read and judge one path in this process."""
    try:
        data = contained(read_path)(path, options.limits.max_file_bytes)
    except Unreadable as answer:
        return answer.report
    except MemoryError:
        text = "the file does not fit into the memory allowed"
        return unreadable(str(path), "limit", text, "文件占用内存过多")
    except Exception as exc:
        text = f"the path cannot be read ({type(exc).__name__})"
        return unreadable(str(path), "not-readable", text, "路径无法读取")
    return verify_bytes(str(path), data, options)


def verify_paths(
    paths: Sequence[Path], options: Options, *, jobs: int = 1, progress: Progress | None = None
) -> Iterator[FileReport]:
    """Judge files and folders in worker processes and give the reports in order, one by one.

    A file that exceeds its time or memory costs its worker, which is replaced; the file gets an answer.

    Args:
        paths: Files, folders (every PDF below), or `-` for standard input.
        options: What the caller chose.
        jobs: Number of worker processes.
        progress: Called after each file.

    Raises:
        InputError: The policy file is wrong; at once, before the first report is asked for.
    """
    load_policy(options.policy_file)
    return _reports(expand_paths(paths), options, jobs, progress)


def _reports(
    targets: Iterator[Path], options: Options, jobs: int, progress: Progress | None
) -> Iterator[FileReport]:
    done = 0
    with WorkerPool(options, jobs) as pool:
        for report in _stream(targets, pool, options):
            yield report
            done += 1
            if progress is not None:
                progress(done)


def _stream(targets: Iterator[Path], pool: WorkerPool, options: Options) -> Iterator[FileReport]:
    waiting: deque[Task] = deque()
    finished: dict[int, FileReport] = {}
    number = given = 0
    exhausted = False
    bound = max(_LEAST_QUEUED, pool.size * _QUEUED_PER_WORKER)
    while True:
        while not exhausted and number - given < bound:
            path = next(targets, None)
            if path is None:
                exhausted = True
                break
            waiting.append(Task(number, path))
            number += 1
        while waiting and (worker := pool.idle()) is not None:
            # Fewer at a time towards the end, so that no worker is left without.
            count = max(1, min(_MOST_AT_A_TIME, len(waiting) // (2 * pool.size)))
            _assign(worker, [waiting.popleft() for _ in range(count)], options, finished)
        while given in finished:
            yield finished.pop(given)
            given += 1
        if exhausted and not waiting and given == number:
            return
        for index, report in pool.collect():
            finished[index] = report


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


__all__ = ["expand_paths", "verify_bytes", "verify_path", "verify_paths"]
