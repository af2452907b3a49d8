"""One process of the coverage-guided fuzzer: `guided.py` starts it and reads a JSON line a mutant from it."""

from __future__ import annotations

import dataclasses
import json
import mmap
import os
import resource
import signal
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["agreegen.verification", "agreegen.pdf", "agreegen.pki"]):
    from tests.soak.judging import HANG_S, MEMORY_BYTES, judge

from tests.soak.mutators import any_mutant
from tests.soak.recipe import Recipe
from tests.soak.seeds import SeedSet, load_seeds

LONGEST_RECIPE = 96


class Target:
    """Makes a mutant of each recipe that the fuzzer offers, judges it, and ends the process after enough."""

    def __init__(self, seeds: SeedSet, current: mmap.mmap, count: int) -> None:
        self._seeds = seeds
        self._current = current
        self._count = count

    def __call__(self, recipe: bytes) -> None:
        """Judge the mutant of one recipe."""
        self._current[: len(recipe) + 1] = bytes((len(recipe),)) + recipe
        # SIGPROF ends the process, whatever library it is in; the parent counts that as a hang.
        signal.setitimer(signal.ITIMER_PROF, HANG_S + 5)
        outcome = judge(*any_mutant(Recipe(recipe), self._seeds), self._seeds.options, self._count)
        signal.setitimer(signal.ITIMER_PROF, 0)
        line = dataclasses.asdict(outcome)
        if outcome.result not in ("ok", "limit"):
            line["recipe"] = recipe.hex()
        print(json.dumps(line), flush=True)
        self._count -= 1
        if self._count == 0:
            os._exit(0)  # libFuzzer knows no other end than its own


def main() -> None:
    """Fuzz: folder of starting files, corpus, folder of recipes, file of the current one, seed, count."""
    seeds_folder, corpus, recipes, current, seed, count = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    seeds = load_seeds(Path(seeds_folder), corpus=Path(corpus))
    with Path(current).open("r+b") as file:
        target = Target(seeds, mmap.mmap(file.fileno(), 0), int(count))
    options = [f"-seed={seed}", f"-max_len={LONGEST_RECIPE}", "-rss_limit_mb=0", "-timeout=600", "-reload=1"]
    atheris.Setup([sys.argv[0], *options, recipes], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
