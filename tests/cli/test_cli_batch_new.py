"""`agreegen batch new`: from a roster to a job that checks."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from agreegen.batch.job.job_file import read_job
from agreegen.example_pki.layout import ExamplePki
from tests.cli.conftest import SAMPLES, Agreegen
from tests.unit.forms.drafting.test_proposing import letter

PARTY_A = "party_a_name=豫州市第二次全国污染源普查领导小组办公室"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("enumerators.xlsx", "undertaking-units.xlsx"):
        shutil.copyfile(SAMPLES / name, tmp_path / name)
    return tmp_path


def test_a_roster_of_people_becomes_a_job_of_pledges(
    agreegen: Agreegen, pki: ExamplePki, folder: Path
) -> None:
    job_file = folder / "jobs" / "job.yaml"
    line = ("batch", "new", folder / "enumerators.xlsx", "-o", job_file, "--date", "2018-05-10")
    result = agreegen(*line, "--credential", pki.credential("unit-seal"), "--trust", pki.trust)
    assert result.code == 0, result.err + result.out
    job = read_job(job_file)
    assert job.form.id == "personal-pledge"
    assert job.defaults == {"pledge_date": "2018-05-10"}
    assert [signature.role for signature in job.signatures] == ["unit"]
    assert "#   姓 名 = 姓名 (pledger_name)" in job_file.read_text("utf-8")
    again = agreegen(*line)
    assert (again.code, "exists already" in again.err) == (2, True)


def test_the_header_says_which_form_it_is_and_what_is_missing(agreegen: Agreegen, folder: Path) -> None:
    job_file = folder / "job.yaml"
    line = ("batch", "new", folder / "undertaking-units.xlsx", "-o", job_file)
    missing = agreegen(*line)
    assert missing.code == 2
    assert "party_a_name" in missing.err
    assert not job_file.exists()
    assert agreegen(*line, "--default", PARTY_A).code == 0
    assert read_job(job_file).form.id == "confidentiality-agreement"
    text = job_file.read_text("utf-8")  # the office has one seal, whichever row it is
    assert '#   - {role: party_a_seal, credential: "credentials/party_a_seal.yaml"}\n' in text
    assert "\n# seam: {party_a_seal: credentials/party_a_seal.yaml}\n" in text
    assert agreegen(*line, "--force", "--default", "nothing=x").code == 2
    assert agreegen(*line, "--force", "--default", PARTY_A, "--form", "personal-pledge").code in {2, 3}


def test_the_office_does_not_sign_as_the_person(
    agreegen: Agreegen, pki: ExamplePki, folder: Path, tmp_path: Path
) -> None:
    """A form that only its person signs: the office's credential signs the register, and no document."""
    forms = ("--forms", tmp_path / "own-forms")
    document = letter(tmp_path / "责任书.docx", "姓名：____，职务：____", "承诺人（签字）：")
    begun = agreegen("forms", "new", "baomi-zerenshu", "--docx", document, "-o", tmp_path / "own-forms")
    assert begun.code == 0
    (tmp_path / "r.csv").write_text("编号,姓名,职务\nHN0001,张伟,科员\n", "utf-8")
    job_file = folder / "job.yaml"
    line = ("batch", "new", tmp_path / "r.csv", "-o", job_file, "--form", "baomi-zerenshu", *forms)
    sealed = ("--credential", pki.credential("archive-seal"), "--trust", pki.trust)
    result = agreegen(*line, *sealed)
    assert result.code == 0, result.err
    job = read_job(job_file, forms_folder=tmp_path / "own-forms")
    assert job.signatures == ()
    assert job.register_credential is not None
    assert job.register_credential.samefile(pki.credential("archive-seal"))
    assert agreegen(*line, *sealed, "--force", "--role", "signer_1", "--no-input").code == 3, (
        "as was asked for"
    )


def test_a_roster_that_fits_no_form(agreegen: Agreegen, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("颜色,大小\n红,大\n", "utf-8")
    assert agreegen("batch", "new", tmp_path / "r.csv", "-o", tmp_path / "job.yaml").code == 3
    assert not (tmp_path / "job.yaml").exists()


def test_at_a_terminal_what_is_missing_is_asked_for(
    agreegen: Agreegen, pki: ExamplePki, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    answers = ["", PARTY_A.partition("=")[2], "", str(pki.credential("party-a-seal"))]
    monkeypatch.setattr("sys.stdin", Terminal("\n".join(answers) + "\n"))
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _text: answers.pop(0))
    result = agreegen("batch", "new", folder / "undertaking-units.xlsx", "-o", folder / "job.yaml")
    assert result.code == 0, result.err + result.out
    job = read_job(folder / "job.yaml")
    assert job.defaults["party_a_name"].endswith("办公室")
    assert [signature.role for signature in job.signatures] == ["party_a_seal"]


def test_paths_with_spaces_and_quotes_read_back(agreegen: Agreegen, folder: Path) -> None:
    odd = folder / "名册 “一” #1: a.xlsx"
    shutil.copyfile(folder / "enumerators.xlsx", odd)
    assert agreegen("batch", "new", odd, "-o", folder / "job.yaml").code == 0
    assert read_job(folder / "job.yaml").roster.file.resolve() == odd.resolve()


def test_no_input_is_overwritten(agreegen: Agreegen, pki: ExamplePki, folder: Path) -> None:
    credential = folder / "seal.yaml"
    shutil.copyfile(pki.credential("unit-seal"), credential)
    before = credential.read_bytes()
    line = ("batch", "new", folder / "enumerators.xlsx", "-o", credential, "--credential", credential)
    assert agreegen(*line, "--force").code == 2
    assert credential.read_bytes() == before


def test_a_default_that_cannot_be_used_is_named(agreegen: Agreegen, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("编号,姓名\nA1,王小丽\n", "utf-8")
    line = ("batch", "new", tmp_path / "people.csv", "-o", tmp_path / "job.yaml", "--form", "personal-pledge")
    result = agreegen(*line, "--date", "soon")
    assert result.code == 3
    assert "defaults.pledge_date" in result.err + result.out
    assert "soon" in result.err + result.out
