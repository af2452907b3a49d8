"""Verification: our own files and third-party files, beside stock pyHanko with difference analysis."""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agreegen.errors import AgreegenError
from agreegen.example_pki.responder import Responder
from agreegen.model.report import PadesLevel, Verdict
from agreegen.signing.interface import SigningRequest, TimestampServer
from agreegen.signing.pades import sign_pdf
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from agreegen.verification.service import verify_paths
from benchmarks.measure import Result, alternate, processor_seconds, time_ms
from benchmarks.samples import UNIT_ROLE
from benchmarks.setting import Setting
from benchmarks.signing import batch_signer, sign_one
from benchmarks.stock import StockValidator

TITLE = "Verification (all checks on)"
_LONG_TERM_MS = 4
CORPUS_VARIABLE = "AGREEGEN_PDF_CORPUS"
_DEFAULT_CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "pdf-corpus"


def run(setting: Setting, result: Result) -> None:
    """Measure our own files at every level, the folder of third-party files, and one process against two."""
    files = _own_files(setting)
    _measure_own(setting, result, files)
    _measure_levels(setting, result)
    folder = Path(os.environ.get(CORPUS_VARIABLE) or _DEFAULT_CORPUS)
    if folder.is_dir():
        _measure_corpus(setting, result, sorted(folder.rglob("*.pdf"))[:: setting.count(1, 4)])
    else:
        result.missing("third-party files", f"no folder; name it with {CORPUS_VARIABLE}")
    _measure_jobs(setting, result, files)


def _own_files(setting: Setting) -> list[bytes]:
    credential = setting.credential()
    signer = batch_signer(setting, credential, PadesLevel.B_B)
    files = [sign_one(signer, credential, pledge.pdf) for pledge in setting.pledges(setting.count(40, 12))]
    credential.close()
    return files


def _options(setting: Setting) -> Options:
    trust = setting.trust
    return Options(now=setting.now, anchors_der=trust.anchors_der, crls_der=trust.crls_der)


def _measure_own(setting: Setting, result: Result, files: list[bytes]) -> None:
    options = _options(setting)
    stock = StockValidator(setting.trust, hard_fail=True)
    report = verify_bytes("own.pdf", files[0], options)
    if report.verdict is not Verdict.VALID or stock.validate(files[0]) != [True]:
        result.notes.append(f"the sample file is {report.verdict} for us, so the times compare unequal work")
    of = itertools.cycle(files)
    ways: dict[str, Callable[[int], object]] = {
        "agreegen": lambda _: verify_bytes("own.pdf", next(of), options),
        "stock pyHanko": lambda _: stock.validate(next(of)),
    }
    clocks = {"": time.perf_counter, ", processor time": time.process_time}
    for kind, clock in clocks.items():
        times = alternate(ways, setting.count(120, 12), clock=clock)
        ours, theirs = (result.add(f"own B-B file, {way}{kind}", "ms", times[way]) for way in ways)
        name = f"own B-B files: stock pyHanko against agreegen{kind}"
        result.compare(name, ours.median, theirs.median, 5)


def _measure_levels(setting: Setting, result: Result) -> None:
    """Time own files that carry timestamps and validation data, each of them different."""
    options = _options(setting)
    credential = setting.credential()
    with Responder(setting.pki.folder) as services:
        tsa = (TimestampServer(services.tsa_url),)
        for level in (PadesLevel.B_T, PadesLevel.B_LT, PadesLevel.B_LTA):
            request = SigningRequest(UNIT_ROLE, level, setting.now, setting.trust, tsa)
            pledges = setting.pledges(setting.count(20, 4))
            files = [sign_pdf(pledge.pdf, credential, request, checked=True).data for pledge in pledges]
            of = itertools.cycle(files)
            ways = {"": lambda _, of=of: verify_bytes("own.pdf", next(of), options)}
            times = alternate(ways, setting.count(100, 8), clock=time.process_time)[""]
            figure = result.add(f"own {level} file, agreegen, processor time", "ms", times)
            goal = _LONG_TERM_MS if level is not PadesLevel.B_T else None
            result.compare(f"own {level} file: ms of processor time", 1, figure.median, goal, at_most=True)
    credential.close()


def _measure_corpus(setting: Setting, result: Result, paths: list[Path]) -> None:
    options = _options(setting)
    stock = StockValidator(setting.trust, hard_fail=False)
    raised: Counter[str] = Counter()

    def validate(data: bytes) -> None:
        try:
            stock.validate(data)
        except Exception as exc:
            raised[type(exc).__name__] += 1

    ours: list[float] = []
    theirs: list[float] = []
    ours_where_it_answered: list[float] = []
    theirs_where_it_answered: list[float] = []
    for path in paths:
        data = path.read_bytes()
        before = sum(raised.values())
        repeats = setting.count(3, 1)
        mine = _best(partial(verify_bytes, path.name, data, options), repeats)
        other = _best(partial(validate, data), repeats)
        ours.append(mine)
        theirs.append(other)
        if sum(raised.values()) == before:
            ours_where_it_answered.append(mine)
            theirs_where_it_answered.append(other)
    gave_up = len(paths) - len(theirs_where_it_answered)
    result.add("third-party file, agreegen", "ms", ours, "every file has an answer")
    result.add(
        "third-party file, stock pyHanko", "ms", theirs, f"raised an exception on {gave_up} of {len(paths)}"
    )
    figures = result.figures[-2:]
    result.compare(
        "third-party files, medians: stock pyHanko against agreegen", figures[0].median, figures[1].median, 1
    )
    if theirs_where_it_answered:
        mine_there = result.add(
            "third-party file that pyHanko answers, agreegen", "ms", ours_where_it_answered
        )
        there = result.add("third-party file that pyHanko answers, pyHanko", "ms", theirs_where_it_answered)
        result.compare("the same where pyHanko answers", mine_there.median, there.median, 1)


def _best(action: Callable[[], object], repeats: int) -> float:
    """Return the best of some runs, which a noisy machine disturbs least; files differ more than runs."""
    return min(time_ms(action) for _ in range(repeats))


def _measure_jobs(setting: Setting, result: Result, files: list[bytes]) -> None:
    folder = setting.folder / "verify-jobs"
    folder.mkdir()
    # So many that starting the workers weighs little; links, because only reading is to be measured.
    count = setting.count(8_000, 400)
    for number, data in enumerate(files):
        (folder / f"{number:05d}.pdf").write_bytes(data)
    for number in range(len(files), count):
        os.link(folder / f"{number % len(files):05d}.pdf", folder / f"{number:05d}.pdf")
    options = _options(setting)
    rates: dict[int, list[float]] = {1: [], 2: []}
    used: dict[int, list[float]] = {1: [], 2: []}
    try:
        for _ in range(setting.count(2, 1)):
            for jobs, samples in rates.items():
                started, before = time.perf_counter(), processor_seconds()
                answers = sum(1 for _ in verify_paths([folder], options, jobs=jobs))
                samples.append(answers / (time.perf_counter() - started))
                used[jobs].append(1000 * (processor_seconds() - before) / answers)
    except (AgreegenError, OSError, RuntimeError) as exc:
        result.missing("--jobs", exc)
        return
    one, two = (
        result.add(f"own files, --jobs {n}", "documents/s", rates[n], f"{count} files") for n in (1, 2)
    )
    for jobs, samples in used.items():
        result.add(f"own files, --jobs {jobs}, processor time a file", "ms", samples)
    result.compare("--jobs 2 against --jobs 1", one.median, two.median, 1.8)
