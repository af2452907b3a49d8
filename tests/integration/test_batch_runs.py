"""Whole runs of jobs: resume, supersede, adopt, fail, stop, and what the register says afterwards."""

from __future__ import annotations

import csv
import multiprocessing
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.api.register_heads import head_judge
from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import Job, RowResult, RunEvent, RunEventKind, RunSettings, RunSummary
from agreegen.batch.job.job_file import read_job
from agreegen.batch.job.status import job_status
from agreegen.batch.making import chunk_signatures, chunks
from agreegen.batch.running.run import run_job
from agreegen.chain.lock import lock_folder
from agreegen.errors import AgreegenError, CredentialError, InputError, RegisterError, SigningError
from agreegen.example_pki.responder import Responder, free_port
from agreegen.messages import foreign_text
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.model.report import Verdict
from agreegen.pipeline.own_read_back import check_page
from agreegen.register.audit.service import verify_register
from agreegen.register.interface import DocumentState, EventKind
from agreegen.register.store import Register
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_path
from tests.integration.batch_support import (
    PEOPLE,
    clock,
    documents_of,
    forget,
    leftovers_of,
    make_pki,
    make_strangers_pki,
    write_job,
    write_roster,
)

pytestmark = pytest.mark.libreoffice

ALONE = RunSettings(workers=1)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("batch") / "pki")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Path:
    """The folder of a job that ran once."""
    folder = tmp_path_factory.mktemp("finished")
    assert run_job(write_job(folder, pki), ALONE).done == 3
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Job:
    """A copy of that job, to be run again."""
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def assert_whole(job: Job, pki: Path, count: int) -> None:
    """Every file is there once, valid and registered; the chain and its heads hold; no leftovers."""
    trust = load_trust([pki / "trust"])
    judge = head_judge(trust, clock())
    problems = verify_register(job.register_file, files_root=job.output, judge_head=judge).problems
    assert problems == ()
    assert leftovers_of(job) == []
    documents = documents_of(job)
    assert len(documents) == count
    options = Options(now=clock(), anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    reports = [verify_path(path, options) for path in documents]
    assert {report.verdict for report in reports} == {Verdict.VALID}
    ids = {report.document.id for report in reports if report.document is not None}
    assert len(ids) == count


def counts(summary: RunSummary) -> tuple[int, int, int]:
    return summary.done, summary.already_done, summary.failed


def test_a_run_leaves_everything_in_order(job: Job, pki: Path) -> None:
    assert_whole(job, pki, 3)
    assert [path.name for path in documents_of(job)] == ["T001.pdf", "T002.pdf", "T003.pdf"]
    for name in ("failed-rows.csv", "report.json", "report.html"):
        assert (job.output / name).is_file()
    status = job_status(job)
    assert status.totals is not None
    assert (status.totals.rows, status.totals.open) == (3, 3), "the unit has attested, but nobody has signed"
    assert (status.documents, status.running) == (3, False)


def test_running_again_does_nothing(job: Job, pki: Path) -> None:
    before = {path: path.read_bytes() for path in documents_of(job)}
    assert counts(run_job(job, ALONE)) == (0, 3, 0)
    assert {path: path.read_bytes() for path in documents_of(job)} == before
    assert_whole(job, pki, 3)


def test_a_grown_roster_does_the_new_rows_only(job: Job, pki: Path) -> None:
    write_roster(job.path.parent, ["T000,李四,,某市普查办,否", *PEOPLE])
    assert counts(run_job(job, ALONE)) == (1, 3, 0)
    assert_whole(job, pki, 4)


def test_a_changed_row_supersedes(job: Job, pki: Path) -> None:
    old = (job.documents_folder / "00001/T003.pdf").read_bytes()
    write_roster(job.path.parent, [*PEOPLE[:2], "T003,欧阳脩,,某县普查办,否"])
    summary = run_job(job, ALONE)
    assert counts(summary) == (1, 2, 0)
    assert summary.superseded == 1
    assert_whole(job, pki, 3)
    with Register.open(job.register_file, read_only=True) as register:
        rows = list(register.documents(state=DocumentState.REPLACED))
        current = register.current("staff:T003")
    assert current is not None
    assert [row.superseded_by for row in rows] == [current.registration.id]
    assert (job.output / rows[0].registration.path).read_bytes() == old
    # Back to the old name: the first document comes back into force.
    write_roster(job.path.parent, PEOPLE)
    assert counts(run_job(job, ALONE)) == (1, 2, 0)
    assert_whole(job, pki, 3)


def test_bad_rows_fail_alone_and_run_again(tmp_path: Path, pki: Path) -> None:
    rows = [*PEOPLE, "T004,王\U000e0001五,,某市,否", "T005,,,某市,否", "T006,赵六,110105194912310021,某市,否"]
    job = write_job(tmp_path, pki, rows)
    messages: list[RunEvent] = []
    summary = run_job(job, ALONE, events=messages.append)
    assert counts(summary) == (3, 0, 3)
    failed = job.output / "failed-rows.csv"
    assert failed.stat().st_mode & 0o777 == 0o600
    with failed.open(encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    assert [row["编号"] for row in table] == ["T004", "T005", "T006"]
    told = [event.message or "" for event in messages if event.result is RowResult.FAILED]
    assert len(told) == 3
    assert not any("110105194912310021" in str(text) for text in told)
    mended = failed.read_text("utf-8-sig").replace("110105194912310021", "11010519491231002X")
    mended = mended.replace("王\U000e0001五", "王五").replace("T005,,", "T005,孙七,")
    (tmp_path / "again.csv").write_text(mended, "utf-8")
    assert counts(run_job(job, replace(ALONE, roster=tmp_path / "again.csv"))) == (3, 0, 0)
    assert_whole(job, pki, 6)


def test_a_crash_before_the_register_is_adopted_not_signed_again(job: Job, pki: Path) -> None:
    before = {path: path.read_bytes() for path in documents_of(job)}
    forget(job)
    summary = run_job(job, ALONE)
    assert counts(summary) == (3, 0, 0)
    assert summary.adopted == 3
    assert {path: path.read_bytes() for path in documents_of(job)} == before
    assert_whole(job, pki, 3)


def test_what_strangers_signed_is_not_adopted(job: Job, pki: Path, tmp_path: Path) -> None:
    other = write_job(tmp_path / "other", make_strangers_pki(tmp_path / "strangers"))
    assert run_job(other, ALONE).done == 3
    shutil.rmtree(job.output)
    shutil.copytree(other.documents_folder, job.documents_folder)
    forget(job)
    summary = run_job(job, ALONE)
    moved = [str(text) for text in summary.warnings if "was moved to quarantine/" in str(text)]
    assert (counts(summary), summary.adopted, len(moved)) == ((3, 0, 0), 0, 3)
    assert_whole(job, pki, 3)


def test_a_damaged_orphan_is_moved_away_and_made_anew(job: Job, pki: Path) -> None:
    forget(job)
    victim = job.documents_folder / "00001/T002.pdf"
    data = bytearray(victim.read_bytes())
    place = data.index(b"/ByteRange") // 2
    data[place] ^= 1
    victim.write_bytes(data)
    summary = run_job(job, ALONE)
    assert counts(summary) == (3, 0, 0)
    assert summary.adopted == 2
    assert any("T002.pdf was moved to quarantine/" in str(text) for text in summary.warnings)
    assert_whole(job, pki, 3)


def test_what_does_not_read_back_is_quarantined(
    tmp_path: Path, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: bytes, form: Form, document: Document) -> None:
        if document.values["pledger_name"] == "欧阳修":
            raise SigningError(foreign_text("reading it back finds another text"))
        check_page(data, form, document)

    job = write_job(tmp_path, pki)
    with monkeypatch.context() as patched:
        patched.setattr(chunk_signatures, "adds_only_a_signature", lambda *_: False)
        patched.setattr(chunks, "check_page", refuse)
        assert counts(run_job(job, ALONE)) == (2, 0, 1)
    [kept] = list((job.output / "quarantine").glob("*.pdf"))
    with Register.open(job.register_file, read_only=True) as register:
        [row] = list(register.documents(state=DocumentState.QUARANTINED))
    assert job.output / row.registration.path == kept
    assert_whole(job, pki, 2)
    assert counts(run_job(job, ALONE)) == (1, 2, 0)
    assert_whole(job, pki, 3)


def test_files_that_nothing_claims_are_moved_away(job: Job, pki: Path) -> None:
    (job.documents_folder / "00001/stray.pdf").write_bytes(b"%PDF-1.7 not ours")
    (job.documents_folder / "00001/.agreegen-half.pdf").write_bytes(b"half")
    summary = run_job(job, ALONE)
    assert [str(text) for text in summary.warnings if "EXAMPLE" not in str(text)] == [
        str(text) for text in summary.warnings if "nothing registers it" in str(text)
    ]
    assert len(summary.warnings) == 2
    assert_whole(job, pki, 3)


def test_a_lost_file_is_made_again(job: Job, pki: Path) -> None:
    (job.documents_folder / "00001/T001.pdf").unlink()
    assert counts(run_job(job, ALONE)) == (1, 2, 0)
    assert_whole(job, pki, 3)


def _own_forms(job: Job, folder: Path) -> Job:
    shutil.copytree(job.forms_folder, folder)
    (folder / "approved.yaml").unlink()  # an office's own folder: what it edits differs from no release
    return read_job(job.path, forms_folder=folder)


def _edit_template(job: Job) -> None:
    with job.form.template.open("ab") as file:
        file.write(b"\0")


def test_an_edited_template_is_not_mixed_in(job: Job, tmp_path: Path) -> None:
    mine = _own_forms(job, tmp_path / "forms")
    _edit_template(mine)
    edited = read_job(job.path, forms_folder=tmp_path / "forms")
    assert edited.form.template_sha256 != job.form.template_sha256
    with pytest.raises(InputError, match="another template"):
        run_job(edited, ALONE)
    assert check_job(edited, now=clock(), samples=False).errors == 1


def test_a_template_edited_in_the_middle_stops_the_job(tmp_path: Path, pki: Path) -> None:
    job = _own_forms(write_job(tmp_path / "job", pki), tmp_path / "forms")

    def edit(event: RunEvent) -> None:
        if event.kind is RunEventKind.CHUNK and event.done == 1:
            _edit_template(job)

    with pytest.raises(InputError, match="was edited while"):
        run_job(job, replace(ALONE, chunk_rows=1), events=edit)
    assert 1 <= len(documents_of(job)) < 3
    problems = verify_register(job.register_file, files_root=job.output).problems
    assert problems == ()


def test_two_runs_on_one_output(job: Job) -> None:
    with lock_folder(job.output), pytest.raises(RegisterError, match="another run"):
        run_job(job, ALONE)


def test_an_output_that_cannot_be_made(tmp_path: Path, pki: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(AgreegenError):
        run_job(write_job(tmp_path, pki), ALONE)


def test_a_wrong_passphrase_stops_before_anything_is_made(tmp_path: Path, pki: Path) -> None:
    shutil.copytree(pki, tmp_path / "pki")
    for path in (tmp_path / "pki/credentials").glob("unit-seal*pass*"):
        path.write_text("wrong")
    job = write_job(tmp_path, tmp_path / "pki")
    with pytest.raises(CredentialError):
        run_job(job, ALONE)
    assert documents_of(job) == []
    assert check_job(job, now=clock(), samples=False).errors == 1


def test_interrupting_finishes_what_is_under_way(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki)

    def interrupt(event: RunEvent) -> None:
        if event.kind is RunEventKind.CHUNK and event.done == 1:
            os.kill(os.getpid(), signal.SIGINT)

    summary = run_job(job, replace(ALONE, chunk_rows=1), events=interrupt)
    assert summary.interrupted
    assert 1 <= summary.done < 3
    assert_whole(job, pki, summary.done)
    assert counts(run_job(job, ALONE)) == (3 - summary.done, summary.done, 0)
    assert_whole(job, pki, 3)


PERSONS = """  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}
"""


def test_people_without_a_credential_are_left_open_and_signed_later(tmp_path: Path, pki: Path) -> None:
    shutil.copytree(pki, tmp_path / "pki")
    held = tmp_path / "pki/credentials/people/T002.yaml"
    away = held.with_suffix(".away")
    held.rename(away)
    job = write_job(tmp_path, tmp_path / "pki", more=PERSONS)
    summary = run_job(job, ALONE)
    assert (counts(summary), summary.left_open) == ((3, 0, 0), 1)
    away.rename(held)
    again = run_job(job, ALONE)
    assert (counts(again), again.left_open) == ((1, 2, 0), 0)
    assert_whole(job, pki, 3)
    with Register.open(job.register_file, read_only=True) as register:
        for row in register.documents():
            assert {"signed:unit", "signed:pledger"} <= set(row.hashes)


def test_a_missing_credential_fails_its_row(tmp_path: Path, pki: Path) -> None:
    shutil.copytree(pki, tmp_path / "pki")
    (tmp_path / "pki/credentials/people/T002.yaml").unlink()
    job = write_job(tmp_path, tmp_path / "pki", more=PERSONS.replace(", missing: leave-open", ""))
    assert check_job(job, now=clock(), samples=False).errors == 1
    assert counts(run_job(job, ALONE)) == (2, 0, 1)


def test_a_silent_timestamp_service_leaves_documents_pending(tmp_path: Path, pki: Path) -> None:
    port = free_port()
    job = write_job(tmp_path, pki, level="B-T", more=f"tsa: http://127.0.0.1:{port}/example/tsa/tsa\n")
    with Responder(pki, port=port) as responder:
        address = responder.tsa_url
    job = write_job(tmp_path, pki, level="B-T", more=f"tsa: {address}\n")
    assert "signatures" in job.path.read_text()
    summary = run_job(job, ALONE)
    assert counts(summary) == (3, 0, 0)
    assert summary.timestamp_pending == 3
    with Responder(pki, port=port):
        again = run_job(job, ALONE)
    assert again.timestamp_pending == 0
    assert_whole(job, pki, 3)
    with Register.open(job.register_file, read_only=True) as register:
        assert {row.state for row in register.documents()} == {DocumentState.VERIFIED}
        kinds = {event.kind for event in register.events()}
    assert {EventKind.TIMESTAMP_PENDING, EventKind.TIMESTAMPED} <= kinds


MANY = [f"M{number:03},王秀英,,某市普查办,否" for number in range(30)]


def test_a_killed_worker_loses_nothing(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, MANY)
    killed: list[int] = []

    def kill(event: RunEvent) -> None:
        if event.kind is RunEventKind.CHUNK and len(killed) < 2:
            for child in multiprocessing.active_children()[:1]:
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)
                killed.append(child.pid)

    summary = run_job(job, RunSettings(workers=2, chunk_rows=5), events=kill)
    assert len(killed) == 2
    assert counts(summary) == (30, 0, 0)
    assert_whole(job, pki, 30)


def test_secrets_are_asked_for_once_and_keys_stay_with_the_coordinator(tmp_path: Path, pki: Path) -> None:
    shutil.copytree(pki, tmp_path / "pki")
    path = tmp_path / "pki/credentials/unit-seal.yaml"
    lines = path.read_text("utf-8").splitlines()
    [secret] = [line for line in lines if line.startswith("passphrase:")]
    name = secret.split("file:")[1].strip(" }\"'")
    passphrase = (path.parent / name).read_text().strip()
    path.write_text("\n".join(line if line != secret else "passphrase: {prompt: true}" for line in lines))
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return passphrase

    job = write_job(tmp_path, tmp_path / "pki", MANY[:6])
    summary = run_job(job, RunSettings(workers=2, chunk_rows=2, prompt=answer))
    assert counts(summary) == (6, 0, 0)
    assert len(asked) == 1
    assert_whole(job, pki, 6)


def test_a_preflight_lists_everything_and_writes_nothing(tmp_path: Path, pki: Path) -> None:
    rows = ["T001,王秀英,11010519491231002,某市,否", "T001,张三,,某市,否", "T003,李\U000e0001四,,某市,是不"]
    job = write_job(tmp_path, pki, rows)
    check = check_job(job, now=clock())
    assert check.errors >= 4
    assert {complaint.location.row for complaint in check.complaints} >= {2, 3, 4}
    assert not job.output.exists()


def test_a_clean_preflight_renders_samples(tmp_path: Path, pki: Path) -> None:
    check = check_job(write_job(tmp_path, pki), now=clock())
    assert check.errors == 0
    assert [path.name for path in check.samples] == ["longest.pdf", "rarest.pdf", "emptiest.pdf"]
    assert all(path.read_bytes().startswith(b"%PDF") for path in check.samples)


def test_unsigned_jobs_and_name_patterns(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki)
    text = job.path.read_text("utf-8")
    start = text.index("signatures:")
    text = text[:start] + 'signatures: []\nname: "{unit}-{staff_no}"\n'
    job.path.write_text(text, "utf-8")
    job = read_job(job.path)
    assert counts(run_job(job, ALONE)) == (3, 0, 0)
    assert counts(run_job(job, ALONE)) == (0, 3, 0)
    assert [path.name for path in documents_of(job)] == [
        "某县普查办-T003.pdf",
        "某市普查办-T001.pdf",
        "某市普查办-T002.pdf",
    ]
    assert verify_register(job.register_file, files_root=job.output).problems == ()


def test_rows_told_apart_by_id_number(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki)
    table = "姓名,身份证号\n王秀英,11010519491231002X\n王秀英,110105198806050023\n"
    (tmp_path / "people.csv").write_text(table, "utf-8")
    assert counts(run_job(job, ALONE)) == (2, 0, 0)
    assert counts(run_job(job, ALONE)) == (0, 2, 0)
    for path in documents_of(job):
        assert "11010519491231002X" not in path.name
        assert b"11010519491231002X" not in path.read_bytes()
    assert_whole(job, pki, 2)
