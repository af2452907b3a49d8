"""Registers of the first version open, verify, are brought up, resume; their tails are looked at."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from agreegen.api.register_heads import head_judge
from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.errors import RegisterError
from agreegen.files import sha256_of_file
from agreegen.recording.own_documents import examine_file
from agreegen.register.audit.service import verify_register
from agreegen.register.interface import DocumentState, EventDraft, EventKind, How
from agreegen.register.store import Register
from agreegen.signing.trust import load_trust
from tests.integration.batch_support import PEOPLE, clock, make_pki, write_job, write_roster
from tests.integration.old_registers import take_back

ALONE = RunSettings(workers=1)
KEPT = Path(__file__).resolve().parents[1] / "data/old-register"
MADE_AT = datetime(2026, 11, 28, 17, 30, tzinfo=UTC)
PERSONS = """  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}
register_credential: pki/credentials/archive-seal.yaml
"""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The output of the first version: four pledges, one of them on paper, one replaced, all archived."""
    shutil.copytree(KEPT / "pledges", tmp_path / "pledges")
    return tmp_path / "pledges/register.db"


def test_an_old_register_verifies_as_it_is(kept: Path) -> None:
    before = kept.read_bytes()
    judge = head_judge(load_trust([KEPT / "trust"]), MADE_AT)
    audit = verify_register(kept, files_root=kept.parent, judge_head=judge, examine_file=examine_file)
    assert audit.problems == ()
    assert kept.read_bytes() == before, "reading does not bring it up"


def test_what_its_one_state_forgot_follows_from_the_chain(kept: Path) -> None:
    with Register.open(kept) as register:
        paper = register.current("staff:OLD0003")
        assert paper is not None
        assert paper.state is DocumentState.ARCHIVED
        assert paper.open_roles(["pledger"]) == ()
        [old] = register.documents(state=DocumentState.REPLACED)
        assert old.registration.name == "赵六"
        signed = register.current("staff:HN0001")
        assert signed is not None
        assert signed.fulfilled["pledger"].how is How.CERTIFICATE
        assert len(list(register.scans())) == 1
    assert verify_register(kept, files_root=kept.parent).problems == ()


def test_coverage_of_an_old_register(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["register", "coverage", "--register", str(kept), "--roster", str(KEPT / "roster.csv"), "--json"]
    assert agreegen(line) == 1
    people = json.loads(capsys.readouterr().out)["people"]
    assert [(each["state"], each["how"]) for each in people] == [
        ("signed", "certificate"),
        ("signed", "certificate"),
        ("signed", "paper"),
        ("made", None),
    ]


def test_who_signed_on_paper_long_ago_needs_no_credential(kept: Path) -> None:
    """The first version did not say which role a scan fulfils: all of them."""
    for name in ("job.yaml", "roster.csv", "trust"):
        (kept.parents[1] / name).symlink_to(KEPT / name)
    check = check_job(read_job(kept.parents[1] / "job.yaml"), now=clock(), samples=False)
    (told,) = [str(each) for each in check.complaints if "no credential for the role pledger" in str(each)]
    assert "1 of 4 people" in told
    assert "rows 5)" in told


def test_a_scan_that_was_moved_is_named(kept: Path) -> None:
    (kept.parent / "paper/OLD0003.pdf").rename(kept.parent / "elsewhere.pdf")
    found = verify_register(kept, files_root=kept.parent).problems
    assert [problem.code for problem in found] == ["file-missing"]


def test_nobody_goes_on_in_an_old_register_with_another_key(kept: Path, tmp_path: Path) -> None:
    pki = make_pki(tmp_path / "pki")
    Image.new("1", (60, 80), 1).save(tmp_path / "scan.png")
    line = ["register", "add-paper", "--register", str(kept), "--staff-no", "OLD0004", "--scan"]
    line += [str(tmp_path / "scan.png")]
    assert agreegen(line) == 7, "it remembers no job"
    assert agreegen([*line, "--credential", str(pki / "credentials/archive-seal.yaml")]) == 7


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("old") / "pki")


@pytest.fixture
def job(tmp_path: Path, pki: Path) -> Job:
    job = write_job(tmp_path / "job", pki, more=PERSONS)
    run_job(job, ALONE)
    return job


def seal(job: Job) -> Path:
    return job.path.parent / "pki/credentials/archive-seal.yaml"


