"""What `register add-scans` does with pages: recorded once, whatever happens; the rest is for a person."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from agreegen.api.register_heads import head_judge
from agreegen.batch.interface import RunSettings
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.files import sha256_of_file
from agreegen.register.audit.service import verify_register
from agreegen.register.interface import EventKind, How
from agreegen.register.store import Register
from agreegen.signing.trust import load_trust
from tests.hostile.swelling import Swollen
from tests.hostile.tables import workbook
from tests.integration.batch_support import clock, write_roster
from tests.scans.stack import ROWS, Printed, print_job

_PROGRAM = "import sys; from agreegen.cli.main import main; sys.exit(main())"
_VERDICT, _NUMBER, _BY = 8, 7, 9


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return print_job(tmp_path_factory.mktemp("paper"))


@pytest.fixture
def printed(original: Printed, tmp_path: Path) -> Printed:
    return original.copy(tmp_path)


def _add(printed: Printed, capsys: pytest.CaptureFixture[str], *more: str | Path) -> tuple[int, Any]:
    capsys.readouterr()
    register = ["--register", str(printed.job.register_file), "--by", "王科长", "--json"]
    code = agreegen(["register", "add-scans", *map(str, more), *register])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def _on_paper(printed: Printed) -> dict[str, str]:
    """Return staff number → who accepted the scan."""
    with Register.open(printed.job.register_file, read_only=True) as register:
        return {
            row.registration.staff_no or "": each.by
            for row in register.documents()
            for each in row.fulfilled.values()
            if each.how is How.PAPER
        }


def _problems(printed: Printed) -> tuple[object, ...]:
    trust = load_trust([printed.job.path.parent / "pki/trust"])
    job = printed.job
    judge = head_judge(trust, clock())
    return tuple(verify_register(job.register_file, files_root=job.output, judge_head=judge).problems)


def _codes(printed: Printed) -> list[str]:
    return [
        problem.code
        for problem in verify_register(printed.job.register_file, files_root=printed.job.output).problems
    ]


def test_signed_sheets_are_recorded_once(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P003", "P001", "P005"), ("P002",))
    code, answer = _add(printed, capsys, scan)
    assert code == 1
    told = [(page["page"], page["status"], page["staff_no"]) for page in answer["pages"]]
    assert told == [
        (1, "accepted", "P003"),
        (2, "accepted", "P001"),
        (3, "accepted", "P005"),
        (4, "review", "P002"),
    ]
    assert answer["pages"][3]["reasons"] == ["no-ink"]
    assert _on_paper(printed) == {"P001": "王科长", "P003": "王科长", "P005": "王科长"}
    kept = list((printed.job.output / "scans/inputs").iterdir())
    assert [path.read_bytes() for path in kept] == [scan.read_bytes()]
    assert _problems(printed) == ()
    before = printed.job.register_file.read_bytes()
    code, again = _add(printed, capsys, scan)
    assert code == 1
    assert again["summary"] == {
        "pages": 4,
        "accepted": 0,
        "review": 1,
        "already_there": 3,
        "blank": 0,
        "rejected": 0,
    }
    assert printed.job.register_file.read_bytes() == before, "nothing new was recorded"


def test_a_dry_run_writes_nothing(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P001",), ("P002",))
    code, answer = _add(printed, capsys, scan, "--dry-run")
    assert (code, answer["summary"]["accepted"], answer["dry_run"]) == (1, 1, True)
    monkeypatch.setenv("AGREEGEN_LANG", "zh")
    line = ("register", "add-scans", scan, "--register", printed.job.register_file, "--dry-run")
    assert agreegen([str(part) for part in line]) == 1
    told = capsys.readouterr().err
    assert "将登记 1 页" in told
    assert "已登记" not in told
    assert not (printed.job.output / "scans").exists()
    assert not (printed.job.output / "review").exists()
    assert _on_paper(printed) == {}


def test_pictures_of_every_kind_and_folders(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    (folder / "deeper").mkdir(parents=True)
    scan = printed.scan(tmp_path / "scan.pdf", ("P001", "P002", "P003", "P004"))
    sheets = _pictures(scan)
    sheets[0].rotate(180).save(folder / "upside-down.PNG")
    sheets[1].rotate(90, expand=True).save(folder / "deeper/turned.jpg", quality=70)
    sheets[2].point(lambda v: 255 * (v > 150)).convert("1").save(
        folder / "two.tif", save_all=True, append_images=[sheets[3]], dpi=(200, 200)
    )
    code, answer = _add(printed, capsys, folder)
    assert (code, answer["summary"]["accepted"]) == (0, 4)
    with Register.open(printed.job.register_file, read_only=True) as register:
        paths = [scan.path for _, scan in register.scans()]
    for path in paths:
        with pikepdf.open(printed.job.output / path) as pdf:
            width, height = pdf.pages[0].mediabox[2:]
            assert height > width, "turned pages are kept upright"


def test_a_coarse_scan_is_accepted_with_a_warning(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below 200 dpi (DA/T 31-2017), which the marks measure, whatever the file says of itself."""
    (sheet,) = _pictures(printed.scan(tmp_path / "scan.pdf", ("P001",)))
    width, height = (round(side * 0.8) for side in sheet.size)
    sheet.resize((width, height), Image.Resampling.LANCZOS).save(tmp_path / "coarse.png", dpi=(300, 300))
    code, answer = _add(printed, capsys, tmp_path / "coarse.png")
    page = answer["pages"][0]
    assert (code, page["status"], page["reasons"]) == (0, "accepted", ["low-resolution"])


