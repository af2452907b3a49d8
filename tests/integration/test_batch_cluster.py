"""The same jobs on a real Dask cluster over TLS, with a worker killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dask
import distributed  # noqa: F401 - sets Dask's defaults before a fixture changes them
import pytest

from agreegen.api.register_heads import head_judge
from agreegen.batch.interface import Job, RunEvent, RunEventKind, RunSettings
from agreegen.batch.running.run import run_job
from agreegen.errors import RegisterError, UsageError
from agreegen.example_pki.responder import free_port
from agreegen.register.audit.service import verify_register
from agreegen.signing.trust import load_trust
from tests.integration.batch_support import (
    PEOPLE,
    clock,
    documents_of,
    forget,
    leftovers_of,
    make_pki,
    write_job,
    write_roster,
)

pytestmark = pytest.mark.libreoffice


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("cluster") / "pki")


class Cluster:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.files = _make_tls(folder)
        self.address = f"tls://127.0.0.1:{free_port()}"
        port = self.address.rsplit(":", 1)[1]
        tls = [f"--tls-{name}={path}" for name, path in self.files.items()]
        common = ["--no-dashboard", *tls]
        scheduler = ["scheduler", f"--host={self.address}", f"--port={port}", *common]
        self.scheduler = self._start(scheduler, folder)
        self._worker = ["worker", self.address, "--nthreads=1", "--no-nanny", *common]
        self._folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self.fill()

    def fill(self) -> None:
        """Start workers until there are two."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < 2:
            self.workers.append(self._start(self._worker, self._folder))

    def _start(self, arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def close(self) -> None:
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()


def _make_tls(folder: Path) -> dict[str, Path]:
    key, certificate = folder / "tls.key", folder / "tls.pem"
    arguments = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    arguments += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=EXAMPLE cluster"]
    subprocess.run([*arguments, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return {"ca-file": certificate, "cert": certificate, "key": key}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    running = Cluster(tmp_path_factory.mktemp("dask"))
    files = {"ca-file": "ca-file", "client.cert": "cert", "client.key": "key"}
    tls = {f"distributed.comm.tls.{name}": str(running.files[file]) for name, file in files.items()}
    try:
        with dask.config.set(tls):
            yield running
    finally:
        running.close()


def _settings(cluster: Cluster, chunk: int) -> RunSettings:
    return RunSettings(engine="dask", scheduler=cluster.address, chunk_rows=chunk)


def _elsewhere(job: Job, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Give a job an output folder that is another one, and not there, for the workers of the cluster."""
    monkeypatch.chdir(folder)
    return replace(job, output=Path("/proc/self/cwd/out"))


@pytest.mark.parametrize("output", ["shared", "copied"])
def test_a_worker_killed_in_the_middle_loses_nothing(
    tmp_path: Path, pki: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    cluster.fill()
    rows = [f"D{number:03},王秀英,,某市普查办,否" for number in range(60)]
    job = write_job(tmp_path, pki, rows)
    if output == "copied":
        job = _elsewhere(job, tmp_path, monkeypatch)
    killed: list[int] = []

    def kill(event: RunEvent) -> None:
        if event.kind is RunEventKind.CHUNK and not killed:
            victim = cluster.workers[-1]
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    time.sleep(3)
    summary = run_job(job, _settings(cluster, 3), events=kill)
    assert killed
    assert (summary.done, summary.failed) == (60, 0)
    assert len(documents_of(job)) == 60
    assert leftovers_of(job) == []
    check = head_judge(load_trust([pki / "trust"]), clock())
    assert verify_register(job.register_file, files_root=job.output, judge_head=check).problems == ()
    again = run_job(job, RunSettings(workers=1))
    assert (again.done, again.already_done) == (0, 60)


@pytest.mark.parametrize("engine", ["alone", "processes", "dask", "dask, copied back"])
def test_every_engine_keeps_the_contract(
    tmp_path: Path, pki: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    settings = {
        "alone": RunSettings(workers=1),
        "processes": RunSettings(workers=2, chunk_rows=2),
        "dask": _settings(cluster, 2),
        "dask, copied back": _settings(cluster, 2),
    }[engine]
    job = write_job(tmp_path, pki, [*PEOPLE, "T004,王\U000e0001五,,某市,否"])
    if "copied" in engine:
        job = _elsewhere(job, tmp_path, monkeypatch)

    def run() -> tuple[int, int, int, int]:
        summary = run_job(job, settings)
        return summary.done, summary.already_done, summary.failed, summary.superseded

    assert run() == (3, 0, 1, 0)
    assert run() == (0, 3, 1, 0)
    write_roster(tmp_path, [*PEOPLE, "T005,孙七,,某市,否"])
    assert run() == (1, 3, 0, 0)
    write_roster(tmp_path, ["T001,王秀兰,,某市普查办,否", *PEOPLE[1:], "T005,孙七,,某市,否"])
    assert run() == (1, 3, 0, 1)
    forget(job)
    assert run() == (4, 0, 0, 0)
    assert len(documents_of(job)) == 4
    assert leftovers_of(job) == []
    check = head_judge(load_trust([pki / "trust"]), clock())
    assert verify_register(job.register_file, files_root=job.output, judge_head=check).problems == ()


def test_a_foreign_file_in_the_place_of_a_copied_document_is_moved_aside(
    tmp_path: Path, pki: Path, cluster: Cluster
) -> None:
    job = write_job(tmp_path, pki)
    settings = replace(_settings(cluster, 2), copy_back=True)
    assert run_job(job, settings).done == 3
    victim = documents_of(job)[0]
    whole = victim.read_bytes()
    victim.write_bytes(whole.replace(b"/ETSI.CAdES", b"/ETSI.CAdEZ"))
    summary = run_job(job, settings)
    assert (summary.done, summary.already_done) == (0, 3)  # what is there counts as done; verify finds it
    forget(job)
    summary = run_job(job, settings)
    assert (summary.done, summary.adopted, summary.failed) == (3, 2, 0)
    assert any("was moved to quarantine/" in str(warning) for warning in summary.warnings)
    assert len(documents_of(job)) == 3
    assert leftovers_of(job) == []


def test_plain_connections_are_refused(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki)
    with pytest.raises(UsageError, match="TLS only"):
        run_job(job, RunSettings(engine="dask", scheduler="tcp://127.0.0.1:8786"))
    with pytest.raises(UsageError, match="no scheduler"):
        run_job(job, RunSettings(engine="dask"))
    with pytest.raises(UsageError, match="unknown engine"):
        run_job(job, RunSettings(engine="abacus"))


def test_a_lost_scheduler_is_told_and_a_run_goes_on(tmp_path: Path, pki: Path, cluster: Cluster) -> None:
    job = write_job(tmp_path, pki, [f"L{number:03},王秀英,,某市普查办,否" for number in range(40)])

    def kill(event: RunEvent) -> None:
        if event.kind is RunEventKind.CHUNK:
            cluster.scheduler.kill()

    with pytest.raises(RegisterError, match="scheduler is gone"):
        run_job(job, _settings(cluster, 2), events=kill)
    summary = run_job(job, RunSettings(workers=1))
    assert summary.done + summary.already_done == 40
    assert len(documents_of(job)) == 40
    assert verify_register(job.register_file, files_root=job.output).problems == ()
