"""Pledges end to end: row → PDF/A → RSA-3072 B-B → read-back → disk → register, with two workers."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from agreegen.errors import AgreegenError
from agreegen.model.document import Document
from benchmarks.batches import run_batch, write_job
from benchmarks.everybody import Script, rate_of_best_parts
from benchmarks.measure import Figure, Result, processor_seconds, time_ms
from benchmarks.samples import pledge_documents
from benchmarks.setting import Setting
from benchmarks.stock import Pkcs12

TITLE = "Pledges end to end (row → PDF/A → RSA-3072 B-B → read-back → disk → register)"
WORKERS = 2
_PROBE_ROWS, _LEAST_ROWS = 300, 500
_SECONDS_A_RUN = 15.0
_MOST_ROWS = 10_000


def run(setting: Setting, result: Result) -> None:
    """Measure `agreegen batch run`, the script everybody writes, and the best of today's parts."""
    ours = _measure_batch(setting, result)
    try:
        script, best_one, best_two = _measure_others(setting, result)
    except (AgreegenError, OSError, RuntimeError) as exc:
        result.missing("the comparison without agreegen", exc)
        return
    if ours is None:
        return
    against = "agreegen against"
    parts = "the best of today's parts"
    result.compare(f"{against} the script everybody writes", script.rate.median, ours.rate.median, 400)
    result.compare(f"{against} {parts}, one process", best_one.rate.median, ours.rate.median)
    result.compare(f"{against} {parts}, two processes", best_two.rate.median, ours.rate.median, 20)
    for name, other in (("the script everybody writes", script), (parts, best_two)):
        result.compare(f"{against} {name}, in processor time", ours.processor.median, other.processor.median)
    result.notes.append(
        "processor time is that of all processes; other programs disturb it less. Agreegen's holds the start "
        "of its processes, that of the best parts does not"
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """The figures of one way to make pledges."""

    rate: Figure
    processor: Figure


def _measure_batch(setting: Setting, result: Result) -> _Way | None:
    """Measure the batch; its rows are so many that a run takes some fifteen seconds."""
    try:
        probe = run_batch(write_job(setting.folder / "probe", setting.pki, _PROBE_ROWS), workers=WORKERS)
        # The probe is short, so starting the workers weighs on its rate: twice as many rows fill the time.
        rows = max(_LEAST_ROWS, min(_MOST_ROWS, int(2 * probe.rate * _SECONDS_A_RUN) // 100 * 100))
        rows = setting.count(rows, _LEAST_ROWS)
        runs = []
        for number in range(setting.count(5, 1)):
            folder = setting.folder / f"pledges-run-{number}"
            runs.append(run_batch(write_job(folder, setting.pki, rows), workers=WORKERS))
            shutil.rmtree(folder)
    except (AgreegenError, OSError, RuntimeError) as exc:
        result.missing("agreegen batch run", exc)
        return None
    engine = setting.pledges(1)[0].document.engine
    result.notes.append(f"agreegen made the pages with the engine `{engine}`")
    least = statistics.median(one.processor_ms_a_document for one in runs)
    cores = len(os.sched_getaffinity(0))
    result.notes.append(
        f"extrapolated, not measured: {cores} cores with nothing else to do have processor time for "
        f"{cores * 1000 / least:,.0f} documents/s of agreegen"
    )
    name, note = "agreegen batch run", f"{WORKERS} workers, {rows} rows a run"
    processor = [one.processor_ms_a_document for one in runs]
    return _Way(
        result.add(name, "documents/s", [one.rate for one in runs], note),
        result.add(f"{name}, processor time a document", "ms", processor),
    )


def _measure_others(setting: Setting, result: Result) -> tuple[_Way, _Way, _Way]:
    key = Pkcs12.from_credential(setting.pki.credential("unit-seal"))
    documents = pledge_documents(setting.folder, setting.count(40, 8))
    script = Script(setting.folder / "script", key)
    script.make(documents[0])
    some = documents[: setting.count(12, 3)]
    before = processor_seconds()
    rates = [1000 / time_ms(partial(script.make, document)) for document in some]
    used = [1000 * (processor_seconds() - before) / len(some)]
    name = "the script everybody writes: docxtpl, `soffice --convert-to` a file, pyHanko `SimpleSigner`"
    note = "one process, no read-back, no register, no fsync"
    alone = _Way(
        result.add(name, "documents/s", rates, note),
        result.add("the script everybody writes, processor time a document", "ms", used),
    )
    best = [_measure_best_parts(setting, result, key, documents, count) for count in (1, WORKERS)]
    return alone, best[0], best[1]


def _measure_best_parts(
    setting: Setting, result: Result, key: Pkcs12, documents: Sequence[Document], processes: int
) -> _Way:
    rates, used = [], []
    start = processor_seconds()
    rate_of_best_parts(setting.folder, key, documents[:processes], processes)
    start = processor_seconds() - start  # starting the offices is not held against this way
    for _ in range(setting.count(3, 1)):
        before = processor_seconds()
        rates.append(rate_of_best_parts(setting.folder, key, documents, processes))
        seconds = processor_seconds() - before - start
        used.append(1000 * seconds / (len(documents) - processes))
    count = f"{processes} process{'es' if processes > 1 else ''}"
    name = "the best of today's parts: docxtpl, UNO kept open, pyHanko with key and room kept"
    return _Way(
        result.add(name, "documents/s", rates, f"{count}, no read-back, no register, no fsync"),
        result.add(f"the best of today's parts, {count}, processor time a document", "ms", used),
    )