def test_decisions_are_recorded_or_named(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P001",), ("P002", "P004"))
    review = tmp_path / "review"
    assert _add(printed, capsys, scan, "--review", review)[0] == 1
    assert len(list(review.glob("*.png"))) == 2
    sheet = review / "review.xlsx"
    _fill(sheet, {2: ("P004", "通过", "李主任")})
    code, _ = _add(printed, capsys, "--decisions", sheet, "--review", review)
    assert code == 3, "the page carries another person's mark"
    assert set(_on_paper(printed)) == {"P001"}
    _fill(sheet, {2: ("P002", "通过", "李主任"), 3: ("P004", "退回", "李主任")})
    code, answer = _add(printed, capsys, "--decisions", sheet, "--review", review)
    assert code == 0
    assert [page["status"] for page in answer["pages"]] == ["accepted", "rejected"]
    assert [page["staff_no"] for page in answer["pages"]] == ["P002", "P004"], "who has to sign again is told"
    assert {page["source"] for page in answer["pages"]} == {"scan.pdf"}, "she knows it by its name"
    assert _on_paper(printed) == {"P001": "王科长", "P002": "李主任"}
    code, answer = _add(printed, capsys, scan, "--review", review)
    assert (code, answer["summary"]["already_there"], answer["summary"]["rejected"]) == (0, 2, 1)
    assert _problems(printed) == ()


def test_a_picture_that_somebody_laid_there_was_not_looked_at(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who can write the folder adds a row to the sheet, about a picture that no command has read."""
    scan = printed.scan(tmp_path / "scan.pdf", ("P001",), ("P002",))
    review = tmp_path / "review"
    assert _add(printed, capsys, scan, "--review", review)[0] == 1
    Image.new("1", (1240, 1754), 1).save(tmp_path / "forged.png")
    digest = sha256_of_file(tmp_path / "forged.png")
    (tmp_path / "forged.png").rename(printed.job.output / f"scans/inputs/{digest}.png")
    sheet = review / "review.xlsx"
    book = load_workbook(sheet)
    book.worksheets[0].append(["scan.pdf", 1, "", "", "P004", "", "P004", "通过", "李主任", digest])
    book.save(sheet)
    _fill(sheet, {2: ("P002", "通过", "李主任")})
    code, _ = _add(printed, capsys, "--decisions", sheet, "--review", review)
    assert code == 3
    assert set(_on_paper(printed)) == {"P001"}


def test_scans_are_not_kept_behind_a_link(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing would find them there again, and the register would stay at odds with its folder."""
    (tmp_path / "away").mkdir()
    (printed.job.output / "scans").symlink_to(tmp_path / "away")
    scan = printed.scan(tmp_path / "scan.pdf", ("P001",))
    assert _add(printed, capsys, scan)[0] == 7
    line = ["register", "add-paper", "--register", str(printed.job.register_file), "--staff-no", "P001"]
    assert agreegen([*line, "--scan", str(scan)]) == 7
    assert list((tmp_path / "away").iterdir()) == []
    assert _problems(printed) == ()


def test_pages_that_nobody_decided_on_are_told(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", (), ("P001", "P002", "P004"))
    review = tmp_path / "review"
    _add(printed, capsys, scan, "--review", review)
    _fill(review / "review.xlsx", {2: ("", "退回", "李主任")})
    line = ["register", "add-scans", "--register", str(printed.job.register_file), "--review", str(review)]
    assert agreegen([*line, "--decisions", str(review / "review.xlsx")]) == 0
    assert "2 pages are still without a decision" in capsys.readouterr().err


def test_the_review_sheet_is_printed_on_a4(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Across, all columns on one page, the header on each."""
    scan = printed.scan(tmp_path / "scan.pdf", (), ("P001",))
    _add(printed, capsys, scan, "--review", tmp_path)
    sheet = _sheet(load_workbook(tmp_path / "review.xlsx"))
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    fitted = sheet.sheet_properties.pageSetUpPr
    assert fitted is not None
    assert fitted.fitToPage
    assert sheet.print_title_rows == "$1:$1"


def test_a_review_sheet_of_gigabytes_is_no_review_sheet(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "review.xlsx"
    workbook(sheet, strings=Swollen(b"<si><t>" + b"x" * 200 + b"</t></si>", 12 << 30, b"<sst>", b"</sst>"))
    code, answer = _add(printed, capsys, "--decisions", sheet)
    assert (code, answer) == (3, None)
    assert _problems(printed) == ()


def test_what_was_filled_in_survives_another_run(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = printed.scan(tmp_path / "first.pdf", (), ("P001",))
    second = printed.scan(tmp_path / "second.pdf", (), ("P002",))
    _add(printed, capsys, first, "--review", tmp_path)
    _fill(tmp_path / "review.xlsx", {2: ("P001", "退回", "李主任")})
    _add(printed, capsys, second, "--review", tmp_path)
    rows = list(_sheet(load_workbook(tmp_path / "review.xlsx")).iter_rows(min_row=2, values_only=True))
    assert [row[_VERDICT - 1] for row in rows] == ["退回", None]


def test_a_replaced_document_is_not_accepted(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P004",))
    write_roster(printed.job.path.parent, [*ROWS[:3], "P004,李四光,,某县普查办,否", ROWS[4]])
    assert run_job(printed.job, RunSettings(workers=1)).superseded == 1
    code, answer = _add(printed, capsys, scan)
    assert (code, answer["pages"][0]["reasons"]) == (1, ["replaced"])
    assert _on_paper(printed) == {}


def test_files_that_are_no_scans_are_one_page_for_a_person(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "good.pdf", ("P001",)).read_bytes()
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "cut.pdf").write_bytes(scan[: len(scan) // 2])
    (tmp_path / "notes.txt").write_text("no scan")
    bomb = io.BytesIO()
    Image.new("1", (60_000, 60_000)).save(bomb, "PNG")
    (tmp_path / "bomb.png").write_bytes(bomb.getvalue())
    names = ("empty.pdf", "cut.pdf", "notes.txt", "bomb.png", "good.pdf")
    code, answer = _add(printed, capsys, *(tmp_path / name for name in names))
    told = [(Path(page["source"]).name, page["status"], page["reasons"]) for page in answer["pages"]]
    assert code == 1
    assert [name for name, status, _ in told if status == "accepted"] == ["good.pdf"]
    assert {name for name, _, reasons in told if reasons == ["unreadable"]} >= {
        "empty.pdf",
        "notes.txt",
        "bomb.png",
    }


def test_a_retracted_scan_does_not_come_back_by_itself(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P001",))
    assert _add(printed, capsys, scan)[0] == 0
    register = str(printed.job.register_file)
    document = printed.sheet("P001").id
    retract = ["register", "retract", "--register", register, "--document", document, "--reason", "不是本人"]
    assert agreegen(retract) == 0
    code, answer = _add(printed, capsys, scan)
    assert (code, answer["pages"][0]["reasons"]) == (1, ["retracted"])


def test_both_scans_are_kept_when_one_takes_the_place_of_another(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record was taken back, and the person signed again: the first scan stays, and is looked after."""
    first = printed.scan(tmp_path / "first.pdf", ("P001",))
    assert _add(printed, capsys, first)[0] == 0
    register = str(printed.job.register_file)
    document = printed.sheet("P001").id
    retract = ["register", "retract", "--register", register, "--document", document, "--reason", "不是本人"]
    assert agreegen(retract) == 0
    second = printed.scan(tmp_path / "second.pdf", ("P002", "P001"))
    assert _add(printed, capsys, second)[0] == 0
    assert _problems(printed) == ()
    scans = sorted((printed.job.output / "scans").glob("*.pdf"))
    inputs = sorted((printed.job.output / "scans/inputs").iterdir())
    assert (len(scans), len(inputs)) == (3, 2)
    for kept in (*scans, *inputs):
        aside = kept.rename(tmp_path / "aside")
        assert _codes(printed) == ["file-missing"]
        aside.rename(kept)


def test_a_scan_needs_the_registered_file(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P001",))
    with (printed.job.documents_folder / "00001/P001.pdf").open("ab") as file:
        file.write(b"\n")
    code, answer = _add(printed, capsys, scan)
    assert (code, answer["pages"][0]["reasons"]) == (1, ["file-changed"])


def test_killed_at_any_moment_a_second_run_gives_the_same(
    printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = printed.scan(tmp_path / "scan.pdf", ("P001", "P002", "P003", "P004", "P005"))
    register = printed.job.register_file
    command = [
        sys.executable,
        "-c",
        _PROGRAM,
        "register",
        "add-scans",
        str(scan),
        "--register",
        str(register),
    ]
    for delay in (0.9, 1.6, 2.2, 2.8):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
    code, answer = _add(printed, capsys, scan)
    assert code == 0
    assert answer["summary"]["accepted"] + answer["summary"]["already_there"] == 5
    assert set(_on_paper(printed)) == {"P001", "P002", "P003", "P004", "P005"}
    with Register.open(register, read_only=True) as opened:
        kinds = [event.kind for event in opened.events()]
    assert kinds.count(EventKind.PAPER) == 5
    assert _problems(printed) == ()


def _pictures(scan: Path) -> list[Image.Image]:
    with pypdfium2.PdfDocument(scan) as pdf:
        return [pdf[number].render(scale=200 / 72, grayscale=True).to_pil() for number in range(len(pdf))]


def _sheet(book: Workbook) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return sheet


def _fill(path: Path, decisions: dict[int, tuple[str, str, str]]) -> None:
    book = load_workbook(path)
    sheet = _sheet(book)
    for row, (number, verdict, by) in decisions.items():
        sheet.cell(row, _NUMBER).value = number
        sheet.cell(row, _VERDICT).value = verdict
        sheet.cell(row, _BY).value = by
    book.save(path)
