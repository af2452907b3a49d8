"""A lost register is made again from documents, scans and bags; what they do not prove is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.pki.signer_pin import fingerprint
from agreegen.register.interface import DocumentState
from agreegen.register.store import Register
from agreegen.signing.credentials.loading import load_credential
from tests.integration.batch_support import make_pki, write_job, write_roster

ALONE = RunSettings(workers=1)
ROWS = [
    "T001,王秀英,,某市普查办,否",
    "T002,阿卜杜热合曼·买买提,,某市普查办,是",
    ",欧阳修,11010519491231002X,某县普查办,否",
    "T004,赵六,,某县普查办,否",
    ",钱七,440308199901101512,某县普查办,否",
]
MORE = """  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}
register_credential: pki/credentials/archive-seal.yaml
archive: {bags: bags, credential: pki/credentials/archive-seal.yaml}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people, two told apart by ID numbers; one replaced, one signed on paper, all in bags."""
    folder = tmp_path_factory.mktemp("rebuild") / "job"
    job = write_job(
        folder,
        make_pki(folder.parent / "pki"),
        [*ROWS[:3], ROWS[3].replace("赵六", "赵陆"), ROWS[4]],
        more=MORE,
    )
    run_job(job, ALONE)
    write_roster(folder, ROWS)
    assert run_job(job, ALONE).superseded == 1
    scan = folder / "scan.png"
    Image.new("1", (120, 160), 1).save(scan)
    add = ["register", "add-paper", "--register", str(job.register_file), "--scan", str(scan)]
    assert agreegen([*add, "--staff-no", "T004", "--by", "王主任"]) == 0
    run_job(job, ALONE)
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Job:
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def lose(job: Job) -> None:
    for path in job.output.glob("register.db*"):
        path.unlink()


def rebuild(job: Job, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, Any]:
    capsys.readouterr()
    line = ["register", "rebuild", str(job.output), "--job", str(job.path), "--yes", "--json", *more]
    code = agreegen(line)
    return code, json.loads(capsys.readouterr().out)


def test_all_of_it_comes_back_with_bags(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in job.documents_folder.rglob("*.pdf")}
    lose(job)
    code, told = rebuild(job, capsys)
    assert (code, told["lost"], told["nameless"]) == (0, [], [])
    assert (told["documents"], told["paper"]) == (6, 1)
    verify = ["register", "verify", "--register", str(job.register_file)]
    assert agreegen([*verify, "--trust", str(job.path.parent / "pki/trust")]) == 0
    summary = run_job(job, ALONE)
    assert (summary.done, summary.already_done, summary.failed, summary.bags) == (0, 5, 0, ())
    assert {path.name: path.read_bytes() for path in job.documents_folder.rglob("*.pdf")} == before
    with Register.open(job.register_file, read_only=True) as register:
        assert register.is_rebuilt()
        [old] = register.documents(state=DocumentState.REPLACED)
        row = register.current("staff:T004")
        assert row is not None
        assert old.superseded_by == row.registration.id
        assert row.fulfilled["pledger"].by == "王主任"
        assert {each.bag for each in register.documents() if each.in_force} > {None} - {None}
    print_line = ["batch", "print", str(job.path), "-o", str(job.path.parent / "print.pdf")]
    assert agreegen(print_line) == 0, "people whom only an ID number tells apart are printed as before"


def test_without_bags_the_scan_is_named_as_lost(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    lose(job)
    shutil.rmtree(job.path.parent / "bags")
    code, told = rebuild(job, capsys)
    assert code == 1
    assert (told["documents"], told["paper"], told["nameless"]) == (6, 0, [])
    assert [text.split(":")[0].partition("/")[0] for text in told["lost"]] == ["scans"]


def test_people_who_left_are_found_by_their_file_and_others_are_said(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(job)
    shutil.rmtree(job.path.parent / "bags")
    write_roster(job.path.parent, ROWS[:1])
    code, told = rebuild(job, capsys)
    assert code == 1
    with Register.open(job.register_file, read_only=True) as register:
        assert register.current("staff:T002") is not None
        assert register.document_count() == 6
    assert len(told["nameless"]) == 2, "whom only an ID number told apart"


def test_what_does_not_prove_itself_is_not_registered(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    lose(job)
    path = next(job.documents_folder.rglob("T001.pdf"))
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    code, told = rebuild(job, capsys)
    assert code == 1
    assert any("T001.pdf" in text for text in told["lost"])
    with Register.open(job.register_file, read_only=True) as register:
        assert register.current("staff:T001") is None


def test_it_asks_first_and_never_replaces_a_register(
    job: Job, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ["register", "rebuild", str(job.output)]
    assert agreegen([*line, "--yes"]) == 2
    lose(job)
    asked: list[tuple[int, int]] = []

    def refuse(_: Path, __: Path, documents: int, bags: int) -> bool:
        asked.append((documents, bags))
        return False

    monkeypatch.setattr("agreegen.cli.register.rebuilding._ask", refuse)
    assert agreegen(line) == 1
    assert asked == [(6, 3)]
    assert not job.register_file.exists()
    assert not list(job.output.glob(".agreegen*"))


def _bag_of_another(job: Job) -> Path:
    """A bag of this batch that somebody else made, says what is not so, and sealed with a trusted key."""
    theirs = job.path.parent / "theirs"
    shutil.copytree(job.output, theirs / "out")
    shutil.copyfile(job.path.parent / "people.csv", theirs / "people.csv")
    (theirs / "pki").symlink_to((job.path.parent / "pki").resolve())
    own = "pki/credentials/people/T002.yaml"
    text = job.path.read_text("utf-8").replace("pki/credentials/archive-seal.yaml", own)
    (theirs / "job.yaml").write_text(text, "utf-8")
    other = read_job(theirs / "job.yaml")
    lose(other)
    assert agreegen(["register", "rebuild", str(other.output), "--job", str(other.path), "--yes"]) == 1
    register = ["--register", str(other.register_file)]
    with Register.open(other.register_file, read_only=True) as opened:
        (open_one,) = (row for row in opened.documents() if row.registration.name == "钱七")
    scan = theirs / "scan.png"
    Image.new("1", (121, 161), 1).save(scan)
    add = ["register", "add-paper", *register, "--document", open_one.registration.id, "--scan", str(scan)]
    assert agreegen([*add, "--by", "王主任"]) == 0
    bag = job.path.parent / "bags/personal-pledge-0009"
    assert (
        agreegen(["archive", "create", str(other.output), "-o", str(bag), "--credential", str(theirs / own)])
        == 0
    )
    return bag


def test_a_bag_of_somebody_else_vouches_for_nothing(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """Any trusted person can seal a bag, one with invented records of paper among them."""
    bag = _bag_of_another(job)
    lose(job)
    code, told = rebuild(job, capsys)
    assert code == 1
    assert (told["documents"], told["paper"]) == (6, 1)
    assert [text for text in told["lost"] if bag.name in text and "sealed by" in text]
    with Register.open(job.register_file, read_only=True) as register:
        (row,) = (row for row in register.documents() if row.registration.name == "钱七")
    assert row.fulfilment("pledger") is None


def test_a_bag_of_an_earlier_sealer_is_named(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """Who knows that the bags were sealed by another key at that time says so."""
    bag, people = _bag_of_another(job), job.path.parent / "pki/credentials/people"
    lose(job)
    credential = load_credential(people / "T002.yaml")
    credential.close()
    _, told = rebuild(job, capsys, "--signer", fingerprint(credential.certificate_der))
    assert not [text for text in told["lost"] if bag.name in text]
    with Register.open(job.register_file, read_only=True) as register:
        (row,) = (row for row in register.documents() if row.registration.name == "钱七")
    assert row.fulfilment("pledger") is not None


def test_a_trusted_person_does_not_sign_in_the_office_s_place(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """The role names no holder, so any certificate would pass; the office's seal is known from the job."""
    theirs = job.path.parent / "theirs"
    write_job(
        theirs,
        (job.path.parent / "pki").resolve(),
        ["T009,钱九,,某县普查办,否"],
        more=MORE.partition("archive:")[0],
    )
    path = theirs / "job.yaml"
    path.write_text(path.read_text("utf-8").replace("unit-seal", "people/T002"), "utf-8")
    assert run_job(read_job(path), ALONE).done == 1
    (made,) = (theirs / "out").rglob("T009.pdf")
    lose(job)
    shutil.copyfile(made, job.documents_folder / "00001/T009.pdf")
    code, told = rebuild(job, capsys)
    assert code == 1
    assert told["documents"] == 6
    assert [text for text in told["lost"] if "T009" in text and "unit was signed by" in text]
