"""Pledges end to end: row → PDF/A → RSA-3072 B-B → read-back → disk → register, with two workers."""

from __future__ import annotations

import shutil
from functools import partial

from agreegen.errors import AgreegenError
from benchmarks.batches import run_batch, write_job
from benchmarks.everybody import Script, rate_of_best_parts
from benchmarks.measure import Figure, Result, time_ms
from benchmarks.samples import pledge_documents
from benchmarks.setting import Setting
from benchmarks.stock import Pkcs12

TITLE = "Pledges end to end (row → PDF/A → RSA-3072 B-B → read-back → disk → register)"
WORKERS = 2
_PROBE_ROWS, _LEAST_ROWS = 300, 500
_SECONDS_A_RUN = 15.0
_MOST_ROWS = 5_000


def run(setting: Setting, result: Result) -> None:
    """Measure `agreegen batch run`, the script everybody writes, and the best of today's parts."""
    ours = measure_batch(setting, result)
    try:
        script, best_one, best_two = _measure_others(setting, result)
    except (AgreegenError, OSError, RuntimeError) as exc:
        result.missing("the comparison without agreegen", exc)
        return
    if ours is None:
        return
    result.compare("agreegen against the script everybody writes", script.median, ours.median, 400)
    result.compare(
        "agreegen against the best of today's parts, one process", best_one.median, ours.median, 20
    )
    result.compare("agreegen against the best of today's parts, two processes", best_two.median, ours.median)


def measure_batch(setting: Setting, result: Result) -> Figure | None:
    """Measure the batch; its rows are so many that a run takes some fifteen seconds."""
    try:
        probe = run_batch(write_job(setting.folder / "probe", setting.pki, _PROBE_ROWS), workers=WORKERS)
        # The probe is short, so starting the workers weighs on its rate: twice as many rows fill the time.
        rows = max(_LEAST_ROWS, min(_MOST_ROWS, int(2 * probe.rate * _SECONDS_A_RUN) // 100 * 100))
        rows = setting.count(rows, _LEAST_ROWS)
        rates = []
        for number in range(setting.count(5, 1)):
            folder = setting.folder / f"pledges-run-{number}"
            rates.append(run_batch(write_job(folder, setting.pki, rows), workers=WORKERS).rate)
            shutil.rmtree(folder)
    except (AgreegenError, OSError, RuntimeError) as exc:
        result.missing("agreegen batch run", exc)
        return None
    engine = setting.pledges(1)[0].document.engine
    result.notes.append(f"agreegen made the pages with the engine `{engine}`")
    return result.add("agreegen batch run", "documents/s", rates, f"{WORKERS} workers, {rows} rows a run")


def _measure_others(setting: Setting, result: Result) -> tuple[Figure, Figure, Figure]:
    key = Pkcs12.from_credential(setting.pki.credential("unit-seal"))
    documents = pledge_documents(setting.folder, setting.count(40, 8))
    script = Script(setting.folder / "script", key)
    script.make(documents[0])
    some = documents[: setting.count(12, 3)]
    rates = [1000 / time_ms(partial(script.make, document)) for document in some]
    alone = result.add(
        "the script everybody writes: docxtpl, `soffice --convert-to` a file, pyHanko `SimpleSigner`",
        "documents/s",
        rates,
        "one process, no read-back, no register, no fsync",
    )
    figures = [
        result.add(
            "the best of today's parts: docxtpl, UNO kept open, pyHanko with key and room kept",
            "documents/s",
            [
                rate_of_best_parts(setting.folder, key, documents, processes)
                for _ in range(setting.count(3, 1))
            ],
            f"{processes} process{'es' if processes > 1 else ''}, no read-back, no register, no fsync",
        )
        for processes in (1, WORKERS)
    ]
    return alone, figures[0], figures[1]
