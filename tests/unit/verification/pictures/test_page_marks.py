"""What is drawn on a page besides rules and frames."""

from __future__ import annotations

import numpy as np
import pytest

from agreegen.verification.pictures.comparison import Image
from agreegen.verification.pictures.page_marks import PageMarks

SCALE = 2.0
BOX = (100, 100, 220, 140)


def _page(*boxes: tuple[int, int, int, int], paper: int = 255, ink: int = 0) -> Image:
    page = np.full((300, 400, 3), paper, dtype=np.uint8)
    for left, top, right, bottom in boxes:
        page[top:bottom, left:right] = ink
    return page


@pytest.mark.parametrize(
    "boxes",
    [
        [(50, 136, 300, 138)],
        [(100, 100, 220, 102), (100, 138, 220, 140), (100, 100, 102, 140), (218, 100, 220, 140)],
        [(left, 137, left + 2, 139) for left in range(90, 240, 6)],
        [(50, 80, 300, 160)],
    ],
    ids=["rule", "box", "dots", "tint"],
)
@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (200, 120)])
def test_rules_are_no_marks(boxes: list[tuple[int, int, int, int]], paper: int, ink: int) -> None:
    bare = _page(*boxes, paper=paper, ink=ink)
    after = bare.copy()
    after[120:139, 150:153] = ink
    after[120:139, 156:159] = paper
    assert not PageMarks.of(bare, SCALE).is_joined(bare, after, BOX)


@pytest.mark.parametrize("gap", [0, 1, 2])
def test_ink_beside_a_stem_joins_it(gap: int) -> None:
    bare = _page((180, 104, 183, 136))
    after = bare.copy()
    after[120:122, 160 : 180 - gap] = 0
    assert PageMarks.of(bare, SCALE).is_joined(bare, after, BOX)


def test_ink_away_from_a_mark_outside_of_its_box_joins_nothing() -> None:
    bare = _page((224, 104, 227, 136))
    after = bare.copy()
    after[120:122, 160:219] = 0
    marks = PageMarks.of(bare, SCALE)
    assert not marks.is_joined(bare, after, BOX)
    assert not marks.is_joined(bare, bare, BOX)


def test_only_a_square_box_may_be_ticked() -> None:
    for breadth, joined in ((20, False), (12, True)):
        frame = _page((140, 110, 140 + breadth, 130))
        frame[112:128, 142 : 138 + breadth] = 255
        after = frame.copy()
        after[118:121, 138 : 144 + breadth] = 0
        assert PageMarks.of(frame, SCALE).is_joined(frame, after, BOX) is joined


def test_a_plate_says_nothing_and_letters_on_it_do() -> None:
    bare, plate = _page(), _page((100, 100, 220, 140), ink=200)
    lettered = plate.copy()
    lettered[110:130, 150:153] = 0
    nothing = PageMarks.of(bare, SCALE)
    assert not PageMarks.of(plate, SCALE).says_more_than(nothing, BOX)
    assert PageMarks.of(lettered, SCALE).says_more_than(nothing, BOX)
