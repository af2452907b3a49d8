"""`agreegen batch`: check, run, run again, mend and go on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import openpyxl
import pikepdf
import pytest

from agreegen.example_pki.layout import ExamplePki
from agreegen.forms.catalog import forms_folder
from tests.cli.conftest import Agreegen, files_below, write_job

SUMMARY_KEYS = {"rows", "done", "already_done", "failed", "seconds", "documents_per_second"}
BAD_ID = "110105194912310021"


@pytest.fixture
def bad_roster(tmp_path: Path) -> Path:
    """Five people: a wrong ID number, two with one staff number, one without a name, one who is fine."""
    path = tmp_path / "bad.csv"
    rows = ("张伟,HN0001,", f"李秀英,HN0002,{BAD_ID}", "王芳,HN0003,", "刘洋,HN0003,", ",HN0005,")
    path.write_text("姓名,编号,身份证号\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def lines(text: str) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_check_makes_samples_only(agreegen: Agreegen, pki: ExamplePki, roster: Path, tmp_path: Path) -> None:
    job = write_job(tmp_path, pki, roster)
    result = agreegen("batch", "check", job, "--json")
    assert result.code == 0, result.err
    found = result.json()
    assert (found["rows"], found["errors"]) == (3, 0)
    assert found["samples"]
    assert all(Path(sample).read_bytes().startswith(b"%PDF") for sample in found["samples"])
    assert not (tmp_path / "pledges" / "documents").exists()
    assert not (tmp_path / "pledges" / "register.db").exists()


def test_check_reports_every_error_and_writes_nothing(
    agreegen: Agreegen, pki: ExamplePki, bad_roster: Path, tmp_path: Path
) -> None:
    job = write_job(tmp_path, pki, bad_roster)
    before = files_below(tmp_path)
    result = agreegen("batch", "check", job, "--json")
    assert result.code == 3
    errors = [c for c in result.json()["complaints"] if c["severity"] == "error"]
    assert {c["cell"] for c in errors} == {"C3", "B4", "B5", "A6"}
    assert BAD_ID not in result.out + result.err
    assert files_below(tmp_path) == before
    for_people = agreegen("batch", "check", job)
    assert for_people.code == 3
    assert all(cell in for_people.out for cell in ("C3", "B4", "B5", "A6"))


def test_a_character_without_glyph_is_told_at_its_cell_with_all_else_that_is_wrong(
    agreegen: Agreegen, pki: ExamplePki, tmp_path: Path
) -> None:
    roster = tmp_path / "rare.csv"
    rare = "\N{CJK UNIFIED IDEOGRAPH-30000}"
    roster.write_text(f"编号,姓名,身份证号\nA1,王{rare},{BAD_ID}\nA2,{rare},\n", "utf-8")
    result = agreegen("batch", "check", write_job(tmp_path, pki, roster), "--json")
    assert result.code == 3
    errors = [c for c in result.json()["complaints"] if c["severity"] == "error"]
    assert [c["cell"] for c in errors] == ["C2", "B2", "B3"]
    assert all("U+30000" in c["problem"] for c in errors[1:])


def test_a_complaint_names_the_file_once(agreegen: Agreegen, pki: ExamplePki, tmp_path: Path) -> None:
    roster = tmp_path / "no-header.csv"
    roster.write_text("foo,bar\n1,2\n", "utf-8")
    result = agreegen("batch", "check", write_job(tmp_path, pki, roster))
    assert result.code == 3
    (line,) = (line for line in result.out.splitlines() if "no header row" in line)
    assert line.count(str(roster)) == 1


def test_run_leaves_what_it_promises(finished_job: Path) -> None:
    output = finished_job.parent / "pledges"
    names = {Path(name).name for name in files_below(output / "documents")}
    assert names == {"HN0001.pdf", "HN0002.pdf", "HN0004.pdf"}
    assert (output / "register.db").stat().st_mode & 0o777 == 0o600
    assert json.loads((output / "report.json").read_bytes())["done"] == 3


def test_documents_verify(agreegen: Agreegen, pki: ExamplePki, finished_job: Path) -> None:
    documents = finished_job.parent / "pledges" / "documents"
    result = agreegen("verify", documents, "--trust", pki.trust, "--json")
    assert result.code == 0
    assert result.json()["summary"]["valid"] == 3


def test_running_again_makes_nothing_twice(agreegen: Agreegen, own_job: Path) -> None:
    documents = own_job.parent / "pledges" / "documents"
    before = {name: (documents / name).read_bytes() for name in files_below(documents)}
    result = agreegen("batch", "run", own_job, "--json", "--workers", "1")
    assert result.code == 0
    summary = lines(result.out)[-1]
    assert set(summary) >= SUMMARY_KEYS
    assert (summary["rows"], summary["done"], summary["already_done"], summary["failed"]) == (3, 0, 3, 0)
    assert {name: (documents / name).read_bytes() for name in files_below(documents)} == before


def test_a_lost_document_is_made_again(agreegen: Agreegen, own_job: Path) -> None:
    documents = own_job.parent / "pledges" / "documents"
    lost = next(documents.rglob("HN0002.pdf"))
    lost.unlink()
    result = agreegen("batch", "run", own_job, "--json", "--workers", "1")
    assert result.code == 0
    assert (lines(result.out)[-1]["done"], lines(result.out)[-1]["already_done"]) == (1, 2)
    assert {Path(name).name for name in files_below(documents)} >= {"HN0002.pdf"}


def test_bad_rows_fail_and_go_on_once_mended(
    agreegen: Agreegen, pki: ExamplePki, bad_roster: Path, tmp_path: Path
) -> None:
    job = write_job(tmp_path, pki, bad_roster)
    result = agreegen("batch", "run", job, "--json", "--workers", "1")
    assert result.code == 8
    summary = lines(result.out)[-1]
    assert (summary["rows"], summary["done"], summary["failed"]) == (5, 1, 4)
    assert BAD_ID not in result.out + result.err
    output = tmp_path / "pledges"
    failed = output / "failed-rows.csv"
    text = failed.read_text("utf-8-sig")
    assert text.splitlines()[0].startswith("姓名,编号,身份证号,")
    assert len(text.splitlines()) == 5
    assert failed.stat().st_mode & 0o777 == 0o600
    book = openpyxl.load_workbook(output / "failed-rows.xlsx")
    assert BAD_ID in {str(cell.value) for row in book.worksheets[0] for cell in row}
    told = agreegen("batch", "run", job, "--workers", "1").err
    assert "failed-rows.xlsx" in told, "of a CSV a spreadsheet loses the last digits of ID numbers"
    mended = tmp_path / "mended.csv"
    mended.write_text(text.replace(BAD_ID, "").replace("刘洋,HN0003", "刘洋,HN0006"), "utf-8")
    again = agreegen("batch", "run", job, "--roster", mended, "--json", "--workers", "1")
    assert again.code == 8
    assert (lines(again.out)[-1]["done"], lines(again.out)[-1]["failed"]) == (3, 1)


def test_limit(agreegen: Agreegen, pki: ExamplePki, roster: Path, tmp_path: Path) -> None:
    job = write_job(tmp_path, pki, roster)
    assert agreegen("batch", "run", job, "--limit", "1", "--workers", "1").code == 0
    assert len(files_below(tmp_path / "pledges" / "documents")) == 1
    status = agreegen("batch", "status", job, "--json").json()
    assert (status["rows"], status["documents"], status["running"]) == (3, 1, False)
    for_people = agreegen("batch", "status", job)
    assert for_people.code == 0
    assert "verified 1" in for_people.out
    assert not set("{}'") & set(for_people.out)


def test_example_anchors_and_loose_keys_are_told(
    agreegen: Agreegen, pki: ExamplePki, roster: Path, tmp_path: Path
) -> None:
    shutil.copytree(pki.credentials, tmp_path / "credentials")
    (tmp_path / "credentials" / "unit-seal.p12").chmod(0o644)
    signatures = [{"role": "unit", "credential": "credentials/unit-seal.yaml"}]
    job = write_job(tmp_path, pki, roster, signatures=signatures)
    for command in (["check"], ["run", "--workers", "1"]):
        result = agreegen("batch", command[0], job, *command[1:])
        assert result.code == 0
        assert (result.out + result.err).count("one of the trust anchors is an EXAMPLE certificate") == 1
        assert "unit-seal.p12 can be read by others" in " ".join((result.out + result.err).split())
    kept = json.loads((tmp_path / "pledges" / "report.json").read_bytes())["warnings"]
    assert len([text for text in kept if "EXAMPLE" in text or "read by others" in text]) == 2


@pytest.mark.parametrize(
    ("header", "words"),
    [("姓名,单位", "姓名"), ("编号,单位", "姓名"), ("", "")],
)
def test_an_unusable_roster_is_bad_input(
    agreegen: Agreegen, pki: ExamplePki, tmp_path: Path, header: str, words: str
) -> None:
    roster = tmp_path / "r.csv"
    roster.write_text(f"{header}\n张伟,某局\n" if header else "", "utf-8")
    job = write_job(tmp_path, pki, roster)
    for command in ("check", "run"):
        result = agreegen("batch", command, job)
        assert result.code == 3
        assert words in result.err + result.out
    assert not (tmp_path / "pledges" / "documents").exists()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"form": "nothing"}, "nothing"),
        ({"surprise": 1}, "surprise"),
        ({"roster": {"file": "nothing.csv"}}, "nothing.csv"),
        ({"signatures": [{"role": "witness", "credential": "c.yaml"}]}, "witness"),
        ({"defaults": {"surprise": "x"}}, "surprise"),
    ],
)
def test_an_unusable_job_is_bad_input(
    agreegen: Agreegen,
    pki: ExamplePki,
    roster: Path,
    tmp_path: Path,
    changes: dict[str, object],
    word: str,
) -> None:
    job = write_job(tmp_path, pki, roster, **changes)
    result = agreegen("batch", "run", job)
    assert result.code == 3
    assert word in result.err


def test_a_failing_credential_stops_the_run(
    agreegen: Agreegen, pki: ExamplePki, roster: Path, tmp_path: Path
) -> None:
    credential = tmp_path / "seal.yaml"
    (tmp_path / "wrong.pass").write_text("wrong", "utf-8")
    (tmp_path / "wrong.pass").chmod(0o600)
    key = pki.credentials / "unit-seal.p12"
    credential.write_text(f"kind: pkcs12\nfile: {key}\npassphrase: {{file: wrong.pass}}\n", "utf-8")
    job = write_job(tmp_path, pki, roster, signatures=[{"role": "unit", "credential": "seal.yaml"}])
    assert agreegen("batch", "run", job, "--workers", "1").code == 6
    assert not list(tmp_path.rglob("HN*.pdf"))


def test_print_for_people_who_sign_on_paper(agreegen: Agreegen, finished_job: Path, tmp_path: Path) -> None:
    target = tmp_path / "print.pdf"
    result = agreegen("batch", "print", finished_job, "-o", target, "--json")
    assert result.code == 0, result.err
    assert [document["staff_no"] for document in result.json()["documents"]] == ["HN0002"]
    everybody = agreegen("batch", "print", finished_job, "-o", target, "--all", "--force", "--json")
    assert len(everybody.json()["documents"]) == 3
    with pikepdf.open(target) as pdf:
        assert len(pdf.pages) == everybody.json()["pages"]
    assert agreegen("batch", "print", finished_job, "-o", target).code == 2


def test_a_terminal_shows_rate_remaining_time_and_failures(
    pki: ExamplePki, bad_roster: Path, tmp_path: Path
) -> None:
    job = write_job(tmp_path, pki, bad_roster)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 160, 0, 0))
    command = [sys.executable, "-m", "agreegen", "batch", "run", str(job)]
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is gone when the program is
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    assert process.returncode == 8
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"5/5 +100% +\d+/s, 4 failed +0:00:\d\d +0:00:00", text)


def test_people_read_the_register_in_the_order_of_the_files(agreegen: Agreegen, finished_job: Path) -> None:
    """Ids look drawn by lot: who looks for somebody reads by numbers."""
    register = finished_job.parent / "pledges" / "register.db"
    listed = agreegen("register", "list", "--register", register, "--json").json()
    paths = [each["path"] for each in listed]
    assert paths == sorted(paths)
    assert len(paths) == 3


def test_forms_of_ones_own_hold_for_the_job_that_the_register_remembers(
    agreegen: Agreegen, pki: ExamplePki, roster: Path, tmp_path: Path
) -> None:
    """Who signs the register's head is asked of that job, which the packaged forms do not know."""
    own = tmp_path / "own" / "office-pledge"
    own.mkdir(parents=True)
    for name in ("template.docx", "form.yaml"):
        shutil.copy(forms_folder() / "personal-pledge" / name, own)
    text = (own / "form.yaml").read_text("utf-8").replace("id: personal-pledge", "id: office-pledge", 1)
    (own / "form.yaml").write_text(text, "utf-8")
    job = write_job(tmp_path, pki, roster, form="office-pledge")
    forms = ("--forms", own.parent)
    assert agreegen("batch", "run", job, "--limit", "1", "--workers", "1", *forms).code == 0
    printed = agreegen("batch", "print", job, "-o", tmp_path / "print.pdf", "--all", *forms)
    assert printed.code == 8, printed.err  # two rows have no document yet
    refused = agreegen("batch", "status", job)  # what one command was told another one does not know
    assert refused.code == 3
    assert "--forms" in refused.err
