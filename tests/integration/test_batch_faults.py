"""Coordinators and workers killed at random moments, and a disk that fills up."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from agreegen.api.register_heads import head_judge
from agreegen.batch.interface import Job, RunEvent, RunEventKind, RunSettings
from agreegen.batch.running.run import run_job
from agreegen.errors import AgreegenError, CredentialError, RegisterError
from agreegen.files import TEMPORARY_PREFIX
from agreegen.model.report import Verdict
from agreegen.register.audit.service import verify_register
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_path
from tests.integration.batch_support import clock, documents_of, leftovers_of, make_pki, write_job

pytestmark = pytest.mark.libreoffice

CHILD = Path(__file__).with_name("batch_child.py")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("faults") / "pki")


def _rows(count: int) -> list[str]:
    return [f"F{number:05},王秀英,,某市普查办,否" for number in range(count)]


def _start(job: Job, chunk: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(job.path), "2", str(chunk)],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _processes_of(session: int) -> list[int]:
    """Return the processes of a session that a test started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def _assert_whole(job: Job, pki: Path, count: int) -> None:
    trust = load_trust([pki / "trust"])
    check = head_judge(trust, clock())
    assert verify_register(job.register_file, files_root=job.output, judge_head=check).problems == ()
    assert leftovers_of(job) == []
    documents = documents_of(job)
    assert len(documents) == count
    options = Options(now=clock(), anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    reports = [verify_path(path, options) for path in documents]
    assert {report.verdict for report in reports} == {Verdict.VALID}
    assert len({report.document.id for report in reports if report.document is not None}) == count


def _torture(job: Job, kills: int, chunk: int, seed: int) -> None:
    """Kill the coordinator or one of its workers while documents are being made, then let the job end.

    Every kill waits until a few more documents are there than at the one before, and a random moment more: so
    none of them hits a process that is only starting.
    """
    chance = random.Random(seed)
    step = len(job.roster.file.read_text("utf-8").splitlines()) // (2 * kills)
    left = 0
    sessions = []
    for number in range(kills):
        if not left:
            process = _start(job, chunk)
            sessions.append(process.pid)
        made = len(documents_of(job)) + chance.randint(1, step)
        while process.poll() is None and len(documents_of(job)) < made:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.02))
        assert process.poll() is None, f"the job was done after {number} of {kills} kills"
        workers = [pid for pid in _processes_of(process.pid) if pid != process.pid]
        left = chance.choice(workers) if workers and chance.random() < 0.5 else 0
        os.kill(left or process.pid, signal.SIGKILL)
        if not left:
            process.wait(timeout=30)
    done = bool(left) and process.wait(timeout=280) == 0
    if not done:
        assert _start(job, chunk).wait(timeout=280) == 0
    end = time.monotonic() + 15
    while any(_processes_of(session) for session in sessions):
        assert time.monotonic() < end, "a worker outlives its coordinator"
        time.sleep(0.2)


def test_killed_at_random_moments(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, _rows(150))
    _torture(job, kills=3, chunk=5, seed=20180510)
    _assert_whole(job, pki, 150)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_kills_over_two_thousand_rows(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, _rows(2_000))
    _torture(job, kills=50, chunk=10, seed=2018)
    _assert_whole(job, pki, 2_000)


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of two megabytes; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no right to mount a small file system")
    return folder


def test_a_full_disk_stops_the_job_and_keeps_the_rest(tmp_path: Path, small_disk: Path, pki: Path) -> None:
    try:
        job = write_job(tmp_path / "job", pki, _rows(40))
        (tmp_path / "job/out").symlink_to(small_disk)
        with pytest.raises(AgreegenError):
            run_job(job, RunSettings(workers=1, chunk_rows=5))
        kept = len(documents_of(job))
        assert 0 < kept < 40
        assert [path for path in leftovers_of(job) if path.name.startswith(TEMPORARY_PREFIX)] == []
        subprocess.run(["mount", "-o", "remount,size=100m", str(small_disk)], check=True)
        summary = run_job(job, RunSettings(workers=1))
        assert summary.failed == 0
        assert summary.done + summary.already_done == 40
        _assert_whole(job, pki, 40)
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


def test_a_read_only_output_is_told(tmp_path: Path, small_disk: Path, pki: Path) -> None:
    try:
        job = write_job(tmp_path / "job", pki, _rows(2))
        (tmp_path / "job/out").symlink_to(small_disk)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(RegisterError):
            run_job(job, RunSettings(workers=1))
        subprocess.run(["mount", "-o", "remount,rw,size=50m", str(small_disk)], check=True)
        assert run_job(job, RunSettings(workers=1)).done == 2
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(RegisterError):
            run_job(job, RunSettings(workers=1))
        assert verify_register(job.register_file, files_root=job.output).problems == ()
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


def test_a_clock_that_was_set_back_is_told_and_does_no_harm(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, _rows(2))
    run_job(job, RunSettings(workers=1))
    write_job(tmp_path, pki, _rows(3))
    summary = run_job(job, RunSettings(workers=1), clock=lambda: clock() - timedelta(hours=2))
    assert (summary.done, summary.already_done) == (1, 2)
    assert any("the clock stands" in str(text) for text in summary.warnings)
    _assert_whole(job, pki, 3)


def test_a_certificate_that_expires_in_the_middle_stops_the_job(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, _rows(30))
    passed = timedelta()

    def tell(event: RunEvent) -> None:
        nonlocal passed
        if event.kind is RunEventKind.CHUNK:
            passed = timedelta(days=20 * 365)

    with pytest.raises(CredentialError, match="expired"):
        run_job(job, RunSettings(workers=1, chunk_rows=10), events=tell, clock=lambda: clock() + passed)
    assert len(documents_of(job)) == 10
    assert leftovers_of(job) == []
    summary = run_job(job, RunSettings(workers=1))
    assert (summary.done, summary.already_done, summary.failed) == (20, 10, 0)
