"""Scale: time a document and memory of each process at 1,000, 10,000 and 100,000 rows."""

from __future__ import annotations

import shutil

from benchmarks.batches import run_batch, write_job
from benchmarks.measure import Result
from benchmarks.setting import Setting

TITLE = "Scale (pledges as above, two workers)"
WORKERS = 2
_USUAL, _QUICK, _LARGEST = (1_000, 10_000), (100, 300), 100_000
_MOST_SECONDS = 420.0
_MEMORY_GOAL_MB = 400


def run(setting: Setting, result: Result) -> None:
    """Run a job of each size once; a size that would take too long at the rate so far is left out."""
    sizes: tuple[int, ...] = _QUICK if setting.quick else _USUAL
    if setting.full:
        sizes = (*sizes, _LARGEST)
    times: dict[int, float] = {}
    peaks: dict[int, float] = {}
    for rows in sizes:
        expected_s = rows * times[max(times)] / 1000 if times else 0.0
        if expected_s > _MOST_SECONDS and rows != _LARGEST:
            result.missing(f"{rows:,} rows", f"would take {expected_s:.0f} s at the rate of fewer rows")
            continue
        folder = setting.folder / f"scale-{rows}"
        try:
            done = run_batch(write_job(folder, setting.pki, rows), workers=WORKERS)
        except (OSError, RuntimeError) as exc:
            result.missing(f"{rows:,} rows", exc)
            continue
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        result.add(f"{rows:,} rows, wall time a document", "ms", [done.ms_a_document])
        result.add(f"{rows:,} rows, processor time a document", "ms", [done.processor_ms_a_document])
        for kind, values in sorted(done.peaks_mb.items()):
            result.add(f"{rows:,} rows, peak memory of each {kind}", "MB", values)
        times[rows] = done.ms_a_document
        peaks[rows] = max(
            peak for kind, values in done.peaks_mb.items() if kind != "office" for peak in values
        )
        result.compare(f"{rows:,} rows: peak memory in MB", 1, peaks[rows], _MEMORY_GOAL_MB, at_most=True)
    if len(times) > 1:
        smallest, largest = min(times), max(times)
        of = f"{largest:,} rows against {smallest:,}"
        result.compare(f"time a document, {of}", times[smallest], times[largest], 1.15, at_most=True)
        result.compare(f"peak memory, {of}", peaks[smallest], peaks[largest])
    result.notes.append("peak memory is the kernel's high-water mark of the resident set (VmHWM)")
