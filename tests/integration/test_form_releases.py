"""A job stays with the release of its form that its register holds, until the job file says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.register.store import Register
from tests.integration.batch_support import clock

pytestmark = pytest.mark.libreoffice

_JOB = """form: {form}
roster: {{file: units.csv}}
defaults: {{party_a_name: 豫州市第二次全国污染源普查领导小组办公室}}
output: out
signatures: []
"""
_ROSTER = """协议编号,承担单位,工作组名称,工作内容,保密资料
2018-001,豫州市绿源环境监测有限公司,豫州市普查入户调查,工业污染源入户调查,普查名录库；原始填报数据
"""


def _job(folder: Path, form: str) -> Job:
    (folder / "units.csv").write_text(_ROSTER, "utf-8")
    (folder / "job.yaml").write_text(_JOB.format(form=form), "utf-8")
    return read_job(folder / "job.yaml")


def _versions(job: Job) -> list[str]:
    with Register.open(job.register_file, read_only=True) as register:
        return sorted(
            document.registration.form_version for document in register.documents() if document.in_force
        )


def test_a_job_changes_the_release_only_by_name(tmp_path: Path) -> None:
    assert run_job(_job(tmp_path, "confidentiality-agreement@1.0"), RunSettings(workers=1)).done == 1
    job = _job(tmp_path, "confidentiality-agreement")
    assert job.form.version == "1.0"
    check = check_job(job, now=clock(), samples=False)
    assert [text for text in map(str, check.complaints) if "goes on with that" in text]
    summary = run_job(job, RunSettings(workers=1))
    assert (summary.done, summary.already_done) == (0, 1)
    assert [text for text in map(str, summary.warnings) if "confidentiality-agreement@1.1" in text]
    moved = _job(tmp_path, "confidentiality-agreement@1.1")
    assert moved.form.version == "1.1"
    assert check_job(moved, now=clock(), samples=False).replaced["documents"] == 1
    assert run_job(moved, RunSettings(workers=1)).done == 1
    assert _versions(moved) == ["1.1"]
    again = _job(tmp_path, "confidentiality-agreement")
    assert (again.form.version, again.notes) == ("1.1", ())
    assert run_job(again, RunSettings(workers=1)).already_done == 1


def test_a_new_output_takes_the_current_release(tmp_path: Path) -> None:
    assert _job(tmp_path, "confidentiality-agreement").form.version == "1.1"
