"""What is the user's is never destroyed: no input is written over, whatever its name or link."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.batch.checking.preflight import check_job
from agreegen.batch.interface import RunEvent, RunEventKind, RunSettings
from agreegen.batch.job.output_folder import OutputError
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run
from agreegen.errors import UsageError
from agreegen.files import guarding_inputs, note_input, read_limited, write_atomically
from tests.integration.batch_support import PEOPLE, clock, make_pki, write_job

ALONE = RunSettings(workers=1)
_BAD = [f"B{number:03},,,某市,否" for number in range(20)]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("pki"))


def _mend(path: Path) -> bytes:
    lines = path.read_text("utf-8-sig").splitlines()
    mended = [lines[0], *(line.replace(",,,", f",王{chr(0x4E00 + n)},,") for n, line in enumerate(lines[1:]))]
    path.write_text("\n".join(mended) + "\n", "utf-8")
    return path.read_bytes()


_SPELLINGS: dict[str, Callable[[Path], Path]] = {
    "plain": lambda path: path,
    "relative": lambda path: Path(os.path.relpath(path)),
    "dots": lambda path: path.parent / "documents" / ".." / path.name,
    "symlink": lambda path: _linked(path, os.symlink),
    "hard link": lambda path: _linked(path, os.link),
}


def _linked(path: Path, link: Callable[[Path, Path], None]) -> Path:
    other = path.parent.parent / "mended.csv"
    link(path, other)
    return other


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_mended_rows_survive_a_run_over_a_few_of_them(tmp_path: Path, pki: Path, spelling: str) -> None:
    job = write_job(tmp_path, pki, [PEOPLE[0], *_BAD])
    assert run_job(job, ALONE).failed == 20
    failed = job.output / "failed-rows.csv"
    mended = _mend(failed)
    roster = _SPELLINGS[spelling](failed)
    summary = run_job(job, replace(ALONE, roster=roster, limit=5))
    assert summary.done == 5
    assert failed.read_bytes() == mended
    assert summary.failed_rows == str(job.output / "failed-rows-2.csv")
    again = run_job(job, replace(ALONE, roster=roster, limit=7))
    assert (again.done, again.already_done) == (2, 5)
    assert again.failed_rows == str(job.output / "failed-rows-2.csv"), "what a run wrote is replaced"
    assert failed.read_bytes() == mended


def test_mended_rows_survive_a_run_of_the_whole_roster(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, [PEOPLE[0], *_BAD])
    run_job(job, ALONE)
    assert run_job(job, ALONE).failed_rows == str(job.output / "failed-rows.csv")
    mended = _mend(job.output / "failed-rows.csv")
    summary = run_job(job, ALONE)
    assert summary.failed_rows == str(job.output / "failed-rows-2.csv")
    assert (job.output / "failed-rows.csv").read_bytes() == mended
    shutil.copy(job.output / "failed-rows.xlsx", tmp_path / "x.xlsx")
    (job.output / "failed-rows-2.xlsx").write_bytes(b"edited")
    assert run_job(job, ALONE).failed_rows == str(job.output / "failed-rows-3.csv")
    assert (job.output / "failed-rows-2.xlsx").read_bytes() == b"edited"


def test_an_interrupted_run_over_mended_rows_keeps_them(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path, pki, [PEOPLE[0], *_BAD])
    run_job(job, ALONE)
    failed = job.output / "failed-rows.csv"
    mended = _mend(failed)
    pressed: list[RunEvent] = []

    def press(event: RunEvent) -> None:
        if event.kind is RunEventKind.ROW and not pressed:
            pressed.append(event)
            os.kill(os.getpid(), signal.SIGINT)

    summary = run_job(job, replace(ALONE, roster=failed, chunk_rows=2), events=press)
    assert summary.interrupted
    assert failed.read_bytes() == mended


def test_the_guard_knows_a_file_by_what_it_is(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_bytes(b"1")
    (tmp_path / "hard").hardlink_to(one)
    (tmp_path / "soft").symlink_to(one)
    with guarding_inputs():
        read_limited(one, 10)
        for name in ("one", "hard", "soft", "../" + tmp_path.name + "/one"):
            with pytest.raises(UsageError, match="one of the files that were read"):
                write_atomically(tmp_path / name, b"2")
        write_atomically(tmp_path / "new", b"2")
        note_input(tmp_path / "missing")
    write_atomically(one, b"2")


def test_commands_refuse_outputs_that_they_read(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path / "job", pki)
    run_job(job, ALONE)
    document = next(job.documents_folder.rglob("*.pdf"))
    params = tmp_path / "p.yaml"
    params.write_text("pledger_name: 王秀英\n", "utf-8")
    kept = {path: path.read_bytes() for path in (params, document, job.path, job.register_file)}
    credential = pki / "credentials" / "people" / f"{document.stem}.yaml"
    key = next(credential.parent.glob(f"{document.stem}.p12"))
    (tmp_path / "key.pdf").symlink_to(key)
    (tmp_path / "yaml.pdf").symlink_to(credential)
    (tmp_path / "register.csv").hardlink_to(job.register_file)
    for line in (
        ("generate", "personal-pledge", "--params", params, "-o", params),
        ("sign", document, "-o", document, "--role", "pledger", "--credential", credential),
        ("sign", document, "-o", tmp_path / "key.pdf", "--role", "pledger", "--credential", credential),
        (
            "sign",
            document,
            "-o",
            tmp_path / "yaml.pdf",
            "--role",
            "pledger",
            "--credential",
            credential,
        ),
        ("extend", document, "-o", document, "--level", "B-T"),
        ("verify", document, "--html", document),
        ("verify", job.documents_folder, "--html", document),
        ("register", "export", "--register", job.register_file, "-o", tmp_path / "register.csv"),
    ):
        assert run([*map(str, line), "--force"]) == 2, line
    assert {path: path.read_bytes() for path in kept} == kept
    assert key.read_bytes().startswith(b"0")
    assert b"kind: pkcs12" in credential.read_bytes()


@pytest.mark.parametrize("name", ["documents", "superseded", "quarantine", "documents/00001"])
def test_a_folder_of_documents_that_is_a_link_is_refused(tmp_path: Path, pki: Path, name: str) -> None:
    job = write_job(tmp_path, pki)
    (tmp_path / "elsewhere").mkdir()
    (job.output / name).parent.mkdir(parents=True)
    (job.output / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is a link"):
        run_job(job, ALONE)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert any("is a link" in str(complaint) for complaint in check_job(job, now=clock()).complaints)
