"""Nothing signed is replaced by accident, damaged files are found, a lost register is no new one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from agreegen.archive import create
from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.errors import RegisterError
from agreegen.register.interface import DocumentState, EventDraft, EventKind
from agreegen.register.store import Register
from tests.integration.batch_support import PEOPLE, clock, make_pki, write_job, write_roster

ALONE = RunSettings(workers=1)
ROWS = [*PEOPLE, "T004,赵六,,某县普查办,否"]
PERSONS = """  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}
register_credential: pki/credentials/archive-seal.yaml
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keeping") / "job"
    job = write_job(folder, make_pki(folder.parent / "pki"), ROWS, more=PERSONS)
    assert run_job(job, ALONE).left_open == 1
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Job:
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def other_date(job: Job) -> Job:
    job.path.write_text(job.path.read_text().replace("2018-05-10", "2018-05-11"))
    return read_job(job.path)


def files(job: Job) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in job.documents_folder.rglob("*.pdf")}


def test_one_changed_default_replaces_no_signed_pledge(job: Job) -> None:
    before, job = files(job), other_date(job)
    check = check_job(job, now=clock(), samples=False)
    told = [str(complaint) for complaint in check.complaints]
    assert check.errors == 3
    assert any("承诺日期: 2018-05-10 → 2018-05-11" in text for text in told)
    assert (check.replaced["documents"], check.replaced["signed"]) == (4, 3)
    summary = run_job(job, ALONE)
    assert (summary.done, summary.superseded, summary.failed, summary.kept_signed) == (1, 1, 3, 3)
    assert any(
        "1 documents were replaced" in str(warning) and "T004" in str(warning) for warning in summary.warnings
    )
    after = files(job)
    assert {name for name in before if after[name] != before[name]} == {"T004.pdf"}
    assert "--replace-signed" in (job.output / "failed-rows.csv").read_text("utf-8-sig")
    assert agreegen(["batch", "run", str(job.path), "--workers", "1"]) == 8


def test_replacing_what_is_signed_wants_its_own_word(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    before, job = files(job), other_date(job)
    assert agreegen(["batch", "run", str(job.path), "--workers", "1", "--replace-signed"]) == 0
    capsys.readouterr()
    assert agreegen(["register", "list", "--register", str(job.register_file), "--replaced", "--json"]) == 0
    replaced = json.loads(capsys.readouterr().out)
    assert len(replaced) == 4
    for document in replaced:
        name = f"{document['staff_no']}.pdf"
        assert (job.output / document["path"]).read_bytes() == before[name], "it stays on disk"
    assert {role["role"] for d in replaced if d["staff_no"] == "T001" for role in d["roles"]} == {
        "unit",
        "pledger",
    }


def test_a_name_corrected_after_signing_is_the_same_case(job: Job) -> None:
    write_roster(job.path.parent, [ROWS[0].replace("王秀英", "王秀瑛"), *ROWS[1:]])
    summary = run_job(job, ALONE)
    assert (summary.failed, summary.kept_signed, summary.superseded) == (1, 1, 0)


def test_what_is_signed_on_paper_is_kept_too(job: Job, tmp_path: Path) -> None:
    Image.new("1", (60, 80), 1).save(tmp_path / "scan.png")
    add = ["register", "add-paper", "--register", str(job.register_file), "--staff-no", "T004"]
    assert agreegen([*add, "--scan", str(tmp_path / "scan.png")]) == 0
    summary = run_job(other_date(job), ALONE)
    assert (summary.failed, summary.kept_signed, summary.superseded) == (4, 4, 0)


@pytest.mark.parametrize("size", [0, 5_000, None])
def test_a_damaged_file_is_made_again_where_nobody_signed_it(job: Job, size: int | None) -> None:
    path = next(job.documents_folder.rglob("T004.pdf"))
    if size is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:size])
    summary = run_job(job, ALONE)
    assert (summary.done, summary.remade, summary.failed) == (1, 1, 0)
    assert any("T004.pdf" in str(warning) for warning in summary.warnings)
    with Register.open(job.register_file, read_only=True) as register:
        row = register.current("staff:T004")
        assert row is not None
        kinds = [event.kind for event in register.events(row.registration.id)]
    assert EventKind.DAMAGED in kinds
    assert path.stat().st_size == row.size
    assert run_job(job, ALONE).already_done == 4
    assert agreegen(["register", "verify", "--register", str(job.register_file)]) == 0


