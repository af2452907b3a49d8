"""Memory: the peak of every command that goes through all documents, and what it comes to at 100,000."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.batches import run_batch, write_job
from benchmarks.commands import run_command
from benchmarks.measure import Result
from benchmarks.setting import Setting

TITLE = "Memory (peak of the largest process of a command; pledges as above)"
_FEW, _MANY, _WHOLE = 1_000, 5_000, 100_000
_GOAL_MB = 300

Line = Callable[[Path, Setting], list[str]]


def _register(job: Path) -> list[str]:
    return ["--register", str(job.parent / "out" / "register.db")]


COMMANDS: dict[str, Line] = {
    "register list": lambda job, _s: ["register", "list", *_register(job)],
    "register list --json": lambda job, _s: ["register", "list", "--json", *_register(job)],
    "register export, CSV": lambda job, _s: [
        "register",
        "export",
        *_register(job),
        "-o",
        str(job.parent / "r.csv"),
    ],
    "register export, XLSX": lambda job, _s: [
        "register",
        "export",
        *_register(job),
        "-o",
        str(job.parent / "r.xlsx"),
    ],
    "register verify": lambda job, s: ["register", "verify", *_register(job), "--trust", str(s.pki.trust)],
    "register coverage": lambda job, _s: ["register", "coverage", "--job", str(job)],
    "register coverage --json": lambda job, _s: ["register", "coverage", "--job", str(job), "--json"],
    "batch check": lambda job, _s: ["batch", "check", str(job)],
    "batch print": lambda job, _s: ["batch", "print", str(job), "-o", str(job.parent / "p.pdf"), "--all"],
    "verify --html": lambda job, s: [
        "verify",
        str(job.parent / "out" / "documents"),
        "--trust",
        str(s.pki.trust),
        "--html",
        str(job.parent / "v.html"),
    ],
    "archive create": lambda job, s: [
        "archive",
        "create",
        str(job.parent / "out"),
        "-o",
        str(job.parent / "bag"),
        "--credential",
        str(s.pki.credential("archive-seal")),
        "--trust",
        str(s.pki.trust),
    ],
    "archive verify": lambda job, s: [
        "archive",
        "verify",
        str(job.parent / "bag"),
        "--trust",
        str(s.pki.trust),
    ],
}
"""Name → arguments; `archive verify` takes the bag that `archive create` made."""


def run(setting: Setting, result: Result) -> None:
    """Measure each command over two numbers of documents, and go on to 100,000 in a straight line."""
    few, many = (100, 300) if setting.quick else (_FEW, _WHOLE if setting.full else _MANY)
    peaks = {rows: _peaks(setting, rows) for rows in (few, many)}
    for name in COMMANDS:
        if name not in peaks[few] or name not in peaks[many]:
            result.missing(name, "it ended with an error")
            continue
        a_row = max(0.0, peaks[many][name] - peaks[few][name]) / (many - few)
        whole = peaks[many][name] + a_row * (_WHOLE - many)
        result.add(f"{name}, {few:,} documents", "MB", [peaks[few][name]])
        result.add(f"{name}, {many:,} documents", "MB", [peaks[many][name]])
        result.compare(f"{name}, MB at {_WHOLE:,} documents", 1, whole, _GOAL_MB, at_most=True)
    result.notes.append(f"{_WHOLE:,} documents are reckoned from {few:,} and {many:,}, unless they were made")


def _peaks(setting: Setting, rows: int) -> dict[str, float]:
    folder = setting.folder / f"memory-{rows}"
    job = write_job(folder, setting.pki, rows)
    try:
        run_batch(job, workers=max(1, os.cpu_count() or 1))
        found: dict[str, float] = {}
        for name, line in COMMANDS.items():
            try:
                found[name] = run_command(line(job, setting)).peak_mb
            except RuntimeError:
                continue
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
