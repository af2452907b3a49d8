"""Where a cluster's keys are: with the coordinator, or with the workers only; never in a task."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.api.register_heads import head_judge
from agreegen.batch.interface import Job, RunEvent, RunEventKind, RunSettings
from agreegen.batch.running.run import run_job
from agreegen.errors import InputError, RegisterError, UsageError
from agreegen.model.report import Verdict
from agreegen.register.audit.service import verify_register
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_path
from tests.integration.batch_support import clock, documents_of, leftovers_of, make_pki, write_job
from tests.integration.test_batch_cluster import Cluster

pytestmark = pytest.mark.libreoffice

ROWS = [f"K{number:03},王秀英,,某市普查办,否" for number in range(12)]
RUN = """
import sys
from pathlib import Path
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import RunSettings, run_job
job, scheduler = read_job(Path(sys.argv[1])), sys.argv[2]
assert not Path(sys.argv[3]).exists(), "the key is to be hidden from the coordinator"
print(run_job(job, RunSettings(engine="dask", scheduler=scheduler, chunk_rows=3)).done)
"""


@pytest.fixture(scope="module")
def shared_pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("keys") / "pki")


@pytest.fixture
def pki(tmp_path: Path, shared_pki: Path) -> Path:
    """A copy of the example PKI, to be changed."""
    shutil.copytree(shared_pki, tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    running = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(autouse=True)
def tls(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, file in {"CA": "ca-file", "CERT": "cert", "KEY": "key"}.items():
        monkeypatch.setenv(f"AGREEGEN_DASK_{name}", str(cluster.files[file]))


def _settings(cluster: Cluster) -> RunSettings:
    return RunSettings(engine="dask", scheduler=cluster.address, workers=2, chunk_rows=3)


def _set_passphrase(pki: Path, source: str) -> str:
    """Change where the seal's passphrase comes from, and return the passphrase."""
    path = pki / "credentials/unit-seal.yaml"
    lines = path.read_text("utf-8").splitlines()
    [line] = [line for line in lines if line.startswith("passphrase:")]
    file = path.parent / line.split("file:")[1].strip(" }\"'")
    path.write_text("\n".join(f"passphrase: {source}" if each == line else each for each in lines), "utf-8")
    passphrase = file.read_text("utf-8").strip()
    file.unlink()
    return passphrase


def _assert_valid(job: Job, pki: Path, *, heads: bool = True) -> None:
    trust = load_trust([pki / "trust"])
    check = head_judge(trust, clock()) if heads else None
    assert verify_register(job.register_file, files_root=job.output, judge_head=check).problems == ()
    assert leftovers_of(job) == []
    options = Options(now=clock(), anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    reports = [verify_path(path, options) for path in documents_of(job)]
    assert [report.verdict for report in reports] == [Verdict.VALID] * len(ROWS)


def test_a_typed_passphrase_stays_with_the_coordinator(tmp_path: Path, pki: Path, cluster: Cluster) -> None:
    passphrase = _set_passphrase(pki, "{prompt: true}")
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return passphrase

    job = write_job(tmp_path / "job", pki, ROWS)
    settings = RunSettings(engine="dask", scheduler=cluster.address, chunk_rows=3, prompt=answer)
    assert run_job(job, settings).done == len(ROWS)
    assert len(asked) == 1
    _assert_valid(job, pki)


def test_workers_without_the_passphrase_have_the_coordinator_sign(
    tmp_path: Path, pki: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLY_THE_COORDINATOR_HAS", _set_passphrase(pki, "{env: ONLY_THE_COORDINATOR_HAS}"))
    job = write_job(tmp_path / "job", pki, ROWS)
    assert run_job(job, _settings(cluster)).done == len(ROWS)
    _assert_valid(job, pki)


def test_a_key_that_only_the_workers_have(tmp_path: Path, pki: Path, cluster: Cluster) -> None:
    job = write_job(tmp_path / "job", pki, ROWS)
    hidden = pki / "credentials"
    script = f'mount -t tmpfs none "{hidden}" || exit 77; exec "$@"'
    arguments = ["-c", RUN, str(job.path), cluster.address, str(hidden / "unit-seal.yaml")]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("no right to hide a folder from a process")
    assert done.stdout.strip() == str(len(ROWS)), done.stderr
    _assert_valid(job, pki, heads=False)


def test_strangers_are_kept_out(
    tmp_path: Path, pki: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = write_job(tmp_path / "job", pki, ROWS)
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    arguments = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    arguments += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=EXAMPLE stranger"]
    subprocess.run(arguments, check=True, capture_output=True, cwd=strangers)
    monkeypatch.setattr("agreegen.batch.workers.cluster._CONNECT_S", 3)
    monkeypatch.setenv("AGREEGEN_DASK_CERT", str(strangers / "cert.pem"))
    monkeypatch.setenv("AGREEGEN_DASK_KEY", str(strangers / "key.pem"))
    with pytest.raises(RegisterError, match="cannot be reached"):
        run_job(job, _settings(cluster))
    monkeypatch.setenv("AGREEGEN_DASK_KEY", str(strangers / "missing.pem"))
    with pytest.raises(InputError, match="TLS files cannot be used"):
        run_job(job, _settings(cluster))
    monkeypatch.delenv("AGREEGEN_DASK_KEY")
    with pytest.raises(UsageError, match="AGREEGEN_DASK_KEY"):
        run_job(job, _settings(cluster))
    assert documents_of(job) == []


def test_without_any_worker_left_the_run_ends(
    tmp_path: Path, pki: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test with this cluster: it takes the workers away."""
    job = write_job(tmp_path / "job", pki, ROWS)
    monkeypatch.setattr("agreegen.batch.workers.cluster._NO_WORKERS_S", 4.0)

    def end_workers(event: RunEvent) -> None:
        if event.kind is RunEventKind.STARTED:
            for process in cluster.workers:
                process.kill()

    with pytest.raises(RegisterError, match="worker"):
        run_job(job, _settings(cluster), events=end_workers)
    summary = run_job(job, RunSettings(workers=1))
    assert summary.done + summary.already_done == len(ROWS)
    _assert_valid(job, pki)
