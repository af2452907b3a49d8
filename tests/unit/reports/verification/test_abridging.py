"""Reports of very many files: the first of a kind in full, the rest as a list shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agreegen.messages import foreign_text
from agreegen.model.report import Alarm, FileReport, Report, Verdict
from agreegen.reports.verification.abridging import MAX_DETAILED, abridge
from agreegen.reports.verification.table import render_table
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.verification.authority import NOW


@pytest.fixture
def unanchored(signed: bytes) -> FileReport:
    """A sound file whose signer no anchor vouches for."""
    file = verify_bytes("a.pdf", signed, Options(now=NOW))
    assert file.verdict is Verdict.INDETERMINATE
    assert file.signatures[0].reasons
    assert file.signatures[0].details
    return file


def test_of_a_kind_that_is_not_settled_two_hundred_keep_their_details(unanchored: FileReport) -> None:
    rest = [replace(unanchored, path=f"{number}.pdf") for number in range(MAX_DETAILED + 2)]
    files = list(abridge(rest))
    assert [file.abridged for file in files] == [False] * MAX_DETAILED + [True, True]
    assert files[-1].signatures[0].details == ()
    assert files[-1].signatures[0].reasons == unanchored.signatures[0].reasons
    assert files[-1].alarms == unanchored.alarms
    assert files[-1].signatures[0] is files[-2].signatures[0]
    assert files[-1].alarms is files[-2].alarms


def test_a_rare_finding_behind_many_keeps_its_details(unanchored: FileReport) -> None:
    odd = replace(unanchored, path="odd.pdf", alarms=(Alarm("odd", foreign_text("odd")),))
    broken = replace(unanchored, path="broken.pdf", verdict=Verdict.INVALID)
    files = list(abridge([*[unanchored] * (MAX_DETAILED + 1), odd, broken, unanchored]))
    assert [file.path for file in files[MAX_DETAILED:] if not file.abridged] == ["odd.pdf", "broken.pdf"]


def test_a_table_still_says_why(unanchored: FileReport) -> None:
    *_, short = abridge([unanchored] * (MAX_DETAILED + 1))
    table = render_table(Report((short,)))
    for reason in unanchored.signatures[0].reasons:
        assert str(reason) in table
