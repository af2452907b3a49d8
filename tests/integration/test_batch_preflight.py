"""What `batch check` finds before anything is written: credentials, people, pages, disks."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from agreegen.batch.checking.disk_room import document_bytes
from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import Job, JobCheck, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as run_program
from agreegen.errors import RegisterError
from agreegen.example_pki.maker import make_example_pki
from agreegen.model.complaint import Severity
from agreegen.model.document import build_document
from agreegen.packaged_data import data_folder
from agreegen.pipeline.making import DocumentMaker
from agreegen.signing.credentials import key_files as keyfiles
from tests.integration.batch_support import PEOPLE, clock, make_pki, write_job

OWN = '  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}\n'
ALONE = RunSettings(workers=1)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("preflight") / "pki")


def texts(check: JobCheck, severity: Severity) -> list[str]:
    return [str(complaint) for complaint in check.complaints if complaint.severity is severity]


def test_people_without_a_credential_take_one_line(tmp_path: Path, pki: Path) -> None:
    rows = [*PEOPLE, *(f"N{number:03d},张三丰,,某市普查办,否" for number in range(30))]
    check = check_job(write_job(tmp_path, pki, rows, more=OWN), now=clock(), samples=False)
    assert check.errors == 0
    [line] = [text for text in texts(check, Severity.WARNING) if "no credential" in text]
    assert "30 of 33 people" in line
    assert "rows 5, 6, 7," in line
    assert "…" in line


def test_people_who_must_have_a_credential_are_named_by_row(tmp_path: Path, pki: Path) -> None:
    rows = [*PEOPLE, "N001,张三,,某市普查办,否", "N002,李四,,某市普查办,否"]
    must = OWN.replace(", missing: leave-open", "")
    check = check_job(write_job(tmp_path, pki, rows, more=must), now=clock(), samples=False)
    missing = [found for found in check.complaints if "no credential" in str(found.problem)]
    assert [found.location.row for found in missing] == [5, 6]
    assert check.errors == 2


def test_a_persons_own_credential_is_opened_and_tried(tmp_path: Path, pki: Path) -> None:
    copy = tmp_path / "pki"
    shutil.copytree(pki, copy)
    passphrase = next((copy / "credentials").rglob("T002*.pass"))
    passphrase.write_text("wrong", "utf-8")
    check = check_job(write_job(tmp_path, copy, more=OWN), now=clock(), samples=False)
    [complaint] = [found for found in check.complaints if found.severity is Severity.ERROR]
    assert complaint.location.row == 3
    assert "T002" in str(complaint.problem)


def test_a_certificate_must_last_as_long_as_the_job(tmp_path: Path) -> None:
    made = clock() - timedelta(days=3 * 365)
    old = tmp_path / "old"
    make_example_pki(old, now=made, key_bits=2048, people=[])
    check = check_job(write_job(tmp_path, old), now=clock(), samples=False)
    assert any("expire" in text for text in texts(check, Severity.ERROR))


def test_a_key_that_does_not_belong_to_its_certificate_fails_the_trial(
    tmp_path: Path, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[bytes] = []

    def sign(self: object, message: bytes) -> bytes:
        signed.append(message)
        return bytes(256)

    monkeypatch.setattr(keyfiles.FileSigner, "sign", sign)
    check = check_job(write_job(tmp_path, pki), now=clock(), samples=False)
    assert any("does not belong to the certificate" in text for text in texts(check, Severity.ERROR))
    assert len(signed) == 1
    assert signed[0].startswith(b"agreegen credential check, signs nothing")


def test_values_that_need_libreoffice_are_named_where_there_is_none(
    tmp_path: Path, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = write_job(tmp_path, pki, [*PEOPLE, "T004,Иван Петров,,某市普查办,否"])
    monkeypatch.setenv("PATH", str(tmp_path))
    check = check_job(job, now=clock(), samples=False)
    [complaint] = [found for found in check.complaints if found.severity is Severity.ERROR]
    assert complaint.location.row == 5
    assert "LibreOffice" in str(complaint) or "soffice" in str(complaint)


def copied_form(folder: Path) -> Path:
    forms = folder / "forms"
    shutil.copytree(data_folder("forms"), forms)
    (forms / "approved.yaml").unlink()  # an office's own folder: what it edits differs from no release
    return forms


def with_forms(job: Job, forms: Path) -> Job:
    return read_job(job.path, forms_folder=forms)


def edit_form(forms: Path) -> None:
    path = forms / "personal-pledge/form.yaml"
    path.write_text(path.read_text("utf-8") + "\n# edited\n", "utf-8")


def test_a_stale_compiled_form_is_told_and_not_used(tmp_path: Path, pki: Path) -> None:
    forms = copied_form(tmp_path)
    edit_form(forms)
    job = with_forms(write_job(tmp_path, pki), forms)
    check = check_job(job, now=clock(), samples=False)
    assert check.errors == 0
    [line] = [text for text in texts(check, Severity.WARNING) if "is stale" in text]
    assert "form.yaml changed since" in line
    assert "agreegen forms compile" in line
    summary = run_job(job, ALONE)
    assert any("is stale" in str(warning) for warning in summary.warnings)


def test_a_stale_compiled_form_without_libreoffice_is_one_error(
    tmp_path: Path, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = copied_form(tmp_path)
    edit_form(forms)
    job = with_forms(write_job(tmp_path, pki), forms)
    monkeypatch.setenv("PATH", str(tmp_path))
    check = check_job(job, now=clock())
    assert check.errors == 1
    assert check.samples == ()


def test_a_damaged_compiled_form_is_one_error(tmp_path: Path, pki: Path) -> None:
    forms = copied_form(tmp_path)
    base = forms / "personal-pledge/compiled.pdf"
    base.write_bytes(base.read_bytes().replace(b"/Page", b"/Pagf", 1))
    check = check_job(with_forms(write_job(tmp_path, pki), forms), now=clock())
    [text] = texts(check, Severity.ERROR)
    assert "damaged" in text


def test_a_disk_without_room_is_told(tmp_path: Path, pki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    check = check_job(write_job(tmp_path, pki), now=clock(), samples=False)
    assert any("MiB are needed" in text for text in texts(check, Severity.ERROR))


def test_the_room_asked_for_is_what_a_run_takes(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, [f"T{number:03},王秀英,,某市普查办,否" for number in range(30)])
    with DocumentMaker(job.form) as maker:
        document = build_document(job.form, {"pledger_name": "王秀英"}, register_secret=b"0" * 32)
        each = document_bytes(job, maker, document)
    run_job(job, RunSettings(workers=1))
    taken = sum(path.stat().st_blocks * 512 for path in job.output.rglob("*") if path.is_file())
    assert taken < 30 * each * 1.1
    assert 30 * each < taken * 1.3


ONLY_OWN = """form: personal-pledge
roster: {file: people.csv}
defaults: {pledge_date: 2018-05-10}
output: out
relax_order: true
signatures:
  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml"}
