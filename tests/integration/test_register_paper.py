"""Scans as evidence: what opens and has a page, once for one document; faults leave nothing half-done."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.recording.recorder import Recorder
from agreegen.recording.scan_pdf import picture_as_pdfa
from agreegen.register.audit.service import verify_register
from agreegen.register.store import Register
from tests.integration.batch_support import make_pki, write_job, write_roster
from tests.judges import verapdf

ROWS = ["T003,欧阳修,,某县普查办,否", "T004,赵六,,某县普查办,否", "T005,钱七,,某县普查办,否"]
ALONE = RunSettings(workers=1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper") / "job"
    run_job(write_job(folder, make_pki(folder.parent / "pki"), ROWS), ALONE)
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Job:
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def picture(path: Path, shade: int = 200) -> Path:
    Image.new("L", (120, 160), shade).save(path)
    return path


def add(job: Job, scan: Path, *more: str) -> int:
    line = ["register", "add-paper", "--register", str(job.register_file), "--scan", str(scan)]
    return agreegen([*line, *(more or ("--staff-no", "T003"))])


def scans(job: Job) -> list[str]:
    folder = job.output / "scans"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def pages(path: Path, count: int) -> Path:
    with pikepdf.new() as pdf:
        for _ in range(count):
            pdf.add_blank_page(page_size=(595, 842))
        pdf.save(path)
    return path


REFUSED: dict[str, Callable[[Path], object]] = {
    "empty.pdf": lambda path: path.write_bytes(b""),
    "words.pdf": lambda path: path.write_bytes(b"signed, honestly"),
    "words.txt": lambda path: path.write_text("signed"),
    "cut.png": lambda path: path.write_bytes(picture(path).read_bytes()[:40]),
    "broken.pdf": lambda path: path.write_bytes(b"%PDF-1.7\nnothing follows"),
    "picture.gif": lambda path: Image.new("L", (10, 10)).save(path),
    "stack.pdf": lambda path: pages(path, 200),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_scan_of_this_document_is_refused(job: Job, tmp_path: Path, name: str) -> None:
    scan = tmp_path / name
    REFUSED[name](scan)
    before = job.register_file.read_bytes()
    assert add(job, scan) == 3
    assert job.register_file.read_bytes() == before
    assert scans(job) == []


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "pdf"])
def test_a_scan_is_taken_for_what_it_is_and_outlives_its_source(job: Job, tmp_path: Path, kind: str) -> None:
    scan = picture(tmp_path / f"real.{kind}")
    named = scan.rename(tmp_path / "scan")
    assert add(job, named, "--staff-no", "T003", "--by", "王主任") == 0
    named.unlink()
    audit = verify_register(job.register_file, files_root=job.output)
    assert (audit.problems, audit.unsigned) == ((), 0)
    with Register.open(job.register_file, read_only=True) as register:
        row = register.current("staff:T003")
        assert row is not None
        each = row.fulfilled["pledger"]
    assert (each.by, each.automatic, each.scans[0].pages) == ("王主任", False, 1)
    (job.output / each.scans[0].path).write_bytes(b"another")
    found = verify_register(job.register_file, files_root=job.output).problems
    assert [problem.code for problem in found] == ["file-changed"]


def test_one_scan_one_document(job: Job, tmp_path: Path) -> None:
    scan, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", 100)
    assert add(job, scan) == 0
    assert add(job, other) == 3, "a second scan of one person"
    assert add(job, scan, "--staff-no", "T004") == 3, "one scan for two people"
    retract = ["register", "retract", "--register", str(job.register_file), "--staff-no", "T003"]
    assert agreegen([*retract, "--reason", "the wrong sheet", "--by", "王主任"]) == 0
    assert agreegen([*retract, "--reason", "again"]) == 3
    assert add(job, other) == 0
    assert add(job, scan, "--staff-no", "T004") == 0
    assert verify_register(job.register_file, files_root=job.output).problems == ()


def test_a_replaced_document_takes_no_scan(job: Job, tmp_path: Path) -> None:
    with Register.open(job.register_file, read_only=True) as register:
        old = register.current("staff:T004")
    assert old is not None
    write_roster(job.path.parent, [ROWS[0], ROWS[1].replace("赵六", "赵陆"), ROWS[2]])
    run_job(job, ALONE)
    scan = picture(tmp_path / "a.png")
    assert add(job, scan, "--document", old.registration.id) == 3
    assert add(job, scan, "--document", "0" * 32) == 3
    assert add(job, scan, "--staff-no", "T999") == 3
    assert add(job, scan, "--staff-no", "T003", "--document", old.registration.id) == 2
    assert scans(job) == []


def test_nobody_to_sign_writes_nothing(job: Job, tmp_path: Path) -> None:
    unit = "  - {role: unit, credential: pki/credentials/unit-seal.yaml, level: B-B}\n"
    own = '  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml"}\n'
    job.path.write_text(job.path.read_text().replace(unit, own))
    before = job.register_file.read_bytes()
    assert add(job, picture(tmp_path / "a.png")) == 7
    assert job.register_file.read_bytes() == before
    assert scans(job) == []
    seal = str(job.path.parent / "pki/credentials/unit-seal.yaml")
    assert add(job, tmp_path / "a.png", "--staff-no", "T003", "--credential", seal) == 0


def test_a_full_disk_leaves_nothing(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = picture(tmp_path / "a.png")
    before = job.register_file.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert add(job, scan) == 7
    assert (job.register_file.read_bytes(), scans(job)) == (before, [])
    assert add(job, scan) == 0


def _die_before_recording(job_file: str, scan: str) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Recorder.record_paper = die  # type: ignore[method-assign]  # this process ends here
    add(read_job(Path(job_file)), Path(scan))


def _add(job_file: str, scan: str, number: str) -> None:
    raise SystemExit(add(read_job(Path(job_file)), Path(scan), "--staff-no", number))


@pytest.mark.verapdf
@pytest.mark.parametrize("kind", ["1.png", "L.jpg", "RGB.png", "RGBA.png", "P.png", "1.tif", "LA.png"])
def test_a_picture_becomes_pdfa(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    Image.new(kind.partition(".")[0], (120, 160)).save(path)
    made = picture_as_pdfa(path)
    assert b"<pdfaid:part>2<" in made
    # The judge holds files against PDF/A-3b, which permits what PDF/A-2b does; it asks for the claim, too.
    (tmp_path / "scan.pdf").write_bytes(made.replace(b"<pdfaid:part>2<", b"<pdfaid:part>3<"))
    assert verapdf.validate([tmp_path / "scan.pdf"]) == {tmp_path / "scan.pdf": (True, [])}


def test_killed_between_copy_and_register(job: Job, tmp_path: Path) -> None:
    scan = picture(tmp_path / "a.png")
    child = multiprocessing.get_context("spawn").Process(
        target=_die_before_recording, args=(str(job.path), str(scan))
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert verify_register(job.register_file, files_root=job.output).problems == ()
    assert add(job, scan) == 0
    assert len(scans(job)) == 1


def test_two_officers_at_once(job: Job, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    numbers = ("T003", "T004", "T005")
    officers = [
        context.Process(target=_add, args=(str(job.path), str(picture(tmp_path / f"{n}.png", 90 + i)), n))
        for i, n in enumerate(numbers)
    ]
    for officer in officers:
        officer.start()
    for officer in officers:
        officer.join()
    assert [officer.exitcode for officer in officers] == [0, 0, 0]
    audit = verify_register(job.register_file, files_root=job.output)
    assert (audit.problems, audit.unsigned) == ((), 0)
    assert agreegen(["register", "coverage", "--job", str(job.path)]) == 0
