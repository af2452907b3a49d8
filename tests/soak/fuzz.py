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
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from agreegen.errors import AgreegenError
from agreegen.model.report import FileReport, Report
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from agreegen.verification.report_html import render_html
from agreegen.verification.report_json import render_json
from agreegen.verification.report_table import render_table
from agreegen.verification.report_xml import render_xml
from tests.soak.mutators import Mutant, mutate
from tests.soak.oracle import may_be_unaltered
from tests.soak.reduction import reduce_file
from tests.soak.seeds import CORPUS, Seed, SeedSet, load_seeds

HANG_S = 10
"""Processor time after which a file counts as one that hangs."""
MEMORY_BYTES = 3 << 30
_SAMPLES = 3
_OWN_SHARE = 0.5
_INSIDE = ("cannot be judged (", "cannot be read (")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one mutant.

    Attributes:
        index: Its number.
        seed: Name of the file it was made from.
        kind: The mutation.
        result: `ok`, `crash`, `hang`, `violation` or `limit`.
        detail: For a finding, where and what.
        verdict: The verdict, where there is one.
        contained: An exception that the examination caught and turned into a reason.
        seconds: Processor time.
    """

    index: int
    seed: str
    kind: str
    result: str
    detail: str = ""
    verdict: str = ""
    contained: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Summary:
    """The count of a run."""

    seed: int
    start: int
    files: int = 0
    seconds: float = 0.0
    results: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    contained: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    findings: dict[str, list[int]] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, -1)

    def add(self, outcome: Outcome) -> bool:
        """Count one outcome; say whether it is a finding of which a sample is wanted."""
        self.files += 1
        self.results[outcome.result] += 1
        self.verdicts[outcome.verdict or "none"] += 1
        for kind in outcome.kind.split("+"):
            self.kinds[kind] += 1
        if outcome.contained:
            self.contained[outcome.contained] += 1
        self.slowest = max(self.slowest, (round(outcome.seconds, 2), outcome.index))
        if outcome.result in ("ok", "limit"):
            return False
        numbers = self.findings.setdefault(f"{outcome.result}: {outcome.detail}", [])
        numbers.append(outcome.index)
        return len(numbers) <= _SAMPLES

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a run."""
        return {
            "seed": self.seed,
            "start": self.start,
            "next": self.start + self.files,
            "files": self.files,
            "seconds": round(self.seconds, 1),
            "crashes": self.results["crash"],
            "hangs": self.results["hang"],
            "violations": self.results["violation"],
            "limits": self.results["limit"],
            "verdicts": dict(self.verdicts),
            "contained": dict(self.contained),
            "mutations": dict(self.kinds.most_common()),
            "slowest": {"seconds": self.slowest[0], "index": self.slowest[1]},
            "findings": self.findings,
        }


def make_mutant(seeds: SeedSet, seed: int, index: int) -> tuple[Seed, Mutant]:
    """Return mutant number `index` of a seed, and the file it was made from."""
    chance = random.Random(f"{seed}:{index}")
    own = [s for s in seeds.seeds if s.ours]
    pool = own if chance.random() < _OWN_SHARE else seeds.seeds
    origin = chance.choice(pool)
    return origin, mutate(chance, origin, seeds.seeds)


def judge(seeds: SeedSet, seed: int, index: int) -> Outcome:
    """Make one mutant and examine it."""
    origin, mutant = make_mutant(seeds, seed, index)
    started = time.process_time()
    result, detail, report = "ok", "", None
    try:
        # Not verify_bytes: it would turn an exception into an answer and hide it here.
        report = examine("mutant.pdf", mutant.data, seeds.options)
        render_everything(report, seeds.options)
    except MemoryError:
        result = "limit"
    except AgreegenError as exc:
        result, detail = "limit", type(exc).__name__
    except Exception as exc:
        result, detail = "crash", describe(exc)
    seconds = time.process_time() - started
    if report is not None and report.unaltered and not may_be_unaltered(origin, mutant):
        result, detail = "violation", f"{mutant.kind} of {origin.name}"
    elif seconds > HANG_S:
        result, detail = "hang", f"{mutant.kind} of {origin.name}"
    verdict = "" if report is None else f"{report.verdict.value}/{report.unaltered}"
    inside = "" if report is None else caught_inside(report)
    return Outcome(index, origin.name, mutant.kind, result, detail, verdict, inside, seconds)


def render_everything(report: FileReport, options: Options) -> None:
    """Write a report in every form there is; what a file says about itself must fit into each."""
    whole = Report((report,))
    render_json(whole).encode()
    for lang in ("en", "zh"):
        render_table(whole, lang=lang).encode()
    render_html(whole, options).encode()
    ElementTree.fromstring(render_xml(whole, options))


def describe(exc: BaseException) -> str:
    """Name an exception and the place it came from, so that equal ones are counted together."""
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if "agreegen" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "?"
    return f"{type(exc).__name__} in {place}"


def caught_inside(report: FileReport) -> str:
    """Return the exception that a report speaks of, where the examination caught one."""
    reasons = [alarm.message for alarm in report.alarms]
    reasons += [reason for signature in report.signatures for reason in signature.reasons]
    for reason in reasons:
        for mark in _INSIDE:
            if mark in reason and reason.endswith(")"):
                return reason.split(": ")[-1]
    return ""


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
        outcome = judge(seeds, seed, index)
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
        if not self.summary.add(outcome):
            return
        _, mutant = make_mutant(self._seeds, self._arguments.seed, outcome.index)
        self._found.mkdir(parents=True, exist_ok=True)
        name = f"{outcome.result}-{self._arguments.seed}-{outcome.index}.pdf"
        (self._found / name).write_bytes(mutant.data)
        print(f"{name}: {outcome.detail}", file=sys.stderr, flush=True)

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
