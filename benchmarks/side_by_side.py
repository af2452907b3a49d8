"""Processes that work at the same time, their start left out."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

_START_S = 600.0


def rate(work: Callable[..., None], shares: Sequence[tuple[Any, ...]], count: int) -> float:
    """Return how many of `count` things a second some processes make.

    Args:
        work: Called in each process with a connection, a barrier at which all begin, and its share; it sends
            when it began and ended.
        shares: Further arguments of each process.
        count: What all make together.

    Raises:
        RuntimeError: A process did not finish.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(shares))
    workers = []
    for share in shares:
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, barrier, *share))
        process.start()
        theirs.close()
        workers.append((process, ours))
    spans: list[tuple[float, float]] = []
    for process, connection in workers:
        if connection.poll(_START_S):
            spans.append(connection.recv())
        process.join(timeout=30)
    if len(spans) != len(shares):
        raise RuntimeError("a process did not finish")
    return count / (max(end for _, end in spans) - min(start for start, _ in spans))
