"""Documents of a batch that come back signed: they take the place of the file before, and runs go on."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.recording.recorder import Recorder
from agreegen.register.store import Register
from tests.integration.batch_support import make_pki, write_job

ALONE = RunSettings(workers=1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("received") / "job"
    run_job(write_job(folder, make_pki(folder.parent / "pki")), ALONE)
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Job:
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def _signed_elsewhere(job: Job, target: Path) -> Path:
    """Have T001 sign her pledge with her own program."""
    source = next(job.documents_folder.rglob("T001.pdf"))
    credential = job.path.parent / "pki/credentials/people/T001.yaml"
    line = ["sign", str(source), "-o", str(target), "--role", "pledger", "--credential", str(credential)]
    assert agreegen(line) == 0
    return target


def _add(job: Job, back: Path) -> int:
    trust = ["--trust", str(job.path.parent / "pki/trust")]
    return agreegen(["register", "add-signed", str(back), "--register", str(job.register_file), *trust])


def _require_received(job: Job, back: Path) -> None:
    trust = ["--trust", str(job.path.parent / "pki/trust")]
    assert agreegen(["register", "verify", "--register", str(job.register_file), *trust]) == 0
    with Register.open(job.register_file, read_only=True) as register:
        row = register.current("staff:T001")
    assert row is not None
    assert set(row.fulfilled) == {"unit", "pledger"}
    assert (job.output / row.registration.path).read_bytes() == back.read_bytes()


def test_a_pledge_comes_back_and_the_next_run_knows_it(job: Job, tmp_path: Path) -> None:
    back = _signed_elsewhere(job, tmp_path / "back.pdf")
    assert _add(job, back) == 0
    _require_received(job, back)
    assert len(list(job.documents_folder.rglob("*.pdf"))) == 3
    summary = run_job(job, ALONE)
    assert (summary.done, summary.already_done, summary.left_open) == (0, 3, 2)
    _require_received(job, back)


def _die_before_recording(job_file: str, back: str) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Recorder.record = die  # type: ignore[method-assign]  # this process ends here
    _add(read_job(Path(job_file)), Path(back))


@pytest.mark.parametrize("run_between", [False, True])
def test_killed_before_it_is_recorded(job: Job, tmp_path: Path, run_between: bool) -> None:
    """The file lies there already, and the register does not know it; to do it again is enough."""
    back = _signed_elsewhere(job, tmp_path / "back.pdf")
    dead = multiprocessing.get_context("spawn").Process(
        target=_die_before_recording, args=(str(job.path), str(back))
    )
    dead.start()
    dead.join(900)
    assert dead.exitcode == -signal.SIGKILL
    if run_between:
        assert run_job(job, ALONE).already_done == 3
    assert _add(job, back) == 0
    _require_received(job, back)
