"""Rows mended in `failed-rows`: later commands know these people, though the roster is as it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import Job, RunSettings, RunSummary
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.register.audit.service import verify_register
from agreegen.register.store import Register
from tests.integration.batch_support import clock, documents_of, make_pki, write_job, write_roster

BAD_ID = "110105194912310021"
ROWS = ["T001,王秀英,11010519491231002X,某市普查办,否", f"T002,欧阳修,{BAD_ID},某县普查办,否"]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("pki"))


def mend(job: Job, old: str, new: str) -> Path:
    """Correct `failed-rows.csv` as a clerk does."""
    path = job.output / "failed-rows.csv"
    text = path.read_text("utf-8-sig")
    assert old in text
    mended = job.output / "mended.csv"
    mended.write_text(text.replace(old, new), "utf-8")
    return mended


def run_mended(job: Job, old: str, new: str) -> RunSummary:
    return run_job(job, RunSettings(workers=1, roster=mend(job, old, new)))


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Path:
    job = write_job(tmp_path_factory.mktemp("mended") / "job", pki, ROWS)
    first = run_job(job, RunSettings(workers=1))
    assert (first.done, first.failed) == (1, 1)
    again = run_mended(job, f",{BAD_ID},", ",,")
    assert (again.done, again.failed) == (1, 0)
    return job.path.parent


@pytest.fixture
def mended_job(mended: Path, tmp_path: Path) -> Job:
    """A copy of a job whose second row failed, was mended and run."""
    shutil.copytree(mended, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def test_the_next_plain_run_knows_the_mended_row(mended_job: Job) -> None:
    summary = run_job(mended_job, RunSettings(workers=1))
    assert (summary.done, summary.already_done, summary.failed) == (0, 2, 0)
    assert any("old cells of 1 mended rows (rows 3)" in str(text) for text in summary.warnings)
    told = [str(c) for c in check_job(mended_job, now=clock(), samples=False).complaints]
    assert any("old cells" in text and "row 3" in text for text in told)
    assert not any(c.startswith("error") for c in told)
    audit = verify_register(mended_job.register_file, files_root=mended_job.output)
    assert not audit.problems


def test_coverage_and_print_know_the_mended_row(mended_job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    line = ["register", "coverage", "--register", str(mended_job.register_file), "--json"]
    agreegen([*line, "--roster", str(mended_job.roster.file)])
    told = json.loads(capsys.readouterr().out)
    person = told["people"][1]
    assert (person["staff_no"], person["name"]) == ("T002", "欧阳修")
    assert person["document"] is not None
    assert "old cell" in person["reason"]
    assert told["summary"]["left"] == 0
    out = mended_job.output / "print.pdf"
    assert agreegen(["batch", "print", str(mended_job.path), "-o", str(out)]) == 0


def test_the_roster_counts_again_once_it_is_corrected(mended_job: Job) -> None:
    write_roster(mended_job.path.parent, [ROWS[0], "T002,欧阳询,,某县普查办,否"])
    summary = run_job(mended_job, RunSettings(workers=1))
    assert (summary.done, summary.superseded) == (1, 1)
    assert not any("old cells" in str(text) for text in summary.warnings)


def test_a_corrected_name_is_not_taken_back(pki: Path, tmp_path: Path) -> None:
    """The roster's old name reads well; without memory the next run would replace the corrected document."""
    job = write_job(tmp_path / "job", pki, [ROWS[0], "T002,欧阳\ue000,,某县普查办,否"])
    assert run_job(job, RunSettings(workers=1)).failed == 1
    assert run_mended(job, "欧阳\ue000", "欧阳修").done == 1
    before = {path: path.read_bytes() for path in documents_of(job)}
    assert run_job(job, RunSettings(workers=1)).already_done == 2
    assert {path: path.read_bytes() for path in documents_of(job)} == before


def test_a_doubled_number_given_to_somebody_who_has_one_is_refused(pki: Path, tmp_path: Path) -> None:
    rows = [ROWS[0], "T007,欧阳修,,某县普查办,否", "T007,赵云,,某县普查办,否"]
    job = write_job(tmp_path / "job", pki, rows)
    assert run_job(job, RunSettings(workers=1)).failed == 2
    kept = documents_of(job)[0].read_bytes()
    summary = run_mended(job, "T007,赵云", "T001,赵云")
    assert (summary.done, summary.failed) == (1, 1)
    assert "王秀英" in (job.output / "failed-rows.csv").read_text("utf-8-sig")
    assert documents_of(job)[0].read_bytes() == kept, "nobody else's document is replaced"


def test_a_mended_row_that_was_run_twice_is_remembered_once(mended_job: Job) -> None:
    assert (
        run_job(mended_job, RunSettings(workers=1, roster=mended_job.output / "mended.csv")).already_done == 1
    )
    with Register.open(mended_job.register_file, read_only=True) as register:
        assert len({str(facts["row"]) for facts in register.mended_rows()}) == 1


def test_a_job_whose_own_roster_cannot_be_read_still_runs_another_one(pki: Path, tmp_path: Path) -> None:
    job = write_job(tmp_path / "job", pki, ROWS[:1])
    (tmp_path / "other.csv").write_text(job.roster.file.read_text("utf-8"), "utf-8")
    job.roster.file.write_bytes(b"%PDF-1.7")
    summary = run_job(job, RunSettings(workers=1, roster=tmp_path / "other.csv"))
    assert summary.done == 1
    assert any("not remembered" in str(text) for text in summary.warnings)
