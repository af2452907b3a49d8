"""The acceptance of scans: a shuffled stack of all kinds of pages, and what must not happen to it."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.register_signers import recorder_for
from agreegen.batch.paper.printing import print_documents
from agreegen.batch.running.run import run_job
from agreegen.scanning.interface import PageResult, PageStatus, ScanReport
from agreegen.scanning.service import ScanRequest, add_scans
from tests.integration.batch_support import clock, make_pki, write_job
from tests.scans.generator import GOOD, Kind, Truth, Workshop

_SURNAMES, _GIVEN = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨",
    ("秀英", "丽华", "建平", "海燕", "志远", "雪梅", "文博", "磊"),
)
_SWAPPED_PAIRS = 0.01
_SHARES = (
    (Kind.SIGNED, 0.44),
    (Kind.SIGNED_DOT, 0.06),
    (Kind.SIGNED_FOLD, 0.06),
    (Kind.UNSIGNED, 0.04),
    (Kind.UNSIGNED_DOT, 0.04),
    (Kind.UNSIGNED_FOLD, 0.03),
    (Kind.UNSIGNED_SMUDGE, 0.03),
    (Kind.DUPLICATE, 0.04),
    (Kind.BLANK, 0.04),
    (Kind.FOREIGN, 0.04),
    (Kind.ONE_GLUED, 0.03),
    (Kind.BOTH_GLUED, 0.03),
    (Kind.NO_MARKS, 0.02),
    (Kind.ONE_MARK, 0.02),
    (Kind.HALF_MARK, 0.02),
    (Kind.ELSEWHERE, 0.02),
    (Kind.REMARK, 0.02),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stack.

    Attributes:
        report: The report.
        truths: What each page was, in the order of the report.
    """

    report: ScanReport
    truths: tuple[Truth, ...]

    def pairs(self) -> list[tuple[Truth, PageResult]]:
        """Return truth and result of each page."""
        return list(zip(self.truths, self.report.pages, strict=True))

    def wrong(self) -> list[tuple[Truth, PageResult]]:
        """Return accepted pages that show another person's document, or none."""
        return [
            (t, r) for t, r in self.pairs() if r.status is PageStatus.ACCEPTED and r.staff_no != t.staff_no
        ]

    def bad_accepted(self) -> list[tuple[Truth, PageResult]]:
        """Return accepted pages that nobody signed, or that a person must look at."""
        allowed = GOOD | {Kind.DUPLICATE}
        return [(t, r) for t, r in self.pairs() if r.status is PageStatus.ACCEPTED and t.kind not in allowed]

    def good_left(self) -> list[tuple[Truth, PageResult]]:
        """Return good pages that were not accepted."""
        done = {PageStatus.ACCEPTED, PageStatus.ALREADY_THERE}
        return [(t, r) for t, r in self.pairs() if t.kind in GOOD and r.status not in done]

    def good_share(self) -> float:
        """Return the share of good pages that were accepted without a person."""
        count = sum(truth.kind in GOOD for truth in self.truths)
        return 1 - len(self.good_left()) / count

    def describe(self) -> str:
        """Return what became of each kind."""
        counts = Counter((t.kind.value, r.status.value, r.reasons) for t, r in self.pairs())
        return "\n".join(
            f"{n:4} {kind}: {status} {reasons}" for (kind, status, reasons), n in sorted(counts.items())
        )


def make_job(folder: Path, people: int) -> Job:
    """Make the pledges of invented people; some have one name."""
    pki = make_pki(folder / "pki")
    rows = [
        f"S{number:04d},{_SURNAMES[number % 16]}{_GIVEN[number * 7 // 16 % 8]},,第{number // 40}普查办,否"
        for number in range(people)
    ]
    job = write_job(folder / "job", pki, rows)
    assert run_job(job, RunSettings(workers=2)).done == people
    return job


def run_acceptance(folder: Path, pages: int, seed: int) -> Outcome:
    """Print, spoil and read a stack of so many pages."""
    rng = random.Random(seed)
    job = make_job(folder, pages)
    printed = print_documents(job, folder / "print.pdf")
    places = {document.staff_no or "": document.page for document in printed.documents}
    workshop = Workshop(folder, folder / "print.pdf", places, rng)
    pictures, truths = workshop.make(_plan(list(places), pages, rng))
    files = _bind(workshop, pictures)
    report = read_scans(job, files, folder / "review")
    return Outcome(report, tuple(truths))


def read_scans(job: Job, files: Sequence[Path], review: Path, decisions: Path | None = None) -> ScanReport:
    """Add scans to a job's register."""
    now = clock()
    request = ScanRequest(tuple(files), review, "王科长", decisions)
    with recorder_for(job.register_file, None, now=now) as recorder:
        return add_scans(request, recorder.register, recorder, now=now)


def _plan(people: list[str], pages: int, rng: random.Random) -> list[tuple[Kind, str | None]]:
    free = list(people)
    rng.shuffle(free)
    plan: list[tuple[Kind, str | None]] = []
    for kind, share in _SHARES:
        for _ in range(max(1, round(share * pages))):
            if kind in {Kind.BLANK, Kind.FOREIGN}:
                plan.append((kind, None))
            elif kind is Kind.DUPLICATE:
                plan.append((kind, rng.choice([number for k, number in plan if k in GOOD])))
            else:
                plan.append((kind, free.pop()))
    rng.shuffle(plan)
    for _ in range(max(1, round(_SWAPPED_PAIRS * pages))):
        place = rng.randrange(len(plan) + 1)
        plan[place:place] = [(Kind.SWAPPED, person) for person in _swapped(people, free)]
    return plan


def _swapped(people: list[str], free: list[str]) -> list[str]:
    """Take two people whose sheets left the printer one after the other, in changed order."""
    first, second = next(pair for pair in itertools.pairwise(people) if set(pair) <= set(free))
    free[:] = [person for person in free if person not in {first, second}]
    return [second, first]


def _bind(workshop: Workshop, pictures: list[Path]) -> list[Path]:
    """Bind most pages into PDFs and TIFFs of up to 25 pages, and leave some as they are."""
    files: list[Path] = []
    for start in range(0, len(pictures), 25):
        part = pictures[start : start + 25]
        suffix = (".pdf", ".tif", "")[start // 25 % 3]
        files += [workshop.bind(part, workshop.folder / f"stack-{start:04d}{suffix}")] if suffix else part
    return files