@pytest.mark.parametrize("size", [0, 5_000])
def test_a_damaged_file_that_its_person_signed_is_listed_and_stays(job: Job, size: int) -> None:
    path = next(job.documents_folder.rglob("T001.pdf"))
    cut = path.read_bytes()[:size]
    path.write_bytes(cut)
    summary = run_job(job, ALONE)
    assert (summary.done, summary.failed, summary.already_done) == (0, 1, 3)
    assert path.read_bytes() == cut
    assert "is damaged" in (job.output / "failed-rows.csv").read_text("utf-8-sig")


def test_every_byte_is_looked_at_when_asked(job: Job) -> None:
    path = next(job.documents_folder.rglob("T004.pdf"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert run_job(job, ALONE).already_done == 4, "size, beginning and end are right"
    assert run_job(job, RunSettings(workers=1, check_files=True)).remade == 1


def test_a_full_folder_without_register_is_refused(job: Job) -> None:
    job.register_file.unlink()
    before = files(job)
    with pytest.raises(RegisterError, match=r"holds documents .*no register\.db") as caught:
        run_job(job, ALONE)
    assert "register rebuild" in (caught.value.hint or "")
    assert files(job) == before
    assert not job.register_file.exists()
    check = check_job(job, now=clock(), samples=False)
    assert any("no register.db" in str(each) for each in check.complaints)


def test_a_job_in_which_nobody_signs_the_register_writes_nothing(job: Job, tmp_path: Path) -> None:
    text = job.path.read_text().replace("register_credential: pki/credentials/archive-seal.yaml", "")
    text = text.replace("  - {role: unit, credential: pki/credentials/unit-seal.yaml, level: B-B}\n", "")
    job.path.write_text(text.replace("output: out", "output: other"))
    assert agreegen(["batch", "run", str(job.path)]) == 7
    assert not (job.path.parent / "other").exists()
    assert agreegen(["batch", "check", str(job.path)]) == 3


def test_another_register_under_the_name_never_ends_well(job: Job) -> None:
    with Register.open(job.register_file) as register:
        job.register_file.rename(job.register_file.with_suffix(".old"))
        shutil.copyfile(job.register_file.with_suffix(".old"), job.register_file)
        with pytest.raises(RegisterError, match="removed or replaced"):
            register.record(EventDraft(EventKind.RUN), now=clock())
    with Register.open(job.register_file, read_only=True) as register:
        assert not list(register.documents(state=DocumentState.QUARANTINED))


def bagged(job: Job) -> Job:
    """The job, with bags."""
    seal = "{bags: bags, credential: pki/credentials/archive-seal.yaml}"
    job.path.write_text(f"{job.path.read_text()}archive: {seal}\n")
    return read_job(job.path)


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "pdf"])
def test_paper_is_in_the_bag_and_counts_there(
    job: Job, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Signed on paper, then archived: the bag holds the scan, and coverage does not forget."""
    scan = tmp_path / f"scan.{kind}"
    Image.new("L", (120, 160), 200).save(scan)
    register = ["--register", str(job.register_file)]
    assert agreegen(["register", "add-paper", *register, "--staff-no", "T004", "--scan", str(scan)]) == 0
    job = bagged(job)
    assert run_job(job, ALONE).left_open == 0
    [bag] = job.path.parent.joinpath("bags").iterdir()
    trust = ["--trust", str(job.path.parent / "pki/trust")]
    capsys.readouterr()
    assert agreegen(["archive", "verify", str(bag), *trust, "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)["documents"]["files"]
    on_paper = [file["document"] for file in documents if file["document"]["fulfilled_elsewhere"]]
    assert [(each["fulfilled_elsewhere"], each["missing_roles"]) for each in on_paper] == [
        ([{"role": "pledger", "how": "paper"}], [])
    ]
    kept = [path for path in (bag / "data/scans").rglob("*") if path.is_file()]
    assert scan.read_bytes() in [path.read_bytes() for path in kept]
    assert any(path.suffix == ".pdf" for path in kept)
    assert agreegen(["register", "coverage", "--job", str(job.path)]) == 0
    assert agreegen(["register", "verify", *register, *trust]) == 0
    path = next(job.documents_folder.rglob("T004.pdf"))
    capsys.readouterr()
    assert agreegen(["verify", str(path), *trust, *register, "--complete", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["files"][0]["document"]
    assert told["fulfilled_elsewhere"] == [{"role": "pledger", "how": "paper"}]
    for path in kept:
        if path.read_bytes() == scan.read_bytes():
            path.write_bytes(b"another scan")
    assert agreegen(["archive", "verify", str(bag), *trust]) == 1


def test_what_was_signed_on_paper_after_a_bag_goes_into_the_next(job: Job, tmp_path: Path) -> None:
    job = bagged(job)
    run_job(job, ALONE)
    scan = tmp_path / "scan.png"
    Image.new("L", (120, 160), 200).save(scan)
    line = ["register", "add-paper", "--register", str(job.register_file), "--staff-no", "T004"]
    assert agreegen([*line, "--scan", str(scan)]) == 0
    summary = run_job(job, ALONE)
    assert len(summary.bags) == 1
    manifest = Path(summary.bags[0], "manifest-sha256.txt").read_text()
    assert manifest.count("data/documents/") == 1
    assert "data/paper-records.json" in manifest


def test_documents_that_nobody_signs_with_a_key_are_bagged_with_their_paper(
    tmp_path: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pki = finished.parent / "pki"
    job = write_job(tmp_path / "plain", pki, ROWS[:1])
    text = job.path.read_text().split("signatures:")[0]
    extra = "register_credential: pki/credentials/archive-seal.yaml\n"
    job.path.write_text(f"{text}signatures: []\n{extra}")
    job = bagged(job)
    text = job.path.read_text()
    job.path.write_text(text[: text.index("archive:")])
    run_job(read_job(job.path), ALONE)
    scan = tmp_path / "scan.png"
    Image.new("1", (120, 160), 1).save(scan)
    line = ["register", "add-paper", "--register", str(job.register_file), "--staff-no", "T001"]
    assert agreegen([*line, "--scan", str(scan)]) == 0
    job.path.write_text(text)
    [bag] = run_job(read_job(job.path), ALONE).bags
    capsys.readouterr()
    assert agreegen(["archive", "verify", bag, "--trust", str(pki / "trust")]) == 0
    assert "on paper" in capsys.readouterr().out


def test_a_bag_that_a_killed_run_did_not_record_is_adopted(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bagged(job)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(create, "_record_archived", die)
        with pytest.raises(KeyboardInterrupt):
            run_job(job, ALONE)
    bags = job.path.parent / "bags"
    assert len(list(bags.iterdir())) == 1
    summary = run_job(job, ALONE)
    assert len(list(bags.iterdir())) == 1, "nothing is bagged twice"
    assert [Path(bag).name for bag in summary.bags] == ["personal-pledge-0001"]
    with Register.open(job.register_file, read_only=True) as register:
        assert {row.bag for row in register.documents()} == {"personal-pledge-0001"}
    assert run_job(job, ALONE).bags == ()


def test_half_a_bag_of_a_killed_run_is_cleared_where_no_bag_is_due(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bagged(job)
    run_job(job, ALONE)
    half = job.path.parent / "bags/.agreegen-personal-pledge-0002-killed"
    half.mkdir()
    (half / "private.csv").write_text("11010519491231002X")
    monkeypatch.setattr("agreegen.files._SETTLING_S", -1.0)
    assert run_job(job, ALONE).bags == ()
    assert not half.exists()


def test_rows_that_failed_say_why_in_the_reader_s_language(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """What she is to mend, and what is replaced or kept: on the screen and in the files."""
    job = other_date(job)
    write_roster(job.path.parent, [*ROWS, "T005,,,某县普查办,否"])
    assert agreegen(["--lang", "zh", "batch", "run", str(job.path)]) == 8
    screen = capsys.readouterr().err
    rows = (job.output / "failed-rows.csv").read_text("utf-8-sig").splitlines()[1:]
    kept = [line for line in screen.splitlines() if line.startswith("第 ")]
    replaced = next(line for line in screen.splitlines() if "被替换" in line)
    assert len(rows) == len(kept) == 4
    for text in (*rows, *kept, replaced):
        assert not re.search(r"[A-Za-z]{3,}", re.sub(r"--replace-signed|[0-9a-f]{32}", "", text)), text
