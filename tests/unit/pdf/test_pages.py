"""Pages in their order, with what they inherit."""

from __future__ import annotations

import pytest

from agreegen.pdf.document import open_file
from agreegen.pdf.limits import Limits
from agreegen.pdf.pages import PageBoxes, overlap, page_numbers
from tests.attacks.documents import page_number, signed
from tests.attacks.forms_drawn import honest_signature_on_inherited_box


def test_boxes_are_inherited() -> None:
    data = honest_signature_on_inherited_box()
    pages = PageBoxes.from_view(open_file(data, Limits()).views()[-1])
    assert [page.media for page in pages.pages] == [(0.0, 0.0, 595.0, 842.0)]
    assert pages.index_of == {pages.pages[0].number: 0}


def test_pages_have_the_numbers_of_their_objects() -> None:
    assert page_numbers(open_file(signed(), Limits()).views()[-1]) == [page_number(signed())]


@pytest.mark.parametrize(
    ("one", "two", "together"),
    [
        ((0, 0, 10, 10), (5, 5, 20, 20), True),
        ((0, 0, 10, 10), (9.5, 0, 20, 20), False),
        ((0, 5, 100, 5), (0, 0, 10, 10), True),
        ((0, 50, 100, 50), (0, 0, 10, 10), False),
    ],
)
def test_overlap_takes_lines_for_thin_boxes(
    one: tuple[float, ...], two: tuple[float, ...], together: bool
) -> None:
    assert overlap(one, two) is together  # type: ignore[arg-type]  # four numbers each
