"""The commands run in process; one example PKI and one set of documents for all of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agreegen.cli.main import run
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port

SAMPLES = Path(__file__).resolve().parents[2] / "batch"
PEOPLE = (("HN0001", "张伟"), ("HN0004", "阿卜杜热合曼·买买提"))
AGREEMENT_ROLES = ("party_a_seal", "party_a_representative", "party_b_seal", "party_b_representative")


@dataclass(frozen=True, slots=True)
class Result:
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read standard output as one JSON value."""
        return json.loads(self.out)


Agreegen = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Papers:
    """Documents that were made by the commands themselves.

    Attributes:
        agreement: Unsigned agreement.
        signed_agreement: The same, signed by all four.
        pledge: Unsigned pledge of HN0004.
        attested: The same, attested by the unit; the person's field is open.
    """

    agreement: Path
    signed_agreement: Path
    pledge: Path
    attested: Path


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's settings out, and what a command sets in."""
    for name, value in (("AGREEGEN_FORMS", ""), ("AGREEGEN_LANG", "en"), ("COLUMNS", "160")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AGREEGEN_FORMS")


@pytest.fixture
def agreegen(capsys: pytest.CaptureFixture[str]) -> Agreegen:
    """Return a function that runs one command line."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    """An example PKI that must not be changed; smaller keys than the command's save time."""
    folder = tmp_path_factory.mktemp("cli") / "pki"
    return make_example_pki(folder, now=datetime.now(UTC), key_bits=2048, people=PEOPLE, port=free_port())


@pytest.fixture(scope="session")
def services(pki: ExamplePki) -> Iterator[Responder]:
    """Timestamps, OCSP and revocation lists of the example PKI."""
    with Responder(pki.folder) as responder:
        yield responder


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory, pki: ExamplePki) -> Papers:
    """Documents that must not be changed, made once by `generate` and `sign`."""
    folder = tmp_path_factory.mktemp("papers")
    made = Papers(*(folder / name for name in ("agreement.pdf", "signed.pdf", "pledge.pdf", "attested.pdf")))
    generate("confidentiality-agreement", SAMPLES / "confidentiality-agreement.yaml", made.agreement)
    generate("personal-pledge", SAMPLES / "pledge.yaml", made.pledge)
    source = made.agreement
    for role in AGREEMENT_ROLES:
        target = folder / f"{role}.pdf"
        sign(pki, source, target, role, role.replace("_", "-"))
        source = target
    source.replace(made.signed_agreement)
    sign(pki, made.pledge, made.attested, "unit", "unit-seal")
    return made


@pytest.fixture(scope="session")
def roster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A roster of three people in CSV."""
    path = tmp_path_factory.mktemp("roster") / "people.csv"
    path.write_text("姓名,编号\n张伟,HN0001\n李秀英,HN0002\n阿卜杜热合曼·买买提,HN0004\n", "utf-8")
    return path


@pytest.fixture(scope="session")
def finished_job(tmp_path_factory: pytest.TempPathFactory, pki: ExamplePki, roster: Path) -> Path:
    """A job that has been run: three pledges attested by the unit, that of HN0002 open for its person."""
    job = write_job(tmp_path_factory.mktemp("job"), pki, roster)
    assert run(["-q", "batch", "run", str(job), "--workers", "1"]) == 0
    return job


@pytest.fixture
def own_job(tmp_path: Path, finished_job: Path) -> Path:
    """A copy of the finished job that a test may spoil."""
    folder = tmp_path / "job"
    shutil.copytree(finished_job.parent, folder)
    return folder / finished_job.name


def write_job(folder: Path, pki: ExamplePki, people: Path, **changes: object) -> Path:
    """Write a job file that makes pledges attested by the unit and signed by those who have a key."""
    settings: dict[str, object] = {
        "form": "personal-pledge",
        "roster": {"file": str(people)},
        "defaults": {"pledge_date": "2018-05-10"},
        "output": "pledges",
        "signatures": [
            {"role": "unit", "credential": str(pki.credential("unit-seal"))},
            {
                "role": "pledger",
                "credential": str(pki.credentials / "people" / "{staff_no}.yaml"),
                "missing": "leave-open",
            },
        ],
        "trust": [str(pki.trust)],
        **changes,
    }
    path = folder / "job.yaml"
    path.write_text(json.dumps(settings, ensure_ascii=False), "utf-8")
    return path


def generate(form_id: str, params: Path, target: Path) -> None:
    """Make one document, outside any test."""
    assert run(["-q", "generate", form_id, "--params", str(params), "-o", str(target)]) == 0


def sign(pki: ExamplePki, source: Path, target: Path, role: str, credential: str) -> None:
    """Sign one document, outside any test."""
    arguments = ["-q", "sign", str(source), "-o", str(target), "--role", role, "--trust", str(pki.trust)]
    assert run([*arguments, "--credential", str(pki.credential(credential))]) == 0


def files_below(folder: Path) -> set[str]:
    """List every file in a folder and below, so that a test can say that nothing was left there."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def archived_job(tmp_path_factory: pytest.TempPathFactory, pki: ExamplePki, finished_job: Path) -> Path:
    """A folder with a copy of the finished job, `job/`, and the bag of it, `bag/`, without timestamp."""
    folder = tmp_path_factory.mktemp("archived")
    shutil.copytree(finished_job.parent, folder / "job")
    line = ["-q", "archive", "create", str(folder / "job/pledges"), "-o", str(folder / "bag")]
    sealed = ["--trust", str(pki.trust), "--credential", str(pki.credential("archive-seal"))]
    assert run([*line, *sealed]) == 0
    return folder


@pytest.fixture
def bag(tmp_path: Path, own_job: Path, archived_job: Path) -> Path:
    """A bag of the finished job that a test may spoil; `own_job` is the one that it was made of."""
    shutil.rmtree(own_job.parent)
    for name in ("job", "bag"):
        shutil.copytree(archived_job / name, tmp_path / name)
    return tmp_path / "bag"
