"""What nobody signed, what stands twice, and names of which nothing is seen."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from agreegen.model.report import Coverage, FileReport, Integrity, Report, Verdict
from agreegen.model.text import printable, spell_invisible
from agreegen.reports.verification.etsi_xml import render_xml
from agreegen.reports.verification.html import render_html
from agreegen.reports.verification.table import render_table
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from tests.attacks.documents import annotate, certified, fill, signed
from tests.attacks.increments import append, body_of, number_of
from tests.attacks.pictured import COVERING
from tests.attacks.signer import FREE_BOX, base_document, sign, signed_again, stamp

NOW = datetime.now(UTC)


def _examine(data: bytes) -> FileReport:
    return examine("x.pdf", data, Options(now=NOW))


@pytest.mark.parametrize("data", [fill(signed()), fill(certified()), stamp(fill(signed()))])
def test_value_filled_in_after_the_last_signature_is_nobodys(data: bytes) -> None:
    report = _examine(data)
    (alarm,) = (alarm for alarm in report.alarms if alarm.code == "unsigned-content")
    assert (alarm.page, alarm.text) == (1, "read")
    assert report.unaltered is True
    assert report.verdict is not Verdict.VALID


@pytest.mark.parametrize("name", ["Clause 7 is void", "ClauseSevenIsVoid", "clause_void_1", "本合同无效"])
def test_name_of_a_timestamps_field_that_speaks_is_nobodys(name: str) -> None:
    report = _examine(stamp(signed(), name))
    (alarm,) = (alarm for alarm in report.alarms if alarm.code == "unsigned-content")
    assert alarm.text == name
    assert report.unaltered is True
    assert report.verdict is not Verdict.VALID


@pytest.mark.parametrize(
    "name",
    [
        *("Signature2", "DocTimeStamp1", "Document Timestamp 3", "Cryptolog-1895426501", "时间戳1", "x"),
        *("Timestamp-977301ad-bec9-4cae-a0cd-f6a674c6e465", "invisible_sig_4"),
    ],
)
def test_name_that_is_a_makers_word_and_a_number_says_nothing(name: str) -> None:
    assert not any(alarm.code == "unsigned-content" for alarm in _examine(stamp(signed(), name)).alarms)


def test_value_under_a_later_signature_is_signed() -> None:
    report = _examine(sign(fill(signed()), "person"))
    assert not any(alarm.code == "unsigned-content" for alarm in report.alarms)
    assert report.unaltered is True


def test_note_without_words_of_its_own_is_nobodys() -> None:
    report = _examine(annotate(signed(), FREE_BOX, b"/Square"))
    (alarm,) = (alarm for alarm in report.alarms if alarm.code == "unsigned-content")
    assert (alarm.page, alarm.text, alarm.box) == (1, "x", FREE_BOX)


@pytest.mark.parametrize("kind", [b"/FreeText", b"/Stamp"])
def test_note_with_words_of_its_own_is_an_alteration(kind: bytes) -> None:
    assert _examine(annotate(signed(), FREE_BOX, kind)).unaltered is False


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_report_calls_it_exactly_what_was_signed(lang: str) -> None:
    report = Report((_examine(fill(signed())),))
    options = Options(now=NOW)
    table, html = render_table(report, lang=lang), render_html(report, options, lang=lang)
    for text in (table, html):
        assert "exactly what was signed" not in text
        assert "与签署时一致" not in text
        assert ("无人签署" if lang == "zh" else "signed by nobody") in text
    assert b"alarm:unsigned-content" in render_xml(report, options)
    assert "read" in table


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_reports_show_the_picture_of_a_seal_with_its_number(lang: str) -> None:
    report = Report((_examine(COVERING["opaque red sheet"]()),))
    (alarm,) = (alarm for alarm in report.files[0].alarms if alarm.code == "covers-content")
    html = render_html(report, Options(now=NOW), lang=lang)
    assert alarm.picture_sha256 is not None
    assert f"<code>{alarm.picture_sha256}</code>" in html
    assert "data:image/png;base64," in html
    assert alarm.picture_sha256 in render_table(report, lang=lang)
    assert alarm.to_dict()["picture_sha256"] == alarm.picture_sha256


def test_two_fields_of_one_name_are_told_and_not_valid() -> None:
    base = base_document()
    person = number_of(base, b"(person)")
    twin = append(base, {person: body_of(base, person).replace(b"(person)", b"(unit)")})
    report = _examine(sign(base, "unit"))
    assert not any(alarm.code == "same-name" for alarm in report.alarms)
    report = _examine(sign(twin, "unit"))
    assert [alarm.code for alarm in report.alarms if alarm.code == "same-name"] == ["same-name"]
    assert "“unit”" in next(str(alarm.message) for alarm in report.alarms if alarm.code == "same-name")


def test_key_that_stands_twice_in_a_signature_is_told_once_and_by_name() -> None:
    data = sign(base_document())
    room = re.search(rb"/ByteRange \[[ 0-9]+\] {6,}", data)
    assert room is not None
    twice = data[: room.end() - 5] + b"/M(x)" + data[room.end() :]
    report = _examine(signed_again(twice))
    (alarm,) = (alarm for alarm in report.alarms if alarm.code == "repeated-key")
    assert "/M" in str(alarm.message)
    (signature,) = report.signatures
    assert (signature.integrity, signature.coverage) == (Integrity.INTACT, Coverage.WHOLE_FILE)
    assert report.unaltered is True
    assert report.verdict is not Verdict.VALID
    assert not any(alarm.code == "repeated-key" for alarm in _examine(data).alarms)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u200b\u200b", "<U+200B><U+200B>"),
        ("\u3164", "<U+3164>"),
        ("王\u200b", "王\u200b"),
        ("", ""),
        (" ", " "),
    ],
)
def test_name_of_which_nothing_is_seen_is_spelt_out(text: str, shown: str) -> None:
    assert spell_invisible(text) == shown


def test_terminal_and_page_show_what_is_invisible() -> None:
    assert printable("\u200b") == "<U+200B>"
    assert printable("王\u200b") == "王"
