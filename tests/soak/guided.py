"""The coverage-guided fuzzer (atheris): `python -m tests.soak.guided --count N --processes P --seed S`.

The fuzzer does not vary files but recipes (`recipe.py`): the decisions that the mutations take. A recipe that
reaches new code of `agreegen.verification` is kept and varied further. The mutations and what is demanded of
each file are those of the blind fuzzer.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

from tests.soak.fuzz import parse_arguments
from tests.soak.judging import Outcome, Summary
from tests.soak.mutators import any_mutant
from tests.soak.recipe import Recipe
from tests.soak.seeds import load_seeds

_FIRST_RECIPES = 400
_RECIPE_SPACE = 128
_PROGRESS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
Message = tuple["Worker", dict[str, Any] | None]


@dataclass(eq=False, slots=True)
class Worker:
    """A process of the fuzzer.

    Attributes:
        number: Its place, from 0.
        process: The process.
        left: How many mutants it has still to make.
        log: What libFuzzer says of its progress.
        current: The recipe under way: its length, then its bytes.
    """

    number: int
    process: subprocess.Popen[str]
    left: int
    log: Path
    current: Path


class GuidedRunner:
    """Runs several fuzzing processes over one folder of recipes and replaces those that die."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._folder: Path = arguments.folder
        self._recipes = self._folder / f"recipes-{arguments.seed}"
        self._found = self._folder / "found"
        self._messages: Queue[Message] = Queue()
        self._launched = 0
        self.summary = Summary(arguments.seed, 0)
        self._seeds = load_seeds(self._folder / "seeds", corpus=arguments.corpus)

    def run(self) -> Summary:
        """Run until enough mutants are made; the summary tells what came of them."""
        self._prepare()
        started = shown = time.monotonic()
        share, more = divmod(self._arguments.count, self._arguments.processes)
        for number in range(self._arguments.processes):
            self._launch(number, share + (number < more))
        running = self._arguments.processes
        while running:
            worker, line = self._messages.get()
            if line is not None:
                self._count(worker, line)
            elif not self._replace(worker):
                running -= 1
            self.summary.seconds = time.monotonic() - started
            if time.monotonic() - shown > 30:
                shown = time.monotonic()
                self.save()
        return self.summary

    def _prepare(self) -> None:
        self._recipes.mkdir(parents=True, exist_ok=True)
        self._found.mkdir(parents=True, exist_ok=True)
        chance = random.Random(self._arguments.seed)
        for number in range(_FIRST_RECIPES):
            (self._recipes / f"first-{number}").write_bytes(chance.randbytes(chance.randrange(8, 64)))

    def _launch(self, number: int, count: int) -> None:
        self._launched += 1
        current = self._folder / f"current-{number}"
        current.write_bytes(bytes(_RECIPE_SPACE))
        log = self._folder / f"worker-{self._arguments.seed}-{self._launched}.log"
        seed = self._arguments.seed * 1000 + self._launched
        places = (self._folder / "seeds", self._arguments.corpus, self._recipes, current)
        command = [sys.executable, "-m", "tests.soak.guided_worker", *map(str, places), str(seed), str(count)]
        with log.open("w") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        worker = Worker(number, process, count, log, current)
        threading.Thread(target=self._read, args=(worker,), daemon=True).start()

    def _read(self, worker: Worker) -> None:
        assert worker.process.stdout is not None
        for line in worker.process.stdout:
            if line.startswith("{"):
                self._messages.put((worker, json.loads(line)))
        worker.process.wait()
        self._messages.put((worker, None))

    def _count(self, worker: Worker, line: dict[str, Any]) -> None:
        worker.left -= 1
        recipe = bytes.fromhex(line.pop("recipe", ""))
        line["index"] = self.summary.files
        self._add(Outcome(**line), recipe)

    def _replace(self, worker: Worker) -> bool:
        """Count a process that died early as a finding and start another; False where it was done."""
        if worker.left == 0:
            return False
        if self.summary.files == 0:
            raise RuntimeError(f"the fuzzer did not start, see {worker.log}")
        space = worker.current.read_bytes()
        recipe = space[1 : 1 + space[0]]
        origin, mutant = any_mutant(Recipe(recipe), self._seeds)
        code = worker.process.returncode
        hung = code == -signal.SIGPROF
        detail = f"{mutant.kind} of {origin.name}" if hung else f"the process ended with {code}"
        result = "hang" if hung else "crash"
        self._add(Outcome(self.summary.files, origin.name, mutant.kind, result, detail), recipe)
        if worker.left > 1:
            self._launch(worker.number, worker.left - 1)
            return True
        return False

    def _add(self, outcome: Outcome, recipe: bytes) -> None:
        if not self.summary.add(outcome):
            return
        _, mutant = any_mutant(Recipe(recipe), self._seeds)
        name = f"{outcome.result}-guided-{self.summary.seed}-{outcome.index}"
        (self._found / f"{name}.pdf").write_bytes(mutant.data)
        (self._found / f"{name}.recipe").write_bytes(recipe)
        print(f"{name}: {outcome.detail}", file=sys.stderr, flush=True)

    def save(self) -> str:
        """Write the summary so far beside the starting files and return it."""
        found = self.summary.to_dict() | {"coverage": self._coverage(), "recipes": self._count_recipes()}
        text = json.dumps(found, indent=1)
        (self._folder / f"guided-{self.summary.seed}.json").write_text(text, encoding="utf-8")
        rate = self.summary.files / max(self.summary.seconds, 1e-9)
        print(f"{self.summary.files} files, {rate:.1f}/s, {dict(self.summary.results)}", file=sys.stderr)
        return text

    def _count_recipes(self) -> int:
        return sum(1 for _ in self._recipes.iterdir())

    def _coverage(self) -> dict[str, int]:
        """Return the most edges and features that a process has reported, at the start and at the end."""
        first, last = (0, 0), (0, 0)
        for log in self._folder.glob(f"worker-{self._arguments.seed}-*.log"):
            seen = [(int(m[1]), int(m[2])) for m in _PROGRESS.finditer(log.read_text(errors="replace"))]
            if seen:
                first, last = max(first, seen[0]), max(last, seen[-1])
        return {"edges_first": first[0], "edges": last[0], "features_first": first[1], "features": last[1]}


def main() -> int:
    """Run, print the summary, and say by the exit code whether anything was found."""
    runner = GuidedRunner(parse_arguments())
    runner.run()
    print(runner.save())
    return 1 if runner.summary.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
