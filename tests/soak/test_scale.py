"""A nation's roster through the plan: what stays in memory grows by some bytes a row, and by no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

FEW, MANY = 100_000, 1_000_000
NATION = 7_000_000
LIMIT_MB = 1_000

_CHILD = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from agreegen.batch.job.job_file import read_job
from agreegen.batch.interface import RunSettings
from agreegen.batch.job.job_roster import open_run_roster
from agreegen.batch.planning.document_paths import PathGiver, take_inventory
from agreegen.batch.planning.planner import Planner
from agreegen.register.store import Register

job = read_job(Path(sys.argv[1]))
job.output.mkdir()
with Register.open(job.register_file, create=True, now=datetime.now(UTC)) as register:
    roster = open_run_roster(job, RunSettings())
    inventory = take_inventory(job.output, register)
    paths = PathGiver(job, register, inventory)
    planner = Planner(job, register, paths, {})
    for number, row in enumerate(roster.rows(), 1):
        task = planner.plan(row)
        paths.release(task.registration.path)
    assert number == roster.count
print(number, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""

_JOB = """form: personal-pledge
roster: {file: people.csv}
defaults: {pledge_date: 2018-05-10}
output: out
signatures: []
"""


def _peak_mb(folder: Path, rows: int) -> float:
    """Plan a roster with staff and ID numbers in a process of its own; return its peak memory."""
    folder.mkdir()
    with (folder / "people.csv").open("w", encoding="utf-8") as file:
        file.write("编号,姓名,身份证号\n")
        file.writelines(f"N{number:08},王秀英,{_id_number(number)}\n" for number in range(rows))
    (folder / "job.yaml").write_text(_JOB, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(folder / "job.yaml")], check=True, capture_output=True, text=True
    )
    count, peak = done.stdout.split()
    assert int(count) == rows
    return float(peak)


def _id_number(number: int) -> str:
    """Return an invented ID number with its check digit (GB 11643-1999); all are different."""
    days, order = divmod(number, 1_000)
    years, day = divmod(days, 28 * 12)
    body = f"110105{1950 + years % 55:04}{day // 28 + 1:02}{day % 28 + 1:02}{order:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def test_seven_million_rows_need_less_than_a_gigabyte(tmp_path: Path) -> None:
    few, many = _peak_mb(tmp_path / "few", FEW), _peak_mb(tmp_path / "many", MANY)
    a_row = (many - few) / (MANY - FEW)
    print(f"{few:.0f} MB for {FEW:,} rows, {many:.0f} MB for {MANY:,}: {a_row * 1024 * 1024:.0f} bytes a row")
    assert many < LIMIT_MB
    assert few + a_row * (NATION - FEW) < LIMIT_MB
