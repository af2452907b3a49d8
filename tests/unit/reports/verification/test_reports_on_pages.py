"""Reports that a browser gives out: they advise what somebody without a command line can do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from agreegen.messages import message, speaking
from agreegen.messages.catalogue import read_po
from agreegen.messages.languages import catalogue_folders
from agreegen.model.report import Alarm, FileReport, Report, TrustStatus, Verdict
from agreegen.reports.verification.html import render_html
from agreegen.reports.verification.table import render_table
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.verification.authority import NOW, Authority, blank_pdf, sign
from tests.visible_text import visible_text

_OPTION = re.compile(r"--[a-z]|agreegen [a-z]+ [a-z]")


def entries(language: str) -> dict[str, str]:
    """Return what reports say in a language, and what pages say instead."""
    folder = catalogue_folders()[language]
    return read_po(folder / "reports.po") | read_po(folder / "page.po")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_advice_with_an_option_has_another_for_pages(language: str) -> None:
    """Whoever adds an advice with an option has to say what helps in a browser."""
    known = entries(language)
    advice = {code.rpartition(".")[2] for code in known if code.startswith("reports.advice.")}
    without = {each for each in advice if _OPTION.search(known[f"reports.advice.{each}"])}
    assert {each for each in without if f"page.reports.advice.{each}" not in known} == set()
    assert [text for code, text in known.items() if code.startswith("page.") and _OPTION.search(text)] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_of_a_page_names_no_option_and_the_commands_own_does(lang: str) -> None:
    """A stranger's signature, and a look over earlier content: advice, captions and the technical part."""
    options = Options(now=NOW)
    file = verify_bytes("a.pdf", sign(blank_pdf(), Authority.root("Elsewhere").issue("Ghost")), options)
    assert file.verdict is Verdict.INDETERMINATE
    assert any(each.trust is not TrustStatus.TRUSTED for each in file.signatures)
    over = message("verification.look-at-picture", over="p. 1", sha256="0" * 64)
    file = replace(file, alarms=(Alarm("covers-content", over, picture_png=b"\x89PNG"),))
    report = Report((file, FileReport("b.pdf", Verdict.UNREADABLE, None)))
    with speaking(lang, on_page=True):
        on_page = visible_text(render_html(report, options, lang=lang))
    assert _OPTION.search(on_page) is None
    assert "p. 1" in on_page
    for told in (visible_text(render_html(report, options, lang=lang)), render_table(report, lang=lang)):
        assert "--trust" in told
        assert "--seal-seen" in told
