"""`python -m benchmarks [--quick] [--full] [--only NAME...]`: measure, print tables, record a whole run."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from agreegen.errors import AgreegenError
from benchmarks import (
    agreements,
    archiving,
    conversion,
    memory,
    paper,
    pledges,
    rosters,
    scale,
    signing,
    stages,
    startup,
    verification,
)
from benchmarks.machine import describe_machine, measure_busy
from benchmarks.measure import Result
from benchmarks.report import insert_section, suite_markdown, to_document, to_markdown, write_json
from benchmarks.setting import Setting

Suite = Callable[[Setting, Result], None]
SUITES: dict[str, tuple[str, Suite]] = {
    "conversion": (conversion.TITLE, conversion.run),
    "pledges": (pledges.TITLE, pledges.run),
    "agreements": (agreements.TITLE, agreements.run),
    "scale": (scale.TITLE, scale.run),
    "stages": (stages.TITLE, stages.run),
    "signing": (signing.TITLE, signing.run),
    "verification": (verification.TITLE, verification.run),
    "startup": (startup.TITLE, startup.run),
    "rosters": (rosters.TITLE, rosters.run),
    "memory": (memory.TITLE, memory.run),
    "paper": (paper.TITLE, paper.run),
    "archiving": (archiving.TITLE, archiving.run),
}
_ROOT = Path(__file__).resolve().parent.parent
RESULTS = _ROOT / "benchmarks" / "results.json"
PAGE = _ROOT / "docs" / "performance.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites asked for; a whole run is recorded in `results.json` and `docs/performance.md`."""
    options = _parse(arguments)
    logging.disable(logging.CRITICAL)  # pyHanko tells at length what it thinks of third-party files
    started, at = time.monotonic(), datetime.now(UTC)
    machine = describe_machine()
    results = []
    with tempfile.TemporaryDirectory(prefix="agreegen-benchmarks-") as folder:
        setting = Setting(Path(folder), quick=options.quick, full=options.full)
        for name in options.only or SUITES:
            results.append(_run_suite(name, setting))
    seconds = time.monotonic() - started
    document = to_document(results, machine, at, seconds, quick=options.quick)
    whole = not options.quick and not options.only
    if options.json is not None:
        write_json(options.json, document)
    if whole:
        write_json(RESULTS, document)
        insert_section(PAGE, to_markdown(results, machine, at, seconds))
    print(f"{len(results)} suites in {seconds:.0f} s", file=sys.stderr)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions, nothing recorded")
    parser.add_argument("--full", action="store_true", help="also 100,000 rows")
    parser.add_argument(
        "--only", nargs="+", choices=list(SUITES), metavar="NAME", help=f"suites: {', '.join(SUITES)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here, too")
    return parser.parse_args(arguments)


def _run_suite(name: str, setting: Setting) -> Result:
    title, suite = SUITES[name]
    print(f"{name} …", file=sys.stderr, flush=True)
    result = Result(name, title, busy_before=measure_busy())
    started = time.monotonic()
    try:
        suite(setting, result)
    except (AgreegenError, OSError, RuntimeError) as exc:
        result.missing(title, exc)
    result.seconds = time.monotonic() - started
    print("\n".join(suite_markdown(result)) + "\n", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
