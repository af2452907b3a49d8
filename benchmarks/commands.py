"""Running a command as users do, and what it used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MEASURED = Path(__file__).with_name("measured.py")
_PROGRAM = "import sys; from agreegen.cli.main import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Used:
    """What a command used.

    Attributes:
        code: Exit code; negative for a signal.
        seconds: Wall time.
        processor_s: Processor time, that of its children included.
        peak_mb: Greatest resident set of it or a child.
    """

    code: int
    seconds: float
    processor_s: float
    peak_mb: float


def run_command(arguments: Sequence[str]) -> Used:
    """Run a command on one core; 1 is an answer, too.

    Raises:
        RuntimeError: It ended with another code.
    """
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder, Path(folder, "said").open("wb") as said:
        line = [sys.executable, "-c", _PROGRAM, *arguments]
        used = measure(
            line, Path(folder, "used.json"), stdout=subprocess.DEVNULL, stderr=said, env=environment
        )
        if used.code not in {0, 1}:
            words = Path(folder, "said").read_text("utf-8", "replace")[-300:]
            raise RuntimeError(f"{arguments[:2]} ended with {used.code}: {words}")
    return used


def measure(line: Sequence[str], notes: Path, **how: Any) -> Used:
    """Run a program through a small one that tells its figures from those of this process.

    Args:
        line: The program and its arguments.
        notes: A file for the figures.
        how: For `subprocess.run`.
    """
    subprocess.run([sys.executable, "-S", str(_MEASURED), str(notes), *line], check=True, **how)
    return Used(**json.loads(notes.read_bytes()))
