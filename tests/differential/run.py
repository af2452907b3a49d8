"""The differential run: `python -m tests.differential.run --count 100000 --seed 1`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

from tests.differential.bases import load_bases
from tests.differential.pdfjs_package import pdfjs_package

_PROGRESS_S = 30


@dataclass(slots=True, eq=False)
class _Worker:
    """A process that judges every N-th file; `next` is the number it is at."""

    process: subprocess.Popen[str]
    next: int


@dataclass(slots=True)
class Summary:
    """The count of a run."""

    seed: int
    start: int
    files: int = 0
    seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    findings: dict[str, list[int]] = field(default_factory=dict)
    crashes: list[int] = field(default_factory=list)

    def add(self, outcome: dict[str, Any]) -> None:
        """Count one outcome."""
        self.files += 1
        self.verdicts[str(outcome["unaltered"])] += 1
        self.kinds.update(outcome["kinds"])
        if outcome["unaltered"]:
            self.shown[outcome["base"]] += 1
        if outcome["problems"]:
            views = " ".join(sorted(outcome["problems"]))
            key = f"{outcome['base']}: {', '.join(outcome['kinds'])} [{views}]"
            self.findings.setdefault(key, []).append(outcome["index"])

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the run."""
        return {
            "seed": self.seed,
            "start": self.start,
            "next": self.start + self.files,
            "files": self.files,
            "seconds": round(self.seconds, 1),
            "unaltered": dict(self.verdicts),
            "crashes": self.crashes,
            "findings": self.findings,
            "shown": dict(self.shown.most_common()),
            "kinds": dict(self.kinds.most_common()),
        }


class Run:
    """Several worker processes over one range of numbers; those that die are replaced behind their file."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._folder: Path = arguments.folder
        self._end = arguments.start + arguments.count
        self._messages: Queue[tuple[_Worker, dict[str, Any] | None]] = Queue()
        self._moment = ""
        self.summary = Summary(arguments.seed, arguments.start)

    def run(self) -> Summary:
        """Judge all files; the summary tells what came of them."""
        (self._folder / "found").mkdir(parents=True, exist_ok=True)
        load_bases(self._folder / "bases")
        # The certificates of the bases end after nine days; nothing here is about time.
        made = (self._folder / "bases" / "bases.json").stat().st_mtime
        self._moment = datetime.fromtimestamp(made, UTC).isoformat()
        started = shown = time.monotonic()
        for number in range(self._arguments.processes):
            self._launch(self._arguments.start + number)
        running = self._arguments.processes
        while running:
            worker, outcome = self._messages.get()
            if outcome is not None:
                worker.next = outcome["index"] + self._arguments.processes
                self._count(outcome)
            elif not self._replace(worker):
                running -= 1
            self.summary.seconds = time.monotonic() - started
            if time.monotonic() - shown > _PROGRESS_S:
                shown = time.monotonic()
                self.save()
        return self.summary

    def _launch(self, start: int) -> None:
        arguments = self._arguments
        numbers = (arguments.seed, start, arguments.processes, self._end)
        pdfjs = str(pdfjs_package()) if arguments.pdfjs else "-"
        command = [sys.executable, "-m", "tests.differential.worker", str(self._folder)]
        command += [*map(str, numbers), pdfjs, self._moment]
        errors = (self._folder / f"worker-{start}.log").open("w")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        errors.close()
        worker = _Worker(process, start)
        threading.Thread(target=self._read, args=(worker,), daemon=True).start()

    def _read(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        for line in worker.process.stdout:
            self._messages.put((worker, json.loads(line)))
        worker.process.wait()
        self._messages.put((worker, None))

    def _count(self, outcome: dict[str, Any]) -> None:
        self.summary.add(outcome)
        if outcome["problems"]:
            name = self._folder / "found" / f"{self._arguments.seed}-{outcome['index']}.json"
            name.write_text(json.dumps(outcome, indent=1), encoding="utf-8")
            print(
                f"{outcome['index']}: {outcome['base']}, {outcome['kinds']}: {outcome['problems']}",
                file=sys.stderr,
            )

    def _replace(self, worker: _Worker) -> bool:
        """Start another process behind the file at which one died; False where it was done."""
        if worker.next >= self._end:
            return False
        if len(self.summary.crashes) > 50 + self.summary.files // 20:
            raise RuntimeError(f"too many processes died, see {self._folder}")
        self.summary.crashes.append(worker.next)
        self.summary.files += 1
        follower = worker.next + self._arguments.processes
        if follower >= self._end:
            return False
        self._launch(follower)
        return True

    def save(self) -> str:
        """Write the summary so far into the folder and return it."""
        text = json.dumps(self.summary.to_dict(), indent=1)
        name = f"run-{self.summary.seed}-{self.summary.start}.json"
        (self._folder / name).write_text(text, encoding="utf-8")
        rate = self.summary.files / max(self.summary.seconds, 1e-9)
        print(f"{self.summary.files} files, {rate:.1f}/s, {dict(self.summary.verdicts)}", file=sys.stderr)
        return text


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--start", type=int, default=0, help="number of the first file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--no-pdfjs", dest="pdfjs", action="store_false", help="leave pdf.js out")
    place = Path(tempfile.gettempdir()) / "agreegen-differential"
    parser.add_argument("--folder", type=Path, default=place, help="signed files, findings and summaries")
    return parser.parse_args()


def main() -> int:
    """Run, print the summary, and say by the exit code whether anything was found."""
    run = Run(parse_arguments())
    run.run()
    print(run.save())
    return 1 if run.summary.findings or run.summary.crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
