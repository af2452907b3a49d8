"""Running `agreegen batch run` as users do, and watching the memory of each of its processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from agreegen.example_pki.layout import ExamplePki
from benchmarks.measure import processor_seconds
from benchmarks.samples import PLEDGE, PLEDGE_DATE, UNIT_ROLE, write_csv_roster

_INTERVAL_S = 0.2
_TIMEOUT_S = 3600.0
_PROGRAM = "import sys; from agreegen.cli.main import main; sys.exit(main())"
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(slots=True)
class BatchRun:
    """What a run did.

    Attributes:
        documents: Documents made.
        seconds: Wall time by its own summary.
        processor_s: Processor time of all its processes, their start included.
        peaks_mb: Greatest resident memory of each process, by its kind: `coordinator`, `worker`, `office`.
    """

    documents: int
    seconds: float
    processor_s: float
    peaks_mb: dict[str, list[float]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds

    @property
    def processor_ms_a_document(self) -> float:
        """Processor milliseconds a document."""
        return 1000 * self.processor_s / self.documents

    @property
    def ms_a_document(self) -> float:
        """Wall milliseconds a document."""
        return 1000 * self.seconds / self.documents


def write_job(folder: Path, pki: ExamplePki, rows: int) -> Path:
    """Write a roster and a job for pledges that the unit attests at B-B."""
    folder.mkdir(parents=True)
    write_csv_roster(folder / "roster.csv", rows)
    credential = os.path.relpath(pki.credential("unit-seal"), folder)
    job = {
        "form": PLEDGE,
        "roster": {"file": "roster.csv"},
        "defaults": {"pledge_date": PLEDGE_DATE},
        "output": "out",
        "signatures": [{"role": UNIT_ROLE, "credential": credential, "level": "B-B"}],
        "trust": [os.path.relpath(pki.trust, folder)],
        "name": "{staff_no}",
    }
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(job, allow_unicode=True), "utf-8")
    return path


def run_batch(job: Path, *, workers: int) -> BatchRun:
    """Run a job to its end.

    Raises:
        RuntimeError: It failed, or a row did.
    """
    errors = job.with_name("errors.txt")
    before = processor_seconds()
    command = [sys.executable, "-c", _PROGRAM, "batch", "run", str(job), "--workers", str(workers), "--json"]
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr) as process,
    ):
        watcher = _Watcher(process.pid)
        watcher.start()
        assert process.stdout is not None
        last = b""
        for line in process.stdout:
            last = line
        status = process.wait(timeout=_TIMEOUT_S)
        watcher.stop()
    if status != 0:
        words = errors.read_text("utf-8", errors="replace").split()
        raise RuntimeError(f"batch run ended with status {status}: {' '.join(words) or last.decode()}")
    used = processor_seconds() - before
    summary = json.loads(last)
    return BatchRun(int(summary["done"]), float(summary["seconds"]), used, watcher.peaks_mb())


class _Watcher(threading.Thread):
    """Looks at a process and its descendants now and then; the kernel keeps each one's peak."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._done = threading.Event()
        self._peaks: dict[int, tuple[str, float]] = {}
        self._seen_once: set[int] = set()

    def run(self) -> None:
        while not self._done.wait(_INTERVAL_S):
            for process in _descendants(self._root):
                with contextlib.suppress(OSError):
                    self._look_at(process)

    def _look_at(self, process: int) -> None:
        folder = Path("/proc") / str(process)
        found = _PEAK.search((folder / "status").read_text())
        command = (folder / "cmdline").read_bytes()
        if found is None or b"resource_tracker" in command:
            return
        kind = "office" if b"soffice" in command or b"uno_worker" in command else "worker"
        if process == self._root:
            kind = "coordinator"
        if process in self._seen_once:  # else it may be a copy of its parent on the way to another program
            self._peaks[process] = (kind, int(found[1]) / 1024)
        self._seen_once.add(process)

    def stop(self) -> None:
        """End the watch."""
        self._done.set()
        self.join()

    def peaks_mb(self) -> dict[str, list[float]]:
        """Return the peaks by kind of process."""
        kinds: dict[str, list[float]] = {}
        for kind, peak in self._peaks.values():
            kinds.setdefault(kind, []).append(peak)
        return kinds


def _descendants(root: int) -> list[int]:
    """Return a process and all that descend from it (proc(5), `children`)."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for path in Path("/proc").glob(f"{process}/task/*/children"):
            with contextlib.suppress(OSError):
                waiting.extend(int(child) for child in path.read_text().split())
    return found
