"""Start-up: what a command costs before it does anything, beside Python's own start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from agreegen.model.report import PadesLevel
from benchmarks.batches import write_job
from benchmarks.commands import measure, run_command
from benchmarks.measure import Result
from benchmarks.setting import Setting
from benchmarks.signing import batch_signer, sign_one

TITLE = "Start-up (processor time, all processes)"
_VERSION_S, _VERIFY_S, _BATCH_S = 0.15, 0.5, 1.5
_ROWS = 24


def run(setting: Setting, result: Result) -> None:
    """Measure `--version`, `verify` of one file of ours and `batch run` of a few rows."""
    folder = setting.folder / "start-up"
    folder.mkdir()
    trust = str(setting.pki.trust)
    own = _own_file(setting, folder)

    def run_job(number: int) -> float:
        job = write_job(folder / f"job-{number}", setting.pki, _ROWS)
        return run_command(["batch", "run", str(job)]).processor_s

    ways: dict[str, tuple[Callable[[int], float], float | None]] = {
        "Python's own start": (lambda _: _python_s(), None),
        "agreegen --version": (lambda _: run_command(["--version"]).processor_s, _VERSION_S),
        "verify of one own file": (
            lambda _: run_command(["verify", "--trust", trust, str(own)]).processor_s,
            _VERIFY_S,
        ),
        f"batch run of {_ROWS} rows": (run_job, _BATCH_S),
    }
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(setting.count(7, 2)):
        for name, (action, _) in ways.items():
            samples[name].append(action(number))
    start, *ours = (result.add(name, "s", times) for name, times in samples.items())
    for figure in ours:
        goal = ways[figure.name][1]
        result.compare(f"{figure.name}: seconds", 1, figure.median, goal, at_most=True)
        result.compare(f"{figure.name}: starts of Python", start.median, figure.median)


def _own_file(setting: Setting, folder: Path) -> Path:
    credential = setting.credential()
    signer = batch_signer(setting, credential, PadesLevel.B_B)
    (pledge,) = setting.pledges(1)
    path = folder / "own.pdf"
    path.write_bytes(sign_one(signer, credential, pledge.pdf))
    credential.close()
    return path


def _python_s() -> float:
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-c", "pass"]
        return measure(line, Path(folder, "used.json"), stdout=subprocess.DEVNULL).processor_s
