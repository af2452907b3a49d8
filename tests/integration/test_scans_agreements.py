"""Documents of several pages, signed by a party on paper: every page must come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.batch.job.job_file import read_job
from agreegen.batch.job.register_signers import recorder_for
from agreegen.batch.paper.printing import print_documents
from agreegen.batch.running.run import RunSettings, run_job
from agreegen.demo.paper import draw_scans
from agreegen.register.interface import How
from agreegen.register.store import Register
from agreegen.scanning.comparing.references import signature_boxes
from agreegen.scanning.copies.stamp import Box
from agreegen.scanning.interface import PageStatus, Reason
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
_ROSTER = (
    "协议编号,承担单位,统一社会信用代码,工作组名称,工作内容,保密资料,代表人,联系电话,签订地点\n"
    "2018-001,豫州市绿源环境监测有限公司,91419900MA9990001B,豫州市普查入户调查,工业污染源入户调查,"
    "普查名录库；原始填报数据,李秀英,0371-60000002,豫州市\n"
)


def test_an_agreement_needs_all_its_pages_and_both_signatures(tmp_path: Path) -> None:
    make_pki(tmp_path / "pki")
    (tmp_path / "units.csv").write_text(_ROSTER, "utf-8")
    (tmp_path / "job.yaml").write_text(_JOB, "utf-8")
    job = read_job(tmp_path / "job.yaml")
    assert run_job(job, RunSettings(workers=1)).done == 1
    printed = print_documents(job, tmp_path / "print.pdf")
    (document,) = printed.documents
    with Register.open(job.register_file, read_only=True) as register:
        row = register.document(document.id)
    assert row is not None
    boxes = signature_boxes((job.output / row.registration.path).read_bytes())
    (last, seal), (other, person) = boxes["party_b_seal"], boxes["party_b_representative"]
    pages = printed.pages - document.page + 1
    assert pages == last == other
    sheets: list[tuple[int, list[Box]]] = [(document.page + n, []) for n in range(pages - 1)]
    signed = [*sheets, (document.page + last - 1, [seal, person])]

    def read(places: list[tuple[int, list[Box]]], name: str) -> list[tuple[PageStatus, tuple[Reason, ...]]]:
        draw_scans(tmp_path / "print.pdf", places, tmp_path / name)
        request = ScanRequest((tmp_path / name,), tmp_path / "review", "王科长")
        with recorder_for(job.register_file, None, now=clock()) as recorder:
            report = add_scans(request, recorder.register, recorder, now=clock())
        return [(page.status, page.reasons) for page in report.pages]

    assert read(signed[1:], "missing.pdf") == [(PageStatus.REVIEW, (Reason.PAGES_MISSING,))] * (pages - 1)
    one = [*sheets, (document.page + last - 1, [person])]
    assert read(one, "no-seal.pdf")[-1] == (PageStatus.REVIEW, (Reason.NO_INK,))
    assert read(signed[::-1], "whole.pdf") == [(PageStatus.ACCEPTED, ())] * pages
    with Register.open(job.register_file, read_only=True) as register:
        row = register.document(document.id)
        assert row is not None
        assert {role: each.how for role, each in row.fulfilled.items()} == {
            "party_a_seal": How.CERTIFICATE,
            "party_a_representative": How.CERTIFICATE,
            "party_b_seal": How.PAPER,
            "party_b_representative": How.PAPER,
        }
        assert len(row.scans) == pages
    assert [scan.source_page for scan in row.scans] == list(range(pages, 0, -1))
