"""Paper: documents merged by unit for the printer, and the scans that come back."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from openpyxl import load_workbook

from agreegen.api.register_heads import head_judge
from agreegen.batch.interface import Job, PrintSettings, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.paper import printing
from agreegen.batch.paper.cover_sheets import draw_sheets
from agreegen.batch.paper.printing import print_documents
from agreegen.batch.running.run import run_job
from agreegen.cli.main import run as agreegen
from agreegen.errors import InputError
from agreegen.programs import find_program, run_program
from agreegen.register.audit.service import verify_register
from agreegen.register.store import Register
from agreegen.scanning.copies.fitting import marks_fit
from agreegen.scanning.marks import MarkText, find_marks, is_sheet
from agreegen.signing.trust import load_trust
from tests.integration.batch_support import clock, make_pki, write_job, write_roster

pytestmark = pytest.mark.libreoffice

ROWS = (
    "P001,王秀英,,某市普查办,否",
    "P002,欧阳修,,某县普查办,否",
    "P003,阿卜杜热合曼·买买提,,某市普查办,否",
    "P004,李四,,,否",
)
PERSONS = '  - {role: pledger, credential: "pki/credentials/people/{staff_no}.yaml", missing: leave-open}\n'


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("printing") / "pki")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Path:
    made = write_job(tmp_path_factory.mktemp("finished") / "job", pki, ROWS, more=PERSONS)
    assert run_job(made, RunSettings(workers=1)).done == 4
    return made.path.parent


@pytest.fixture
def job(tmp_path: Path, finished: Path) -> Job:
    """A copy of the finished job that a test may spoil."""
    shutil.copytree(finished, tmp_path / "job", symlinks=True)
    return read_job(tmp_path / "job/job.yaml")


def _text(path: Path) -> list[str]:
    """Return the text of each page, as poppler reads it."""
    program = find_program("pdftotext", package="poppler-utils")
    text = run_program([program, "-enc", "UTF-8", str(path), "-"], timeout_s=60).stdout.decode()
    return text.split("\f")[:-1]


def _outline(path: Path) -> list[tuple[str, list[str]]]:
    with pikepdf.open(path) as pdf, pdf.open_outline() as outline:
        return [(item.title, [child.title for child in item.children]) for item in outline.root]


def test_units_in_roster_order_with_a_sheet_before_each(job: Job, tmp_path: Path) -> None:
    printed = print_documents(job, tmp_path / "paper.pdf")
    assert [(d.staff_no, d.page) for d in printed.documents] == [
        ("P001", 2),
        ("P003", 3),
        ("P002", 5),
        ("P004", 7),
    ]
    assert printed.pages == 7
    assert _outline(tmp_path / "paper.pdf") == [
        ("某市普查办 (2)", ["P001 王秀英", "P003 阿卜杜热合曼·买买提"]),
        ("某县普查办 (1)", ["P002 欧阳修"]),
        ("（未填单位） (1)", ["P004 李四"]),
    ]
    pages = _text(tmp_path / "paper.pdf")
    for document in printed.documents:
        assert document.name in pages[document.page - 1]
        others = {other.name for other in printed.documents} - {document.name}
        assert not any(name in pages[document.page - 1] for name in others)
    assert (tmp_path / "paper.pdf").stat().st_mode & 0o777 == 0o600
    with pikepdf.open(tmp_path / "paper.pdf") as pdf:
        assert "/AcroForm" not in pdf.Root
        assert pdf.check_pdf_syntax() == []


def test_duplex_begins_each_document_on_a_front_side(job: Job, tmp_path: Path) -> None:
    printed = print_documents(job, tmp_path / "paper.pdf", PrintSettings(duplex=True))
    assert printed.pages == 14
    assert all(document.page % 2 == 1 for document in printed.documents)
    single = print_documents(job, tmp_path / "plain.pdf", PrintSettings(separators=False))
    assert (single.pages, len(single.documents)) == (4, 4)
    only = print_documents(job, tmp_path / "unit.pdf", PrintSettings(units=("某县普查办",)))
    assert [document.staff_no for document in only.documents] == ["P002"]


def test_a_sheet_names_its_unit(job: Job, tmp_path: Path) -> None:
    print_documents(job, tmp_path / "paper.pdf")
    program = find_program("pdftoppm", package="poppler-utils")
    run_program(
        [program, "-r", "40", "-gray", str(tmp_path / "paper.pdf"), str(tmp_path / "page")], timeout_s=60
    )
    first, second = (next(tmp_path.glob(f"page-*{number}.pgm")).read_bytes() for number in (1, 4))
    dark = [sum(byte < 128 for byte in picture) for picture in (first, second)]
    assert all(count > 100 for count in dark)
    assert first != second


def test_what_changed_or_is_damaged_is_left_out_and_named(job: Job, tmp_path: Path) -> None:
    with (job.documents_folder / "00001/P002.pdf").open("ab") as file:
        file.write(b"\n")
    write_roster(job.path.parent, ["P001,王秀兰,,某市普查办,否", *ROWS[1:], "P005,孙七,,某市普查办,否"])
    printed = print_documents(job, tmp_path / "paper.pdf")
    assert [document.staff_no for document in printed.documents] == ["P003", "P004"]
    assert set(printed.skipped) == {2, 3, 6}
    assert "changed after" in str(printed.skipped[2])
    assert "registered" in str(printed.skipped[3])
    assert "no document yet" in str(printed.skipped[6])


def test_what_changes_while_it_is_printed_is_not_printed(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the list of a unit and its last page some time goes by."""

    def draw(*arguments: Any) -> Iterator[bytes]:
        with (job.documents_folder / "00001/P003.pdf").open("ab") as file:
            file.write(b"\n")
        return draw_sheets(*arguments)

    monkeypatch.setattr(printing, "draw_sheets", draw)
    with pytest.raises(InputError, match="its file is not the one"):
        print_documents(job, tmp_path / "paper.pdf")
    assert not (tmp_path / "paper.pdf").exists()


