"""What people's own credentials do to a batch: one broken file is one failed row, and check foresees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from tests.integration.batch_support import clock, make_pki, write_job

PEOPLE_SIGN = """  - role: pledger
    credential: "pki/credentials/people/{staff_no}.yaml"
    missing: leave-open
"""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("pki"))


def copy_of(pki: Path, folder: Path) -> Path:
    return Path(shutil.copytree(pki, folder))


def test_a_comment_with_a_word_in_it_stops_no_batch(pki: Path, tmp_path: Path) -> None:
    own = copy_of(pki, tmp_path / "own")
    file = own / "credentials/people/T002.yaml"
    text = file.read_text("utf-8").replace("key:", "key: no-such-").replace("file:", "file: no-such-")
    file.write_text("# was pkcs11 before, now a file\n" + text, "utf-8")
    job = write_job(tmp_path / "job", own, more=PEOPLE_SIGN)
    summary = run_job(job, RunSettings(workers=1))
    assert (summary.done, summary.failed) == (2, 1), "one person's broken file is one failed row"


def complaints_of(job_file: Path) -> list[str]:
    return [str(c) for c in check_job(read_job(job_file), now=clock(), samples=False).complaints]


def test_another_persons_key_is_found_before_the_run(pki: Path, tmp_path: Path) -> None:
    own = copy_of(pki, tmp_path / "own")
    people = own / "credentials/people"
    (people / "T001.yaml").write_text((people / "T002.yaml").read_text("utf-8"), "utf-8")
    job = write_job(tmp_path / "job", own, more=PEOPLE_SIGN)
    found = [text for text in complaints_of(job.path) if "another holder" in text]
    assert len(found) == 1
    assert "王秀英" in found[0]
    assert "row 2" in found[0]
    assert run_job(job, RunSettings(workers=1)).failed == 1, "and the run fails at just that row"


def test_a_credential_that_all_rows_share_must_name_each_holder(pki: Path, tmp_path: Path) -> None:
    shared = "  - {role: pledger, credential: pki/credentials/people/T001.yaml}\n"
    job = write_job(tmp_path / "job", pki, more=shared)
    found = [text for text in complaints_of(job.path) if "another holder" in text]
    assert len(found) == 2
    assert run_job(job, RunSettings(workers=1)).failed == 2


AGREEMENTS = """乙方名称,工作组名称,工作内容,保密资料,协议编号,乙方代表人,甲方代表人
某市环境监测技术有限公司,数据处理,数据录入,普查表；名录,12,李敏,王建国
某县环境检测有限公司,数据处理,数据录入,普查表,13,赵云,王建国
"""
AGREEMENT_JOB = """form: confidentiality-agreement
roster: units.csv
defaults: {party_a_name: 某市第二次全国污染源普查领导小组办公室}
output: out
signatures:
  - {role: party_a_representative, credential: pki/credentials/party-a-representative.yaml}
trust: [pki/trust/]
"""


def test_a_wrong_order_of_roles_is_one_complaint(pki: Path, tmp_path: Path) -> None:
    (tmp_path / "pki").symlink_to(pki)
    (tmp_path / "units.csv").write_text(AGREEMENTS, "utf-8")
    job_file = tmp_path / "job.yaml"
    job_file.write_text(AGREEMENT_JOB, "utf-8")
    found = [text for text in complaints_of(job_file) if "not the turn" in text]
    assert len(found) == 1
    assert "2 rows (2, 3)" in found[0]
    job_file.write_text(AGREEMENT_JOB + "relax_order: true\n", "utf-8")
    assert not [text for text in complaints_of(job_file) if "not the turn" in text]


def test_what_has_signed_already_counts_for_the_order(pki: Path, tmp_path: Path) -> None:
    job = write_job(tmp_path / "job", pki)
    assert run_job(job, RunSettings(workers=1)).done == 3
    job.path.write_text(
        job.path.read_text("utf-8").replace(
            "role: unit, credential: pki/credentials/unit-seal.yaml",
            'role: pledger, missing: leave-open, credential: "pki/credentials/people/{staff_no}.yaml"',
        ),
        "utf-8",
    )
    assert not [text for text in complaints_of(job.path) if text.startswith("error")]
