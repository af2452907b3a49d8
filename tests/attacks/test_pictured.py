"""Looks of signatures over text, measured on the pages that readers draw."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from agreegen.model.report import Changes
from agreegen.pdf.limits import Limits
from agreegen.verification.interface import COVERS_CONTENT, Structure
from agreegen.verification.pictures.findings import SEAL_OVER_CONTENT, judge_seals
from agreegen.verification.pictures.interface import Reading
from agreegen.verification.pictures.seals import combined_look
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.pictured import CLEAR, COVERING, ERASING, LEGIBLE, SHEET, sealed, two_faced


def _scan(data: bytes) -> Structure:
    return scan_structure(data, Limits())


@pytest.mark.parametrize("name", ERASING)
def test_ink_that_became_paper_is_an_alteration(name: str) -> None:
    structure = _scan(ERASING[name]())
    assert structure.sound is False
    assert structure.signatures[0].changes is Changes.FORBIDDEN
    assert any(alarm.alters for alarm in structure.alarms)


@pytest.mark.parametrize("name", COVERING)
def test_ink_under_other_ink_is_for_a_person_to_judge(name: str) -> None:
    structure = _scan(COVERING[name]())
    assert structure.sound is True, "never called altered"
    judged = judge_seals(structure.seals, seen=frozenset(), known=frozenset())
    assert [alarm.code for alarm in judged.alarms] == [COVERS_CONTENT]
    picture = judged.alarms[0].picture_png
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    seen = frozenset({judged.alarms[0].picture_sha256 or ""})
    confirmed = judge_seals(structure.seals, seen=seen, known=frozenset())
    assert not confirmed.alarms
    assert [remark.code for remark in confirmed.remarks] == [SEAL_OVER_CONTENT]


def test_only_the_report_says_whether_all_can_still_be_read() -> None:
    readings = {name: _scan(COVERING[name]()).seals[0].reading for name in COVERING}
    assert readings["new field, legible"] is Reading.LEGIBLE
    assert readings["new field, white sheet"] is Reading.ERASED


@pytest.mark.parametrize("name", LEGIBLE)
def test_seal_under_which_all_can_be_read_is_a_remark(name: str) -> None:
    structure = _scan(LEGIBLE[name]())
    assert structure.sound is True
    assert [seal.reading for seal in structure.seals] == [Reading.LEGIBLE]
    judged = judge_seals(structure.seals, seen=frozenset(), known=frozenset())
    assert not judged.alarms
    assert [remark.code for remark in judged.remarks] == [SEAL_OVER_CONTENT]


@pytest.mark.parametrize("name", CLEAR)
def test_what_lies_over_nothing_is_not_mentioned(name: str) -> None:
    structure = _scan(CLEAR[name]())
    assert structure.sound is True
    judged = judge_seals(structure.seals, seen=frozenset(), known=frozenset())
    assert not judged.alarms


@pytest.mark.parametrize("flags", [4 | 8, 4 | 16, 4 | 256])
def test_look_that_depends_on_size_or_turn_cannot_be_judged(flags: int) -> None:
    structure = _scan(sealed(b"1 0 0 RG 0 0 9 9 re S", flags=flags))
    assert structure.sound is not True


def test_form_of_ours_asks_nobody_unless_ink_became_paper() -> None:
    known = frozenset({"unit"})
    (covered,) = _scan(COVERING["opaque red sheet"]()).seals
    assert judge_seals([covered], seen=frozenset(), known=known).alarms == ()
    assert _scan(sealed(b"1 g " + SHEET)).sound is False


def test_look_in_layers_cannot_be_judged() -> None:
    """PDFium draws all layers at once; where others show one at a time, nobody has seen the other."""
    red, words = b"1 0 0 rg " + SHEET, b"1 g " + SHEET + b" 0 g 20 10 200 8 re f"
    assert _scan(two_faced(red, words)).sound is not True
    assert _scan(two_faced(words, red)).sound is not True


def test_picture_to_confirm_shows_screen_and_paper() -> None:
    """Both are as bad, and whoever confirmed the one on the screen had never seen the other."""
    (one,), (other,) = (_scan(COVERING[name]()).seals for name in ("opaque red sheet", "black sheet"))
    both = combined_look(one, other)
    assert both.reading is Reading.COVERED
    assert len({look.picture_sha256 for look in (one, other, both)}) == 3
    heights = [Image.open(io.BytesIO(look.picture)).height for look in (one, other, both)]
    assert heights[2] > heights[0] + heights[1]
    assert combined_look(one, one) == one == combined_look(one, None)
