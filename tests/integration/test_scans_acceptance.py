"""A stack of forty pages of all kinds, made by tools of others; three hundred stand in the soak tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.programs import find_program, run_program
from agreegen.scanning.interface import PageStatus, Reason
from tests.scans.acceptance import Outcome, run_acceptance
from tests.scans.generator import Kind


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_acceptance(tmp_path_factory.mktemp("stack"), 40, seed=11)


def test_nothing_is_matched_wrongly_and_nothing_unsigned_is_accepted(outcome: Outcome) -> None:
    assert outcome.wrong() == []
    assert outcome.bad_accepted() == []
    assert outcome.good_share() >= 0.95, outcome.describe()


def test_every_page_is_accounted_for(outcome: Outcome) -> None:
    by_kind = {truth.kind: result.status for truth, result in outcome.pairs()}
    assert by_kind[Kind.BLANK] is PageStatus.BLANK
    assert by_kind[Kind.FOREIGN] is PageStatus.REVIEW
    for truth, result in outcome.pairs():
        if truth.kind in {Kind.ONE_MARK, Kind.HALF_MARK}:
            assert result.status is PageStatus.REVIEW
            assert Reason.HALF_MARK in result.reasons
            assert result.staff_no == truth.staff_no, "the person who looks is told whose page it seems"
    places = [(result.source_sha256, result.page) for _, result in outcome.pairs()]
    assert len(set(places)) == len(places) == len(outcome.truths)


def test_two_pledges_in_changed_order_are_each_its_own(outcome: Outcome) -> None:
    swapped = [(truth.staff_no, result) for truth, result in outcome.pairs() if truth.kind is Kind.SWAPPED]
    assert len(swapped) == 2
    assert [result.staff_no for _, result in swapped] == [number for number, _ in swapped]
    assert {result.status for _, result in swapped} == {PageStatus.ACCEPTED}


def test_dmtxread_reads_the_same_ids(tmp_path: Path, outcome: Outcome) -> None:
    accepted = next(
        r for _, r in outcome.pairs() if r.status is PageStatus.ACCEPTED and r.source.endswith(".pdf")
    )
    draw = find_program("pdftoppm", package="poppler-utils")
    page = str(accepted.page)
    options = ["-r", "200", "-f", page, "-l", page, "-singlefile", "-png"]
    run_program([draw, *options, accepted.source, str(tmp_path / "page")], timeout_s=60)
    read = find_program("dmtxread", package="dmtx-utils")
    said = run_program([read, "-N", "1", "-m", "60000", str(tmp_path / "page.png")], timeout_s=120).stdout
    assert said.decode() == f"AG1/{accepted.document}/1/1"
