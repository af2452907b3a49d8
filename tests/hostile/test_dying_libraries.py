"""A file over which a library really dies costs the process in which it was opened, and no command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.running.run import run_job
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.pdf.plain import NotPlainError, PlainPdf
from tests.attacks.documents import fill, signed
from tests.attacks.signer import PAGE_TEXT
from tests.hostile.dying_libraries import environment, put_before
from tests.integration.batch_support import PEOPLE, clock, forget, write_job
from tests.unit.verification.authority import Authority, sign

UNIT = "pki/credentials/unit-seal.yaml"
DIED = "broke down over it"
STRANGERS: dict[str, Callable[[], bytes]] = {"pikepdf": signed, "pypdfium2": lambda: fill(signed())}
"""A file of somebody else for each library, which the examination opens with it."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    people = [(line.split(",")[0], line.split(",")[1]) for line in PEOPLE]
    folder = tmp_path_factory.mktemp("keys") / "pki"
    return make_example_pki(folder, now=clock(), key_bits=2048, people=people)


@dataclass(frozen=True, slots=True)
class Desk:
    """Runs commands as users do, with a library that dies over files which hold some bytes."""

    folder: Path
    variables: dict[str, str]

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "agreegen", *map(str, arguments)]
        return subprocess.run(
            line,
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(params=sorted(STRANGERS))
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stranger(library: str, tmp_path: Path) -> Path:
    path = tmp_path / "stranger.pdf"
    path.write_bytes(STRANGERS[library]())
    return path


@pytest.fixture
def desk(library: str, tmp_path: Path) -> Desk:
    return _desk(tmp_path, library, PAGE_TEXT)


def _desk(folder: Path, library: str, mark: bytes) -> Desk:
    made = environment(put_before(folder / "before", library), mark)
    return Desk(folder, {**made, "AGREEGEN_LANG": "en", "PYTHONDONTWRITEBYTECODE": "1"})


def _signing(pki: ExamplePki, role: str, credential: str) -> tuple[object, ...]:
    return ("sign", "--role", role, "--credential", pki.credential(credential))


def test_the_library_dies_at_the_file(desk: Desk, library: str, stranger: Path) -> None:
    """Else the other tests would prove nothing."""
    opening = "PdfDocument" if library == "pypdfium2" else "open"
    line = [sys.executable, "-c", f"import {library}; {library}.{opening}({str(stranger)!r})"]
    assert subprocess.run(line, env=desk.variables, check=False).returncode == -6


@pytest.mark.parametrize("command", ["sign", "extend"])
def test_nothing_is_signed_or_extended(
    desk: Desk, pki: ExamplePki, stranger: Path, tmp_path: Path, command: str
) -> None:
    line: tuple[object, ...] = ("extend", "--level", "B-T", "--tsa", "http://127.0.0.1:9/")
    if command == "sign":
        line = _signing(pki, "second", "unit-seal")
    (tmp_path / "work").mkdir()
    told = desk.run(*line, stranger, "-o", "work/out.pdf")
    assert (told.returncode, told.stdout) == (6, "")
    assert "stranger.pdf" in told.stderr
    assert DIED in told.stderr
    assert not list((tmp_path / "work").iterdir())


def test_the_other_files_are_signed(desk: Desk, pki: ExamplePki, stranger: Path, tmp_path: Path) -> None:
    good = [tmp_path / "a.pdf", tmp_path / "z.pdf"]
    for path in good:
        path.write_bytes(stranger.read_bytes().replace(PAGE_TEXT, PAGE_TEXT[::-1]))
    good[0].write_bytes(_pledge(desk, tmp_path / "pledge.pdf"))
    line = _signing(pki, "unit", "unit-seal")
    told = desk.run(*line, good[0], stranger, "-o", "out/")
    assert told.returncode == 8
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.pdf"]


def _pledge(desk: Desk, target: Path) -> bytes:
    (desk.folder / "p.yaml").write_text("pledger_name: 王秀英\nstaff_no: T001\n", "utf-8")
    made = desk.run("generate", "personal-pledge", "--params", "p.yaml", "-o", target)
    assert made.returncode == 0, made.stderr
    return target.read_bytes()


def test_what_was_made_of_a_file_signed_before_is_read_back_elsewhere(
    pki: ExamplePki, tmp_path: Path
) -> None:
    """The file itself is proved by making it again; reading back what was signed opens it with libraries."""
    (tmp_path / "plain").mkdir()
    plain = Desk(tmp_path / "plain", {**os.environ, "AGREEGEN_LANG": "en"})
    data = _pledge(plain, tmp_path / "pledge.pdf")
    attested = tmp_path / "attested.pdf"
    done = plain.run(*_signing(pki, "unit", "unit-seal"), tmp_path / "pledge.pdf", "-o", attested)
    assert done.returncode == 0, done.stderr
    desk = _desk(tmp_path, "pikepdf", data[-200:])
    told = desk.run(*_signing(pki, "pledger", "people/T001"), attested, "-o", "out.pdf")
    assert told.returncode == 6
    assert DIED in told.stderr
    assert not (tmp_path / "out.pdf").exists()


def test_a_bag_says_that_it_could_not_be_judged(
    desk: Desk, pki: ExamplePki, stranger: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source/documents"
    source.mkdir(parents=True)
    stranger.rename(source / "stranger.pdf")
    line = ("archive", "create", "source", "-o", "bag", "--credential", pki.credential("archive-seal"))
    told = desk.run(*line)
    assert told.returncode == 0, told.stderr
    (judged,) = json.loads((tmp_path / "bag/data/verification-report.json").read_text("utf-8"))["files"]
    assert judged["verdict"] == "indeterminate"
    assert "limit" in [alarm["code"] for alarm in judged["alarms"]]
    assert list((tmp_path / "bag/data/certificates").iterdir())


def test_nothing_is_taken_into_a_register(
    desk: Desk, pki: ExamplePki, stranger: Path, tmp_path: Path
) -> None:
    run_job(job := write_job(tmp_path / "job", pki.folder), RunSettings(workers=1))
    line = ("register", "add-signed", stranger, "--register", job.register_file, "--trust", pki.trust)
    told = desk.run(*line)
    assert told.returncode == 3
    assert "stranger.pdf" in told.stderr


@pytest.mark.parametrize("library", ["pikepdf", "pypdfium2"])
def test_a_scan_is_recorded_of_a_registered_file(pki: ExamplePki, tmp_path: Path, library: str) -> None:
    """It may have come back from somebody else; no library is asked how many pages it has."""
    job = write_job(tmp_path / "job", pki.folder)
    run_job(job, RunSettings(workers=1))
    (file,) = job.documents_folder.rglob("T001.pdf")
    Image.new("1", (60, 80), 1).save(tmp_path / "scan.png")
    line = ("register", "add-paper", "--register", job.register_file, "--staff-no", "T001", "--by", "王主任")
    told = _desk(tmp_path, library, file.read_bytes()[-200:]).run(
        *line, "--scan", "scan.png", "--credential", pki.credential("unit-seal")
    )
    assert told.returncode == 0, told.stderr


@pytest.fixture
def came_back(pki: ExamplePki, tmp_path: Path) -> tuple[Job, bytes]:
    """A finished job in which T001 signed with another program, which writes what no plain file holds."""
    run_job(job := write_job(tmp_path / "job", pki.folder), RunSettings(workers=1))
    (file,) = job.documents_folder.rglob("T001.pdf")
    people, back = pki.credentials / "people", tmp_path / "back.pdf"
    signer = SimpleSigner.load_pkcs12(  # type: ignore[no-untyped-call]
        people / "T001.p12", passphrase=(people / "T001.pass").read_bytes().strip()
    )
    metadata = PdfSignatureMetadata(
        field_name="pledger", subfilter=SigSeedSubFilter.PADES, reason="startxref"
    )
    writer = IncrementalPdfFileWriter(file.open("rb"))
    back.write_bytes(PdfSigner(metadata, signer).sign_pdf(writer).getvalue())
    with pytest.raises(NotPlainError):
        PlainPdf.read(back.read_bytes())
    desk = Desk(tmp_path, {**os.environ, "AGREEGEN_LANG": "en"})
    done = desk.run("register", "add-signed", back, "--register", job.register_file, "--trust", pki.trust)
    assert done.returncode == 0, done.stderr
    return job, back.read_bytes()


def _print(desk: Desk, job: Job, *more: str) -> subprocess.CompletedProcess[str]:
    return desk.run("batch", "print", job.path, "-o", "paper.pdf", "--all", *more)


def test_what_came_back_is_printed(came_back: tuple[Job, bytes], tmp_path: Path) -> None:
    job, _ = came_back
    told = _print(Desk(tmp_path, {**os.environ, "AGREEGEN_LANG": "en"}), job, "--no-separators", "--json")
    assert told.returncode == 0, told.stderr
    assert [each["staff_no"] for each in json.loads(told.stdout)["documents"]] == ["T001", "T002", "T003"]
    with pikepdf.open(tmp_path / "paper.pdf") as pdf:
        assert len(pdf.pages) == 3


def test_what_came_back_and_kills_a_library_is_left_out_of_print(
    came_back: tuple[Job, bytes], tmp_path: Path
) -> None:
    job, data = came_back
    told = _print(_desk(tmp_path, "pikepdf", data[-200:]), job, "--json")
    assert told.returncode == 8, told.stderr
    printed = json.loads(told.stdout)
    assert [each["staff_no"] for each in printed["documents"]] == ["T002", "T003"]
    assert [(each["row"], DIED in each["reason"]) for each in printed["skipped"]] == [(2, True)]


def test_margins_are_looked_at_in_a_document_of_ours(came_back: tuple[Job, bytes], tmp_path: Path) -> None:
    job, data = came_back
    desk = _desk(tmp_path, "pypdfium2", data[-200:])
    told = _print(desk, job, "--json")
    assert told.returncode == 0, told.stderr
    assert len(json.loads(told.stdout)["documents"]) == 3
    (tmp_path / "paper.pdf").unlink()
    told = _print(desk, job, "--staff-no", "T001")
    assert told.returncode == 3
    assert DIED in told.stderr
    assert not (tmp_path / "paper.pdf").exists()


@pytest.mark.parametrize("library", ["pikepdf", "pypdfium2"])
def test_no_library_opens_a_document_of_ours_for_its_pages(
    pki: ExamplePki, tmp_path: Path, library: str
) -> None:
    run_job(job := write_job(tmp_path / "job", pki.folder), RunSettings(workers=1))
    (file,) = job.documents_folder.rglob("T002.pdf")
    told = _print(_desk(tmp_path, library, file.read_bytes()[-200:]), job)
    assert told.returncode == 0, told.stderr


@pytest.fixture
def signed_elsewhere(pki: ExamplePki, tmp_path: Path) -> tuple[Job, bytes]:
    """A finished job in which one document was signed by another program; no register knows any of them."""
    run_job(job := write_job(tmp_path / "job", pki.folder), RunSettings(workers=1))
    (file,) = job.documents_folder.rglob("T001.pdf")
    data = file.read_bytes()
    unsigned = data[: data.index(b"%%EOF\n") + 6]
    authority = Authority.root()
    file.write_bytes(sign(unsigned, authority.issue("A stranger"), authority.holder, field_name="unit"))
    forget(job)
    return job, file.read_bytes()


def test_a_run_sets_the_file_aside(signed_elsewhere: tuple[Job, bytes], tmp_path: Path) -> None:
    job, data = signed_elsewhere
    told = _desk(tmp_path, "pikepdf", data[-200:]).run("batch", "run", job.path, "--workers", "1")
    assert told.returncode == 0, told.stderr
    (kept,) = (job.output / "quarantine").rglob("*.pdf")
    assert kept.read_bytes() == data
    assert DIED in told.stdout + told.stderr


def test_a_rebuilt_register_leaves_the_file_out(signed_elsewhere: tuple[Job, bytes], tmp_path: Path) -> None:
    job, data = signed_elsewhere
    job.register_file.unlink()
    line = ("register", "rebuild", job.output, "--job", job.path, "--yes")
    told = _desk(tmp_path, "pikepdf", data[-200:]).run(*line, "--credential", job.path.parent / UNIT)
    assert told.returncode == 1, told.stderr
    assert DIED in told.stdout + told.stderr
