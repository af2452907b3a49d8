"""Limits that a process puts on itself before it reads what others wrote."""

from __future__ import annotations

import resource
from dataclasses import dataclass

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a process may take for one thing that it reads.

    Attributes:
        memory_bytes: Greatest address space, libraries included.
        cpu_s: Processor time for one answer, or for one whole stream; independent of a busy machine.
        wall_s: How long to wait for one answer, or for one batch of a stream.
    """

    memory_bytes: int = 960 * _MIB
    cpu_s: int = 12
    wall_s: float = 60.0

    @classmethod
    def for_bytes(cls, size: int) -> Limits:
        """Give a file time by what it really weighs: three megabytes cost 18 s at most, whatever is in them.

        An honest workbook of a million rows weighs 30 MB and takes 80 s.
        """
        return cls(cpu_s=max(12, 6 * (size // _MIB)))


def limit_memory(memory_bytes: int) -> None:
    """Bound this process's address space, and let it leave no core file: that would hold what was read."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def limit_processor(cpu_s: int) -> None:
    """Let this process use so many more seconds of processor time; then the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + 1 + cpu_s
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )
