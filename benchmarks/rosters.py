"""Rosters: rows read, typed and checked a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from agreegen.rosters.roster import open_roster
from benchmarks.measure import Result
from benchmarks.samples import PLEDGE_DATE, pledge_form, write_csv_roster, write_xlsx_roster
from benchmarks.setting import Setting

TITLE = "Rosters (rows read twice, typed and checked)"


def run(setting: Setting, result: Result) -> None:
    """Read the same rows from CSV and XLSX."""
    rows = setting.count(20_000, 2_000)
    form = pledge_form()
    writers: dict[str, Callable[[Path, int], None]] = {"csv": write_csv_roster, "xlsx": write_xlsx_roster}
    for suffix, write in writers.items():
        path = setting.folder / f"roster-rate.{suffix}"
        write(path, rows)
        rates = []
        for _ in range(setting.count(5, 2)):
            started = time.perf_counter()
            roster = open_roster(path, form, defaults={"pledge_date": PLEDGE_DATE})
            good = sum(1 for row in roster.rows() if not row.failed)
            rates.append(rows / (time.perf_counter() - started))
            if good != rows:
                raise RuntimeError(f"{rows - good} rows of the sample roster failed")
        result.add(f"{suffix.upper()} roster, {rows:,} rows", "rows/s", rates)
