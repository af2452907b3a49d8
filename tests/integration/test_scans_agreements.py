"""Documents of several pages, signed by a party on paper: every page must come back."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from agreegen.batch.interface import Job, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.job.register_signers import recorder_for
from agreegen.batch.paper.printing import print_documents
from agreegen.batch.running.run import run_job
from agreegen.demo.paper import draw_scans
from agreegen.register.interface import How
from agreegen.register.store import Register
from agreegen.scanning.comparing.references import signature_boxes
from agreegen.scanning.copies.stamp import Box
from agreegen.scanning.interface import PageStatus, Reason, ScanReport
from agreegen.scanning.service import ScanRequest, add_scans
from tests.integration.batch_support import clock, make_pki

pytestmark = pytest.mark.libreoffice

_JOB = """form: confidentiality-agreement
roster: {file: units.csv}
defaults: {party_a_name: 豫州市第二次全国污染源普查领导小组办公室, party_a_representative: 王建国,
  party_a_phone: 0371-60000001,
  party_a_signing_place: 豫州市}
output: out
signatures:
  - {role: party_a_seal, credential: pki/credentials/party-a-seal.yaml}
  - {role: party_a_representative, credential: pki/credentials/party-a-representative.yaml}
trust: [pki/trust/]
register_credential: pki/credentials/archive-seal.yaml
"""
_HEADER = "协议编号,承担单位,统一社会信用代码,工作组名称,工作内容,保密资料,代表人,联系电话,签订地点"
_ROWS = tuple(
    f"2018-00{number},{unit},{code},豫州市普查入户调查,工业污染源入户调查,普查名录库；原始填报数据,{person},"
    f"0371-6000000{number},豫州市"
    for number, unit, code, person in (
        (1, "豫州市绿源环境监测有限公司", "91419900MA9990001B", "李秀英"),
        (2, "豫州市清河环境工程咨询有限公司", "", "王建平"),
    )
)


def _make(folder: Path, rows: tuple[str, ...]) -> tuple[Job, list[list[tuple[int, list[Box]]]]]:
    """Make and print agreements; return each one's sheets, with where party B signs on them."""
    make_pki(folder / "pki")
    (folder / "units.csv").write_text("\n".join([_HEADER, *rows]) + "\n", "utf-8")
    (folder / "job.yaml").write_text(_JOB, "utf-8")
    job = read_job(folder / "job.yaml")
    assert run_job(job, RunSettings(workers=1)).done == len(rows)
    made = []
    for document in print_documents(job, folder / "print.pdf").documents:
        with Register.open(job.register_file, read_only=True) as register:
            row = register.document(document.id)
        assert row is not None
        boxes = signature_boxes((job.output / row.registration.path).read_bytes())
        (last, seal), (other, person) = boxes["party_b_seal"], boxes["party_b_representative"]
        assert last == other
        sheets: list[tuple[int, list[Box]]] = [(document.page + n, []) for n in range(last - 1)]
        made.append([*sheets, (document.page + last - 1, [seal, person])])
    return job, made


def _read(job: Job, places: list[tuple[int, list[Box]]], name: str) -> ScanReport:
    folder = job.path.parent
    draw_scans(folder / "print.pdf", places, folder / name)
    request = ScanRequest((folder / name,), folder / "review", "王科长")
    with recorder_for(job.register_file, None, now=clock()) as recorder:
        return add_scans(request, recorder.register, recorder, now=clock())


def _told(report: ScanReport) -> list[tuple[PageStatus, tuple[Reason, ...]]]:
    return [(page.status, page.reasons) for page in report.pages]


def test_an_agreement_needs_all_its_pages_and_both_signatures(tmp_path: Path) -> None:
    job, (signed,) = _make(tmp_path, _ROWS[:1])
    pages = len(signed)
    page, (_, person) = signed[-1]
    missing = _read(job, signed[1:], "missing.pdf")
    assert _told(missing) == [(PageStatus.REVIEW, (Reason.PAGES_MISSING,))] * (pages - 1)
    one = _read(job, [*signed[:-1], (page, [person])], "no-seal.pdf")
    assert _told(one)[-1] == (PageStatus.REVIEW, (Reason.NO_INK,))
    assert _told(_read(job, signed[::-1], "whole.pdf")) == [(PageStatus.ACCEPTED, ())] * pages
    with Register.open(job.register_file, read_only=True) as register:
        (row,) = register.documents()
        assert {role: each.how for role, each in row.fulfilled.items()} == {
            "party_a_seal": How.CERTIFICATE,
            "party_a_representative": How.CERTIFICATE,
            "party_b_seal": How.PAPER,
            "party_b_representative": How.PAPER,
        }
    assert [scan.source_page for scan in row.scans] == list(range(pages, 0, -1))


def test_two_agreements_in_changed_order_are_each_its_own(tmp_path: Path) -> None:
    """Pages of both lie among each other, the last ones first: each document gets its own pages only."""
    job, made = _make(tmp_path, _ROWS)
    pages = [len(sheets) for sheets in made]
    mixed = [sheet for pair in itertools.zip_longest(*(s[::-1] for s in made)) for sheet in pair if sheet]
    report = _read(job, mixed, "mixed.pdf")
    assert _told(report) == [(PageStatus.ACCEPTED, ())] * sum(pages)
    with Register.open(job.register_file, read_only=True) as register:
        rows = list(register.documents())
    places = {page.page: page.document for page in report.pages}
    for row, count in zip(rows, pages, strict=True):
        assert len(row.scans) == count
        assert {places[scan.source_page or 0] for scan in row.scans} == {row.registration.id}
