"""Running a command as users do, and what it used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

_PROGRAM = "import sys; from agreegen.cli.main import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Used:
    """What a command used.

    Attributes:
        seconds: Wall time.
        processor_s: Processor time, that of its children included.
        peak_mb: Greatest resident set of it or a child.
    """

    seconds: float
    processor_s: float
    peak_mb: float


def run_command(arguments: Sequence[str]) -> Used:
    """Run a command on one core; 1 is an answer, too."""
    started = time.perf_counter()
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise RuntimeError(
            f"{arguments[:2]} ended with {process.returncode}: {json.dumps(said.decode()[-300:])}"
        )
    seconds = time.perf_counter() - started
    return Used(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