trust: [pki/trust/]
"""


def test_a_job_in_which_nothing_signs_the_register_is_refused(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki)
    job.path.write_text(ONLY_OWN, "utf-8")
    job = read_job(job.path)
    assert any("register_credential" in text for text in texts(check_job(job, now=clock()), Severity.ERROR))
    with pytest.raises(RegisterError, match="no credential of the job signs the register"):
        run_job(job, ALONE)
    assert not job.register_file.exists()


def test_a_register_that_nobody_signed_is_told(
    tmp_path: Path, pki: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = write_job(tmp_path, pki)
    job.path.write_text(ONLY_OWN.split("signatures:", maxsplit=1)[0] + "signatures: []\n", "utf-8")
    job = read_job(job.path)
    run_job(job, ALONE)
    verify = ["register", "verify", "--register", str(job.register_file)]
    assert run_program(verify) == 0
    assert "no head of it is signed" in capsys.readouterr().err
    assert run_program([*verify, "--trust", str(pki / "trust"), "--json"]) == 1
    assert '"code": "unsigned"' in capsys.readouterr().out


def test_a_register_credential_signs_it(
    tmp_path: Path, pki: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = write_job(tmp_path, pki)
    job.path.write_text(ONLY_OWN + "register_credential: pki/credentials/archive-seal.yaml\n", "utf-8")
    job = read_job(job.path)
    assert check_job(job, now=clock()).errors == 0
    summary = run_job(job, ALONE)
    assert not any("register_credential" in str(warning) for warning in summary.warnings)
    verify = ["register", "verify", "--register", str(job.register_file), "--trust", str(pki / "trust")]
    assert run_program(verify) == 0
    assert "signed head" not in capsys.readouterr().err
