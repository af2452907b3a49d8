"""Reduction of a finding: bytes are taken out as long as the same exception comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from agreegen.verification.examination import examine
from agreegen.verification.interface import Options

Describe = Callable[[BaseException], str]


def reduce_file(path: Path, options: Options, describe: Describe, *, seconds: float = 120.0) -> Path:
    """Write the reduced file beside a finding and return its path.

    Raises:
        ValueError: The file brings no exception.
    """
    data = path.read_bytes()
    wanted = failure_of(data, options, describe)
    if wanted is None:
        raise ValueError(f"{path} is examined without an exception")
    small = shrink(data, lambda piece: failure_of(piece, options, describe) == wanted, seconds=seconds)
    target = path.with_suffix(".small.pdf")
    target.write_bytes(small)
    return target


def failure_of(data: bytes, options: Options, describe: Describe) -> str | None:
    """Name the exception that a file brings, None where it brings none."""
    try:
        examine("mutant.pdf", data, options)
    except Exception as exc:
        return describe(exc)
    return None


def shrink(data: bytes, holds: Callable[[bytes], bool], *, seconds: float) -> bytes:
    """Take out pieces, large ones first, as long as the condition holds and there is time."""
    end = time.monotonic() + seconds
    piece = len(data) // 2
    while piece >= 1:
        place = 0
        while place < len(data) and time.monotonic() < end:
            shorter = data[:place] + data[place + piece :]
            if holds(shorter):
                data = shorter
            else:
                place += piece
        piece //= 2
    return data