def test_an_old_register_resumes(job: Job) -> None:
    take_back(job.register_file, seal(job))
    write_roster(job.path.parent, [*PEOPLE, "T004,赵六,,某县普查办,否"])
    summary = run_job(job, ALONE)
    assert (summary.done, summary.already_done, summary.left_open) == (1, 3, 1)
    trust = ["--trust", str(job.path.parent / "pki/trust")]
    assert agreegen(["register", "verify", "--register", str(job.register_file), *trust]) == 0
    with Register.open(job.register_file, read_only=True) as register:
        assert register.signer() is not None, "from now on it names its signer"


def test_what_a_kill_left_unsigned_is_looked_at_and_signed(job: Job) -> None:
    take_back(job.register_file, seal(job), unsigned=["T003"])
    audit = verify_register(job.register_file)
    assert [problem.code for problem in audit.problems] == ["unsigned-tail"]
    assert run_job(job, ALONE).already_done == 3
    assert verify_register(job.register_file, files_root=job.output).problems == ()


def test_signed_documents_that_no_head_covers_need_a_person(job: Job) -> None:
    """Whoever can write the file can take all heads away; only earlier versions may never have signed any."""
    take_back(job.register_file, None)
    with pytest.raises(RegisterError, match="nobody ever signed it"):
        run_job(job, ALONE)
    accept = ["register", "accept", "--register", str(job.register_file), "--by", "王主任", "--yes"]
    assert agreegen([*accept, "--credential", str(seal(job))]) == 0
    assert run_job(job, ALONE).already_done == 3
    trust = ["--trust", str(job.path.parent / "pki/trust")]
    assert agreegen(["register", "verify", "--register", str(job.register_file), *trust]) == 0


def test_a_file_that_does_not_bear_the_tail_out_stops_it(job: Job) -> None:
    take_back(job.register_file, seal(job), unsigned=["T003"])
    other = next(job.documents_folder.rglob("T002.pdf")).read_bytes()
    next(job.documents_folder.rglob("T003.pdf")).write_bytes(other)
    with pytest.raises(RegisterError, match="not explained"):
        run_job(job, ALONE)


def test_a_scan_that_nobody_signed_for_needs_a_person(job: Job) -> None:
    take_back(job.register_file, seal(job))
    scan = job.output / "paper.png"
    Image.new("1", (60, 80), 1).save(scan)
    facts = {"scan": "paper.png", "scan_sha256": sha256_of_file(scan)}
    with Register.open(job.register_file) as register:
        row = register.current("staff:T001")
        assert row is not None
        register.record(EventDraft(EventKind.PAPER, row.registration.id, details=facts), now=clock())
    with pytest.raises(RegisterError, match="nobody answers for the scan"):
        run_job(job, ALONE)
    accept = ["register", "accept", "--register", str(job.register_file), "--by", "王主任", "--yes"]
    assert agreegen([*accept, "--credential", str(seal(job))]) == 0
    assert run_job(job, ALONE).already_done == 3


@pytest.mark.parametrize("kind", ["superseded", "quarantined", "rendered", "archived"])
def test_what_a_head_covers_is_not_taken_away_behind_it(job: Job, kind: str) -> None:
    """Whoever can write the folder would hide a signed pledge: called replaced, quarantined, made anew."""
    with Register.open(job.register_file) as register:
        row = register.current("staff:T001")
        assert row is not None
        facts = {"by": "f" * 32} if kind == "superseded" else {"bag": "nowhere"} if kind == "archived" else {}
        digest = None if kind == "superseded" else row.sha256
        draft = EventDraft(EventKind(kind), row.registration.id, sha256=digest, details=facts)
        register.record(draft, now=clock())
    with pytest.raises(RegisterError, match=r"no command leaves that|replaces it"):
        run_job(read_job(job.path), ALONE)


def test_an_old_register_is_handed_over(tmp_path: Path) -> None:
    """It names nobody who could: first its present signer is named, and then the one to come."""
    pki = make_pki(tmp_path / "pki")
    job = write_job(tmp_path / "job", pki, more="register_credential: pki/credentials/archive-seal.yaml\n")
    run_job(job, ALONE)
    old, new = (pki / f"credentials/{name}.yaml" for name in ("archive-seal", "unit-seal"))
    take_back(job.register_file, old)
    register = ["--register", str(job.register_file)]
    assert agreegen(["register", "change-signer", *register, "--to", str(new), "--credential", str(old)]) == 0
    verify = ["register", "verify", *register, "--trust", str(pki / "trust")]
    assert agreegen(verify) == 0
    job.path.write_text(job.path.read_text("utf-8").replace("archive-seal", "unit-seal"), "utf-8")
    write_roster(job.path.parent, [*PEOPLE, "T004,赵六,,某县普查办,否"])
    run_job(read_job(job.path), ALONE)
    assert agreegen(verify) == 0