def test_every_page_carries_its_marks_and_the_signed_file_none(job: Job, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in job.documents_folder.rglob("*.pdf")}
    printed = print_documents(job, tmp_path / "paper.pdf")
    assert {path: path.read_bytes() for path in before} == before
    with pypdfium2.PdfDocument(tmp_path / "paper.pdf") as pdf:
        for document in printed.documents:
            picture = pdf[document.page - 1].render(scale=200 / 72, grayscale=True).to_numpy()
            marks = find_marks(picture.reshape(picture.shape[:2]))
            assert [mark.text for mark in marks] == [MarkText(document.id, 1, 1)] * 2
        cover = pdf[0].render(scale=200 / 72, grayscale=True).to_numpy()
        assert is_sheet(cover.reshape(cover.shape[:2]))
    line = _text(tmp_path / "paper.pdf")[1].splitlines()[0]
    assert all(fact in line for fact in ("王秀英", "P001", "某市普查办", printed.documents[0].id[:8]))
    print_documents(job, tmp_path / "plain.pdf", PrintSettings(marks=False))
    with pypdfium2.PdfDocument(tmp_path / "plain.pdf") as pdf:
        picture = pdf[1].render(scale=200 / 72, grayscale=True).to_numpy()
        assert find_marks(picture.reshape(picture.shape[:2])) == ()


def test_only_some_people_and_no_unknown_ones(job: Job, tmp_path: Path) -> None:
    printed = print_documents(job, tmp_path / "one.pdf", PrintSettings(staff_nos=("P003", "P004")))
    assert [document.staff_no for document in printed.documents] == ["P003", "P004"]
    with pytest.raises(InputError, match="P009"):
        print_documents(job, tmp_path / "two.pdf", PrintSettings(staff_nos=("P009",)))
    with pytest.raises(InputError, match="某省") as unknown:
        print_documents(job, tmp_path / "two.pdf", PrintSettings(units=("某省",)))
    assert unknown.value.hint is not None
    assert "某市普查办, 某县普查办" in unknown.value.hint
    assert not (tmp_path / "two.pdf").exists()


def test_the_cover_sheets_as_a_workbook_and_printing_as_an_event(job: Job, tmp_path: Path) -> None:
    arguments = [
        "batch",
        "print",
        str(job.path),
        "-o",
        str(tmp_path / "p.pdf"),
        "--xlsx",
        str(tmp_path / "p.xlsx"),
    ]
    assert agreegen(arguments) == 0
    book = load_workbook(tmp_path / "p.xlsx")
    assert book.sheetnames == ["某市普查办", "某县普查办", "（未填单位）"]
    rows = list(book["某市普查办"].iter_rows(min_row=2, max_col=3, values_only=True))
    assert rows == [(1, "P001", "王秀英"), (2, "P003", "阿卜杜热合曼·买买提")]
    with Register.open(job.register_file, read_only=True) as register:
        assert all(row.printed_at is not None for row in register.documents())


def test_a_form_without_margins_is_refused() -> None:
    blank = pikepdf.new()
    blank.add_blank_page(page_size=(595, 842))
    buffer = io.BytesIO()
    blank.save(buffer)
    assert marks_fit(buffer.getvalue())
    blank.pages[0].Contents = blank.make_stream(b"0 g 20 780 500 30 re f")
    buffer = io.BytesIO()
    blank.save(buffer)
    assert not marks_fit(buffer.getvalue())


def test_nothing_to_print_writes_nothing(tmp_path: Path, pki: Path) -> None:
    job = write_job(tmp_path / "job", pki, ROWS)
    with pytest.raises(InputError, match="holds no documents yet"):
        print_documents(job, tmp_path / "paper.pdf")
    assert not (tmp_path / "paper.pdf").exists()


def test_scans_come_back_and_are_not_printed_again(
    job: Job, tmp_path: Path, pki: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = tmp_path / "paper.pdf"
    assert agreegen(["batch", "print", str(job.path), "-o", str(paper), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["documents"]
    scan = job.output / "scans/P002.pdf"
    scan.parent.mkdir()
    with pikepdf.new() as sheet:
        sheet.add_blank_page()
        sheet.save(scan)
    document = next(item["id"] for item in listed if item["staff_no"] == "P002")
    register = str(job.register_file)
    arguments = ["register", "add-paper", "--register", register, "--scan", str(scan), "--document", document]
    assert agreegen(arguments) == 0
    assert agreegen(["batch", "print", str(job.path), "-o", str(paper)]) == 2, "nothing is overwritten"
    assert agreegen(["batch", "print", str(job.path), "-o", str(paper), "--force"]) == 0
    assert "1 have signed already" in capsys.readouterr().err
    assert [title for title, _ in _outline(paper)] == ["某市普查办 (2)", "（未填单位） (1)"]
    assert run_job(job, RunSettings(workers=1)).already_done == 4
    check = head_judge(load_trust([pki / "trust"]), clock())
    assert verify_register(job.register_file, files_root=job.output, judge_head=check).problems == ()
