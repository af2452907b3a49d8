"""The fuzzer: `python -m tests.soak.fuzz --count N --processes P --seed S [--start K]`.

Mutant number K of seed S is always the same file as long as the starting files are, so that ranges can be run
one after the other, on several machines, and again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from tests.soak.judging import HANG_S, MEMORY_BYTES, SLOW_S, Outcome, Summary, describe, judge
from tests.soak.mutators import Mutant, any_mutant
from tests.soak.reduction import reduce_file
from tests.soak.seeds import CORPUS, Seed, SeedSet, load_seeds


def make_mutant(seeds: SeedSet, seed: int, index: int) -> tuple[Seed, Mutant]:
    """Return mutant number `index` of a seed, and the file it was made from."""
    return any_mutant(random.Random(f"{seed}:{index}"), seeds)


def _work(
    connection: Connection, current: Any, stop: Any, folder: Path, corpus: Path, job: range, seed: int
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    seeds = load_seeds(folder, corpus=corpus)
    for index in job:
        if index >= stop.value:
            break
        current.value = index
        # SIGPROF ends the process, whatever library it is in; the parent counts that as a hang.
        signal.setitimer(signal.ITIMER_PROF, HANG_S + 5)
        outcome = judge(*make_mutant(seeds, seed, index), seeds.options, index)
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.send(outcome)
    connection.send(None)


class Runner:
    """Runs a range of mutants in several processes and replaces those that die."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Value("q", arguments.start + arguments.count)
        self._workers: dict[Connection, tuple[Any, Any]] = {}
        self.summary = Summary(arguments.seed, arguments.start)
        self._found = arguments.folder / "found"
        self._slow = arguments.folder / "slow"
        self._seeds = load_seeds(arguments.folder / "seeds", corpus=arguments.corpus)

    def run(self) -> Summary:
        """Run all mutants; the summary tells what came of them."""
        started = shown = time.monotonic()
        for number in range(self._arguments.processes):
            self._launch(self._arguments.start + number)
        while self._workers:
            for ready in wait(list(self._workers), timeout=5):
                assert isinstance(ready, Connection)
                self._receive(ready)
            self.summary.seconds = time.monotonic() - started
            if self._arguments.seconds and self.summary.seconds > self._arguments.seconds:
                self._end_early()
            if time.monotonic() - shown > 30:
                shown = time.monotonic()
                self._show()
        self.summary.seconds = time.monotonic() - started
        return self.summary

    def _end_early(self) -> None:
        """Let every worker go on to the same number, so that a later run can start there."""
        if self._workers:
            furthest = max(int(current.value) for _, current in self._workers.values())
            self._stop.value = min(self._stop.value, furthest + 1)
        self._arguments.seconds = 0

    def _launch(self, first: int) -> None:
        job = range(first, self._stop.value, self._arguments.processes)
        if not job:
            return
        ours, theirs = self._context.Pipe(duplex=False)
        current = self._context.Value("q", first)
        folder = self._arguments.folder / "seeds"
        process = self._context.Process(
            target=_work,
            args=(theirs, current, self._stop, folder, self._arguments.corpus, job, self._arguments.seed),
        )
        process.start()
        theirs.close()
        self._workers[ours] = (process, current)

    def _receive(self, connection: Connection) -> None:
        process, current = self._workers[connection]
        try:
            outcome = connection.recv()
        except EOFError:
            process.join()
            del self._workers[connection]
            index = int(current.value)
            self._add(self._death(index, process.exitcode))
            self._launch(index + self._arguments.processes)
            return
        if outcome is None:
            process.join()
            del self._workers[connection]
            return
        self._add(outcome)

    def _death(self, index: int, code: int | None) -> Outcome:
        origin, mutant = make_mutant(self._seeds, self._arguments.seed, index)
        hung = code == -signal.SIGPROF
        detail = f"{mutant.kind} of {origin.name}" if hung else f"the process ended with {code}"
        return Outcome(index, origin.name, mutant.kind, "hang" if hung else "crash", detail)

    def _add(self, outcome: Outcome) -> None:
        number = f"{self._arguments.seed}-{outcome.index}.pdf"
        if self.summary.add(outcome):
            self._keep(outcome, self._found / f"{outcome.result}-{number}", outcome.detail)
        if outcome.seconds > self._arguments.slow:
            self.summary.slow.append(outcome)
            self._keep(outcome, self._slow / f"{outcome.seconds:05.2f}s-{number}", outcome.origin)

    def _keep(self, outcome: Outcome, path: Path, why: str) -> None:
        _, mutant = make_mutant(self._seeds, self._arguments.seed, outcome.index)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutant.data)
        print(f"{path.name}: {why}", file=sys.stderr, flush=True)

    def _show(self) -> None:
        done, seconds = self.summary.files, self.summary.seconds
        text = json.dumps(self.summary.to_dict(), indent=1)
        (self._arguments.folder / f"run-{self.summary.seed}-{self.summary.start}.json").write_text(text)
        print(
            f"{done} files, {done / seconds:.1f}/s, {dict(self.summary.results)}", file=sys.stderr, flush=True
        )


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many mutants")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--seconds", type=float, default=0, help="end the run after this time, 0 for never")
    parser.add_argument(
        "--slow",
        type=float,
        default=SLOW_S,
        help="keep mutants that take longer, in seconds of processor time",
    )
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of third-party PDFs")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "agreegen-fuzz",
        help="where starting files, findings and summaries are kept",
    )
    parser.add_argument("--reduce", type=Path, help="make a finding smaller while it still crashes, and stop")
    return parser.parse_args(arguments)


def main() -> int:
    """Run, print the summary, and say by the exit code whether anything was found."""
    arguments = parse_arguments()
    if arguments.reduce is not None:
        options = load_seeds(arguments.folder / "seeds").options
        print(reduce_file(arguments.reduce, options, describe))
        return 0
    summary = Runner(arguments).run()
    text = json.dumps(summary.to_dict(), indent=1)
    (arguments.folder / f"run-{summary.seed}-{summary.start}.json").write_text(text, encoding="utf-8")
    print(text)
    return 1 if summary.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
