"""Table, HTML and XML: plain words first, nothing that a file could smuggle in, pages compared."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pikepdf
import pytest

from agreegen.files import sha256_of
from agreegen.messages import foreign_text, speaking
from agreegen.model.report import (
    Alarm,
    Changes,
    Coverage,
    DocumentFacts,
    FileReport,
    Indication,
    Method,
    Report,
    RoleFacts,
    Verdict,
)
from agreegen.reports.verification.changed_pages import changed_signature
from agreegen.reports.verification.etsi_xml import NAMESPACE, render_xml
from agreegen.reports.verification.html import render_html
from agreegen.reports.verification.page_images import compare_pages
from agreegen.reports.verification.table import Table, render_table
from agreegen.reports.verification.wording import explain, signature_line
from agreegen.verification.extraction import extract_signed
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_path
from agreegen.verification.pictures.page_pairs import _regions
from tests.attacks.overlay import overlay_annotation_on_text
from tests.unit.verification.authority import NOW, Authority, blank_pdf, sign
from tests.unit.verification.conftest import Pki


def repainted(signed: bytes) -> bytes:
    """Append a revision that paints other text on the page, as an attacker would."""
    pdf = pikepdf.open(io.BytesIO(signed))
    number = pdf.pages[0].Contents.objgen[0]
    stream = b"BT /F1 24 Tf 72 700 Td (Another text) Tj ET"
    offset = len(signed)
    body = b"%d 0 obj\n<< /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (number, len(stream), stream)
    start = signed.rindex(b"startxref")
    previous = int(signed[start:].split()[1])
    table = b"xref\n%d 1\n%010d 00000 n \n" % (number, offset)
    size, root = int(pdf.trailer.Size), pdf.trailer.Root.objgen[0]
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        previous,
        offset + len(body),
    )
    return signed + body + table + trailer


@pytest.fixture
def options(pki: Pki) -> Options:
    return Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())


@pytest.fixture
def report(tmp_path: Path, options: Options, signed: bytes) -> Report:
    files = {
        "good.pdf": signed,
        "changed.pdf": repainted(signed),
        "blank.pdf": blank_pdf(),
        "foreign.pdf": sign(blank_pdf(), Authority.root("Elsewhere").issue("Ghost")),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    reports = tuple(verify_path(tmp_path / name, options) for name in files)
    assert [one.verdict.value for one in reports] == ["valid", "invalid", "unsigned", "indeterminate"]
    return Report(reports)


def test_table_in_both_languages(report: Report) -> None:
    english, chinese = render_table(report, lang="en"), render_table(report, lang="zh")
    assert "✘ NOT valid" in english
    assert "Ask the sender for the original" in english
    assert "4 file(s): Valid 1, NOT valid 1, Cannot be confirmed 1, Not signed 1" in english
    assert "✘ 无效" in chinese
    assert "请向来件方索取原件" in chinese
    assert "What to do" not in chinese


def test_table_cannot_be_painted_over_by_a_name() -> None:
    name = "a\x1b[2J\u202efdp.\n\rok"
    file = FileReport(name, Verdict.UNREADABLE, None, alarms=(Alarm("x", foreign_text(f"bad {name}")),))
    text = render_table(Report((file,)))
    assert not set("\x1b\r\u202e") & set(text)


def test_table_keeps_a_line_of_each_file_and_explains_those_that_need_it() -> None:
    good, bad = FileReport("good.pdf", Verdict.VALID, True), FileReport("bad.pdf", Verdict.INVALID, False)
    table = Table()
    table.add(good)
    assert table.explained == [good], "a file that is alone is explained whatever it is"
    for _ in range(300):
        table.add(good)
    assert table.explained == []
    assert table.all_valid
    for _ in range(250):
        table.add(bad)
    assert not table.all_valid
    assert (len(table.rows), len(table.explained), table.unexplained) == (551, 200, 50)
    assert table.render() == render_table(Report((good,) * 301 + (bad,) * 250))
    assert "… and 50 more" in table.render()
    assert not Table().all_valid


def test_html_shows_pages_before_and_after(report: Report, options: Options) -> None:
    html = render_html(report, options, lang="en")
    assert html.count("data:image/png;base64,") == 2, "one pair for the one changed file"
    assert "As it is now" in html
    assert html.index("What holds") < html.index("Technical details")
    assert "http" not in html.replace("http-equiv", "")
    assert 'lang="zh-CN"' in render_html(report, options, lang="zh")


def test_html_of_many_files_begins_with_a_line_for_each(report: Report, options: Options) -> None:
    html = render_html(report, options, lang="en")
    overview = html[html.index('class="overview"') : html.index("<section")]
    for number, file in enumerate(report.files, start=1):
        assert f'<a href="#file-{number}">{file.path}</a>' in overview
        assert html.count(f'id="file-{number}"') == 1
    assert 'overview"' not in render_html(Report(report.files[:1]), options)


def test_files_still_being_signed_are_counted_apart(report: Report, options: Options) -> None:
    roles = (RoleFacts("pledger", "承诺人（签字）", "Pledger", holder="张伟"),)
    about = DocumentFacts(id="1", form="personal-pledge", missing_roles=("pledger",), roles=roles)
    half = replace(report.files[0], document=about)
    both = Report((report.files[0], half))
    assert "2 file(s): Valid 1, Valid so far 1" in render_table(both)
    assert "有效 1、有效（未签完） 1" in render_table(both, lang="zh")
    html = render_html(both, options, lang="zh")
    assert "<b>1</b> 有效（未签完）" in html
    assert "<td>承诺人（签字） 张伟</td>" in html
    assert "尚待签署：承诺人（签字） 张伟" in render_table(both, lang="zh")
    assert "(open: Pledger 张伟)" in render_table(both)
    assert both.counts()["valid"] == 2


def test_signers_stand_beside_what_people_call_their_role(report: Report) -> None:
    """An id such as `pledger` is for programs; a role that no form here explains keeps it."""
    signature = replace(report.files[0].signatures[0], role="unit")
    about = DocumentFacts("1", "f", (), roles=(RoleFacts("unit", "单位见证", "Attestation"),))
    assert signature_line(signature, about, "zh").startswith("单位见证：Alice")
    assert "(Attestation)" in signature_line(signature, about, "en")
    assert signature_line(signature, None, "zh").startswith("unit：Alice")


def test_html_escapes_what_a_file_says(options: Options) -> None:
    alarm = Alarm("x", foreign_text("<script>alert(1)</script>"))
    file = FileReport("<img src=x onerror=1>.pdf", Verdict.UNREADABLE, None, alarms=(alarm,))
    html = render_html(Report((file,)), options)
    assert "<script" not in html
    assert "<img" not in html


def test_xml_names_indications(report: Report, options: Options) -> None:
    root = ElementTree.fromstring(render_xml(report, options))
    space = {"e": NAMESPACE}
    assert root.tag == f"{{{NAMESPACE}}}ValidationReport"
    main = [item.text for item in root.iterfind(".//e:MainIndication", space)]
    prefix = "urn:etsi:019102:mainindication:"
    assert main == [
        prefix + name for name in ("total-passed", "total-failed", "indeterminate", "indeterminate")
    ]
    ids = {item.get("id") for item in root.iterfind(".//e:ValidationObject", space)}
    assert {item.get("VOReference") for item in root.iterfind(".//e:SignerCertificate", space)} == ids
    order = [child.tag.split("}")[1] for child in root[0]]
    assert (
        order.index("SignatureIdentifier")
        < order.index("ValidationTimeInfo")
        < order.index("SignersDocument")
    )
    assert order[-1] == "SignatureValidationStatus"


def test_xml_survives_control_characters(options: Options) -> None:
    file = FileReport(
        "a\x00\x0b\ufffe.pdf", Verdict.UNREADABLE, None, alarms=(Alarm("x", foreign_text("y\x01")),)
    )
    ElementTree.fromstring(render_xml(Report((file,)), options))


def test_signed_revision_is_written(report: Report, signed: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (path,) = extract_signed(report.files[1], folder)
    assert path.read_bytes() == signed
    assert extract_signed(report.files[2], folder) == []
    Path(report.files[1].path).write_bytes(b"other now")
    assert extract_signed(report.files[1], folder) == []


def test_pages_that_cannot_be_drawn_give_no_pictures() -> None:
    assert compare_pages(b"%PDF-1.7 junk", 5) is None


def test_pages_that_look_alike_are_left_out(signed: bytes) -> None:
    assert compare_pages(signed, len(signed)) == ()
    assert sha256_of(signed)


def test_differences_that_do_not_touch_are_framed_apart() -> None:
    cells = [
        "0110000",
        "0010001",
        "0000011",
        "1000000",
    ]
    found = sorted(_regions(bytes(int(cell) for row in cells for cell in row), 7))
    assert found == [(0, 3, 0, 3), (1, 0, 2, 1), (5, 1, 6, 2)]


def test_a_change_is_compared_with_the_last_signature_before_it(report: Report) -> None:
    """What a second signer added is not shown as the change that came after both."""
    (first,) = report.files[1].signatures[:1]
    length = int(dict(first.details)["signed_bytes"])
    signatures = tuple(
        replace(
            first, changes_after=changes, coverage=Coverage.REVISION, details=(("signed_bytes", str(size)),)
        )
        for changes, size in (
            (Changes.FORBIDDEN, length),
            (Changes.FORBIDDEN, length + 10),
            (Changes.PERMITTED, length + 20),
        )
    )
    assert changed_signature(replace(report.files[1], signatures=signatures)) is signatures[1]
    assert changed_signature(replace(report.files[1], signatures=signatures[2:])) is signatures[2]


def test_clerk_is_told_what_was_changed(tmp_path: Path, options: Options, signed: bytes) -> None:
    (tmp_path / "changed.pdf").write_bytes(repainted(signed))
    (tmp_path / "noted.pdf").write_bytes(overlay_annotation_on_text())
    changed, noted = (verify_path(tmp_path / name, options) for name in ("changed.pdf", "noted.pdf"))
    assert (
        "After signing, text, pictures or fonts that the pages use were replaced"
        in explain(changed, "en").fails
    )
    assert "签署之后，有内容盖住了原有页面，或加在了不允许添加之处" in explain(noted, "zh").fails
    assert explain(noted, "en").fails[0] == "The file was changed after it was signed."


def test_details_are_in_words_of_the_language(report: Report, options: Options) -> None:
    chinese = render_html(report, options, lang="zh")
    assert "签名域" in chinese
    assert "<th>issuer</th>" not in chinese
    assert "the version that was signed" in render_html(report, options, lang="en")


def test_advice_about_a_signature_on_a_device(report: Report) -> None:
    """`--trust` never vouches for such keys: only a policy that names the office's authority does."""
    foreign = report.files[3]
    signature = replace(foreign.signatures[0], method=Method.DEVICE)
    (advice,) = explain(replace(foreign, signatures=(signature,)), "en").advice
    assert "--policy" in advice
    assert "device_authorities" in advice
    assert "--trust" not in advice
    both = explain(replace(foreign, signatures=(signature, foreign.signatures[0])), "en").advice
    assert [text for text in both if "--trust" in text], "the other signer needs it"
    with speaking("zh", on_page=True):
        (on_page,) = explain(replace(foreign, signatures=(signature,)), "zh").advice
    assert "--" not in on_page


