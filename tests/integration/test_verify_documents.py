"""Our own documents against their forms: honest ones, and clauses that both sides signed in another form."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from agreegen.conversion.assembly import assemble
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import Form
from agreegen.model.report import FileReport
from agreegen.pipeline.making import DocumentMaker
from agreegen.rendering.docx import render_docx
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.verification.authority import NOW, Authority, Holder, signer_of

pytestmark = pytest.mark.libreoffice

PARTIES = ("豫州市普查办公室", "豫州市环境监测有限公司")


@dataclass
class Setting:
    """A form, its document, both parties, and a running maker."""

    form: Form
    document: Document
    root: Authority
    parties: tuple[Holder, Holder]
    maker: DocumentMaker
    honest: bytes


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    form = find_form("confidentiality-agreement", forms_folder())
    values: dict[str, Value] = {
        "party_a_name": PARTIES[0],
        "party_b_name": PARTIES[1],
        "working_group_name": "入户调查",
        "work_description": "工业污染源入户调查",
        "work_scope": "工业污染源入户调查",
        "protected_items": ("普查数据", "企业名录"),
        "party_a_phone": "0371-60000001",
        "party_b_phone": "0371-60000002",
        "party_a_signing_place": "豫州市",
        "party_b_signing_place": "豫州市",
    }
    document = build_document(form, values)
    root = Authority.root()
    parties = root.issue(PARTIES[0], organisation=PARTIES[0]), root.issue(PARTIES[1], organisation=PARTIES[1])
    with DocumentMaker(form) as maker:
        made = maker.make(document)
        yield Setting(form, made.document, root, parties, maker, made.pdf)


def both_sign(data: bytes, setting: Setting) -> bytes:
    for role, holder in zip(("party_a_seal", "party_b_seal"), setting.parties, strict=True):
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        metadata = signers.PdfSignatureMetadata(
            field_name=role, subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
        )
        data = bytes(signers.PdfSigner(metadata, signer_of(holder)).sign_pdf(writer).getvalue())
    return data


def judge(data: bytes, setting: Setting, **options: object) -> FileReport:
    chosen = {"anchors_der": (setting.root.holder.der,), "crls_der": (setting.root.crl(),), **options}
    return verify_bytes("x.pdf", data, Options(now=NOW, **chosen))  # type: ignore[arg-type]


def test_honest_document_is_valid(setting: Setting) -> None:
    report = judge(both_sign(setting.honest, setting), setting)
    assert (report.verdict.value, report.unaltered) == ("valid", True)
    assert [s.role for s in report.signatures] == ["party_a_seal", "party_b_seal"]
    assert report.document is not None
    assert report.document.missing_roles == ("party_a_representative", "party_b_representative")
    assert report.document.title == setting.form.title_zh


def test_complete_asks_for_every_role(setting: Setting) -> None:
    report = judge(both_sign(setting.honest, setting), setting, complete=True)
    assert (report.verdict.value, report.unaltered) == ("indeterminate", True)


def test_clause_that_both_sides_signed_in_another_form_is_found(setting: Setting) -> None:
    docx = render_docx(setting.form, setting.document)
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx)) as old, zipfile.ZipFile(changed, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == "word/document.xml":
                assert "不得".encode() in data
                data = data.replace("不得".encode(), "可以".encode(), 1)
            new.writestr(item, data)
    page = setting.maker._start_office().convert(changed.getvalue())
    forged = assemble(page, setting.form, setting.document, datetime(2018, 5, 10, tzinfo=UTC))
    report = judge(both_sign(forged, setting), setting)
    # Seals over a text that is not the form's are for a person to look at.
    codes = [alarm.code for alarm in report.alarms]
    assert codes == ["page-differs", "text-differs", "covers-content"]
    assert (report.verdict.value, report.unaltered) == ("indeterminate", None)


def test_values_in_the_attachment_that_are_not_those_on_the_page_are_found(setting: Setting) -> None:
    values = {**setting.document.values, "work_scope": "另一范围"}
    other = replace(setting.document, values=values)
    docx = render_docx(setting.form, setting.document)
    pdf = setting.maker._start_office().convert(docx)
    forged = assemble(pdf, setting.form, other, datetime(2018, 5, 10, tzinfo=UTC))
    report = judge(both_sign(forged, setting), setting)
    assert "text-differs" in [alarm.code for alarm in report.alarms]
    assert report.verdict.value != "valid"


def test_template_that_nobody_approved_is_found(setting: Setting, tmp_path: Path) -> None:
    signed = both_sign(setting.honest, setting)
    own = tmp_path / setting.form.id
    own.mkdir()
    for name in ("template.docx", "form.yaml"):
        shutil.copy(setting.form.directory / name, own / name)
    text = (own / "form.yaml").read_text("utf-8")
    (own / "form.yaml").write_text(text.replace(setting.form.version, "9.9", 1), "utf-8")
    report = judge(signed, setting, forms_folder=tmp_path)
    assert [alarm.code for alarm in report.alarms] == ["form-unknown", "covers-content"]
    assert report.verdict.value == "indeterminate"


def test_exchanged_parties_are_wrong_signers(setting: Setting) -> None:
    swapped = Setting(
        setting.form, setting.document, setting.root, setting.parties[::-1], setting.maker, setting.honest
    )
    report = judge(both_sign(setting.honest, swapped), setting)
    assert [alarm.code for alarm in report.alarms] == ["wrong-signer", "wrong-signer"]
    assert (report.verdict.value, report.unaltered) == ("indeterminate", True)
