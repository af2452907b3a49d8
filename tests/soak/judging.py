"""What is demanded of a mutant, and how the answers are counted."""

from __future__ import annotations

import json
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from agreegen.errors import AgreegenError
from agreegen.model.report import FileReport, Report
from agreegen.reports.verification.etsi_xml import render_xml
from agreegen.reports.verification.html import render_html
from agreegen.reports.verification.table import render_table
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from agreegen.verification.proof.rebuilding import prove
from tests.soak.mutators import Mutant
from tests.soak.oracle import may_be_unaltered
from tests.soak.seeds import Seed

HANG_S = 10
"""Processor time after which a file counts as one that hangs."""
SLOW_S = 2.0
"""Processor time after which a mutant is kept to be looked at, though it is no finding."""
MEMORY_BYTES = 3 << 30
"""Address space that a process may use."""
_SAMPLES = 3
_REPORTED = 4
"""Of so many answers, one is written as a report in every form."""
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

    @property
    def origin(self) -> str:
        """What was done to which file."""
        return f"{self.kind} of {self.seed}"


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
    slow: list[Outcome] = field(default_factory=list)

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
            "slow": [
                {"seconds": round(one.seconds, 2), "index": one.index, "what": one.origin}
                for one in sorted(self.slow, key=lambda one: -one.seconds)
            ],
            "findings": self.findings,
        }


def judge(origin: Seed, mutant: Mutant, options: Options, index: int) -> Outcome:
    """Examine one mutant, write reports, and hold the answer against the bytes."""
    started = time.process_time()
    result, detail, report = "ok", "", None
    try:
        # Not verify_bytes: it would turn an exception into an answer and hide it here.
        report = examine("mutant.pdf", mutant.data, options)
        if index % _REPORTED == 0:
            render_everything(report, options)
    except MemoryError:
        result = "limit"
    except AgreegenError as exc:
        result, detail = "limit", type(exc).__name__
    except Exception as exc:
        result, detail = "crash", describe(exc)
    if report is not None and (broken := broken_inside(report)):
        result, detail = "crash", broken
    seconds = time.process_time() - started
    if report is not None and report.unaltered and not may_be_unaltered(origin, mutant):
        result, detail = "violation", f"{mutant.kind} of {origin.name}"
    elif report is not None and not ways_agree(report, mutant.data, options):
        result, detail = "violation", f"the proof by rebuilding says something else: {mutant.kind}"
    elif seconds > HANG_S:
        result, detail = "hang", f"{mutant.kind} of {origin.name}"
    verdict = "" if report is None else f"{report.verdict.value}/{report.unaltered}"
    inside = "" if report is None else caught_inside(report)
    return Outcome(index, origin.name, mutant.kind, result, detail, verdict, inside, seconds)


def ways_agree(report: FileReport, data: bytes, options: Options) -> bool:
    """Say whether a file that is proved by making it again is judged the same without that proof."""
    return prove(data, options) is None or report == examine("mutant.pdf", data, options, rebuild=False)


def render_everything(report: FileReport, options: Options) -> None:
    """Write a report in every form there is; what a file says about itself must fit into each."""
    whole = Report((report,))
    json.dumps(whole.to_dict(), ensure_ascii=False).encode()
    for lang in ("en", "zh"):
        render_table(whole, lang=lang).encode()
    render_html(whole, options).encode()
    ElementTree.fromstring(render_xml(whole, options))


def describe(exc: BaseException) -> str:
    """Name an exception and the place it came from, so that equal ones are counted together."""
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if "agreegen" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "?"
    return f"{type(exc).__name__} in {place}"


def broken_inside(report: FileReport) -> str:
    """Return what a report says of a part of the examination that an exception has ended."""
    return next((str(alarm.message) for alarm in report.alarms if alarm.code == "internal-error"), "")


def caught_inside(report: FileReport) -> str:
    """Return the exception that a report speaks of, where the examination caught one."""
    reasons = [str(alarm.message) for alarm in report.alarms]
    reasons += [str(reason) for signature in report.signatures for reason in signature.reasons]
    for reason in reasons:
        for mark in _INSIDE:
            if mark in reason and reason.endswith(")"):
                return reason.split(": ")[-1]
    return ""
