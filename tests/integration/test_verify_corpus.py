"""Third-party PDFs, sorted by what their makers expect. The folder is not part of the product.

Set `AGREEGEN_PDF_CORPUS` to a folder with `intact`, `tampered`, `attack`, `malformed` and `unsigned`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.model.report import FileReport
from agreegen.reports.verification.etsi_xml import render_xml
from agreegen.reports.verification.html import render_html
from agreegen.reports.verification.table import render_table
from agreegen.verification.interface import Options
from agreegen.verification.service import verify_paths

CORPUS = Path(os.environ.get("AGREEGEN_PDF_CORPUS", "../shared/pdf-corpus"))
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of third-party PDFs is not here"),
]
NOW = datetime(2026, 6, 1, tzinfo=UTC)

AGAINST_A_RULE = {
    "DSS-2155.pdf": "something other than zeros follows the signature in /Contents",
    "DSS1376-rev_n.pdf": "a visible signature field was added after the document had been certified",
    "pades-signed-annot-added.pdf": "a note that shows text of its own was added after the signature",
    "TestMGomez.pdf": "the signature container encapsulates (empty) data",
}
"""Files labelled intact that break a rule; docs/verification.md lists them with the reasons."""


@pytest.fixture(scope="module")
def reports() -> dict[str, list[FileReport]]:
    found: dict[str, list[FileReport]] = {}
    for report in verify_paths([CORPUS], Options(now=NOW), jobs=2):
        found.setdefault(Path(report.path).parent.name, []).append(report)
    return found


@pytest.mark.parametrize("kind", ["attack", "tampered", "malformed"])
def test_nothing_forged_or_malformed_is_unaltered(reports: dict[str, list[FileReport]], kind: str) -> None:
    fooled = [report.path for report in reports[kind] if report.unaltered is True]
    assert fooled == []
    assert not any(report.verdict.value == "valid" for report in reports[kind])


def test_honest_files_are_rarely_doubted(reports: dict[str, list[FileReport]]) -> None:
    counted = [r for r in reports["intact"] if Path(r.path).name not in AGAINST_A_RULE]
    doubted = [report.path for report in counted if report.unaltered is not True]
    assert len(doubted) <= len(counted) * 0.05, doubted


def test_unsigned_files_say_so(reports: dict[str, list[FileReport]]) -> None:
    assert {report.verdict.value for report in reports["unsigned"]} == {"unsigned"}


def test_nothing_stopped_the_examination(reports: dict[str, list[FileReport]]) -> None:
    codes = {alarm.code for group in reports.values() for file in group for alarm in file.alarms}
    assert not codes & {"internal-error", "limit"}


def test_every_report_can_be_written(reports: dict[str, list[FileReport]]) -> None:
    from agreegen.model.report import Report  # noqa: PLC0415 - only here

    whole = Report(tuple(file for group in reports.values() for file in group if file.unaltered is not False))
    assert render_table(whole, lang="zh")
    assert render_xml(whole, Options(now=NOW))
    assert render_html(whole, Options(now=NOW), lang="en")