@pytest.mark.parametrize(
    ("cause", "option"),
    [
        ("NO_POE", "--evidence"),
        ("OUT_OF_BOUNDS_NO_POE", "--evidence"),
        ("CRYPTO_CONSTRAINTS_FAILURE", "--policy"),
        ("SIG_CONSTRAINTS_FAILURE", "--policy"),
    ],
)
def test_advice_where_time_or_policy_leaves_it_open(report: Report, cause: str, option: str) -> None:
    good = report.files[0]
    open_one = replace(
        good.signatures[0], indication=Indication.INDETERMINATE, subindication=cause, reasons=()
    )
    file = replace(good, verdict=Verdict.INDETERMINATE, signatures=(open_one,))
    (advice,) = explain(file, "en").advice
    assert option in advice


@pytest.mark.parametrize("verdict", [Verdict.UNREADABLE, Verdict.INDETERMINATE])
def test_advice_about_a_file_with_a_password(verdict: Verdict) -> None:
    alarm = Alarm("password-needed", foreign_text("the password does not open it"))
    file = FileReport("a.pdf", verdict, None, alarms=(alarm,))
    (advice,) = explain(file, "en").advice
    assert "--password-file" in advice
    with speaking("zh", on_page=True):
        (on_page,) = explain(file, "zh").advice
    assert "--" not in on_page
