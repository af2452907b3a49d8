"""Who has signed: every row once, one count everywhere, on the screen, as JSON, as a workbook, later."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PIL import Image

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.status import job_status
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from tests.integration.batch_support import clock, make_pki, write_job, write_roster

ALONE = RunSettings(workers=1)
ROWS = [
    "T001,王秀英,,某市普查办,否",
    "T002,阿卜杜热合曼·买买提,,某市普查办,是",
    "T003,欧阳修,,某县普查办,否",
    "T004,赵六,,某县普查办,否",
    "T005,,,某县普查办,否",
    "T006,钱七,,某县普查办,否",
    "T006,孙八,,某县普查办,否",
]
PERSONS = """  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}
register_credential: pki/credentials/archive-seal.yaml
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Seven rows: three sign with certificates, one is made, one has no name, two share a number."""
    folder = tmp_path_factory.mktemp("coverage")
    job = write_job(folder, make_pki(folder / "pki"), ROWS, more=PERSONS)
    summary = run_job(job, ALONE)
    assert (summary.done, summary.failed, summary.left_open) == (4, 3, 4)
    return job


def coverage(capsys: pytest.CaptureFixture[str], *line: object) -> tuple[int, Any]:
    capsys.readouterr()
    code = agreegen(["register", "coverage", *(str(part) for part in line), "--json"])
    return code, json.loads(capsys.readouterr().out)


def states(told: Any) -> dict[Any, str]:
    return {person["row"] or person["staff_no"]: person["state"] for person in told["people"]}


def test_every_row_stands_there_once_and_all_counts_agree(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = coverage(capsys, "--job", job.path)
    assert code == 1
    assert states(told) == {
        2: "signed",
        3: "signed",
        4: "signed",
        5: "made",
        6: "unusable",
        7: "duplicate",
        8: "duplicate",
    }
    assert "B6" in told["people"][4]["reason"]
    assert (told["summary"]["rows"], told["summary"]["signed"], told["summary"]["open"]) == (7, 3, 4)
    assert told["people"][0]["how"] == "certificate"
    assert told["people"][0]["roles"] == [{"role": "pledger", "how": "certificate"}]
    totals = job_status(job).totals
    assert totals is not None
    report = json.loads((job.output / "report.json").read_text())
    assert totals.open == report["left_open"] == told["summary"]["open"]
    line = ("--register", job.register_file, "--roster", job.roster.file)
    assert coverage(capsys, *line)[1]["people"] == told["people"]


def test_the_same_numbers_with_other_names_are_other_people(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_roster(tmp_path, ["T001,李一,,甲,否", "T002,李二,,甲,否", "T003,李三,,甲,否"])
    code, told = coverage(capsys, "--register", job.register_file, "--roster", other)
    assert code == 1
    assert set(states(told).values()) == {"name-differs", "left"}
    assert told["summary"]["signed"] == 0


def test_several_registers(job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = write_job(tmp_path, job.path.parent / "pki", ["T004,赵六,,某县普查办,否"], more=PERSONS)
    run_job(other, ALONE)
    scan = tmp_path / "scan.png"
    Image.new("1", (60, 80), 1).save(scan)
    line = ["register", "add-paper", "--register", str(other.register_file), "--staff-no", "T004"]
    assert agreegen([*line, "--scan", str(scan), "--by", "王主任"]) == 0
    both = ("--register", job.register_file, "--register", other.register_file)
    (tmp_path / "both").mkdir()
    roster = write_roster(tmp_path / "both", ROWS[:4])
    code, told = coverage(capsys, *both, "--roster", roster)
    assert code == 0
    assert [person["how"] for person in told["people"]] == ["certificate"] * 3 + ["paper"]


def test_as_it_was(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    yesterday = (clock() - timedelta(days=1)).date().isoformat()
    assert states(coverage(capsys, "--job", job.path, "--at", yesterday)[1])[2] == "no-document"
    now = clock().isoformat()
    with Register.open(job.register_file) as register:
        row = register.current("staff:T004")
        assert row is not None
        later = clock() + timedelta(hours=2)
        register.record(EventDraft(EventKind.PRINTED, row.registration.id), now=later)
    assert states(coverage(capsys, "--job", job.path)[1])[5] == "printed"
    assert states(coverage(capsys, "--job", job.path, "--at", now)[1])[5] == "made"
    assert agreegen(["register", "coverage", "--job", str(job.path), "--at", "soon"]) == 2


def test_the_list_to_be_sent_out(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "未签名单.xlsx"
    line = ["register", "coverage", "--job", str(job.path), "--xlsx", str(path)]
    assert agreegen(line) == 1
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["某县普查办"]
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["F"].width > 40
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[2] for row in rows[1:]] == ["赵六", None, "钱七", "孙八"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert agreegen(line) == 2, "nothing is overwritten"
    assert agreegen([*line[:-1], str(job.roster.file), "--force"]) == 2, "nor is an input"
