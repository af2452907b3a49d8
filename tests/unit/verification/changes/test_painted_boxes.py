"""Where annotations paint."""

from __future__ import annotations

from typing import Any

import pytest

from agreegen.pdf.document import View, open_file
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Name, Stream
from agreegen.verification.changes.painted_boxes import EVERYWHERE, painted_box
from tests.attacks.signer import base_document


@pytest.fixture(scope="module")
def view() -> View:
    return open_file(base_document(), Limits()).views()[-1]


def _note(kind: str, **entries: Any) -> dict[str, Any]:
    return {"Subtype": Name(kind), "Rect": [100, 100, 200, 150], "F": 4} | entries


def test_hidden_annotations_paint_nothing(view: View) -> None:
    assert painted_box(view, _note("Square", F=2)) is None
    assert painted_box(view, _note("Square", F=32)) is None
    assert painted_box(view, _note("Square", F=36)) is not None


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("Ink", {"InkList": [[0, 0, 300, 300]]}),
        ("Line", {"L": [0, 0, 300, 300]}),
        ("Polygon", {"Vertices": [0, 0, 300, 0, 300, 300]}),
        ("Highlight", {"QuadPoints": [0, 300, 300, 300, 0, 0, 300, 0]}),
    ],
)
def test_points_count_wherever_the_rectangle_is(view: View, kind: str, entries: dict[str, Any]) -> None:
    box = painted_box(view, _note(kind, Rect=[0, 0, 0, 0], **entries))
    assert box is not None
    assert box[0] <= 0 and box[1] <= 0 and box[2] >= 300 and box[3] >= 300  # noqa: PT018 - one box


@pytest.mark.parametrize(
    "note",
    [
        _note("Line", L=[100, 100, 200, 100], Cap=True),
        _note("Line", L=[100, Name("x"), 200, 100]),
        _note("Square", RD=[-9, 0, 0, 0]),
        _note("Square", F=12),
        _note("Square", BS={"W": Name("x")}),
        {"Subtype": Name("Text"), "F": 4},
    ],
)
def test_what_cannot_be_placed_is_everywhere(view: View, note: dict[str, Any]) -> None:
    assert painted_box(view, note) == EVERYWHERE


def test_widths_leaders_and_clouds_count(view: View) -> None:
    plain = painted_box(view, _note("Line", L=[100, 100, 200, 100]))
    led = painted_box(view, _note("Line", L=[100, 100, 200, 100], LL=50))
    thick = painted_box(view, _note("Square", Border=[0, 0, 90]))
    cloudy = painted_box(view, _note("Square", BE={"I": 9}))
    assert plain is not None
    assert led is not None
    assert led[3] == plain[3] + 50
    assert thick is not None
    assert thick[0] <= 10
    assert cloudy is not None
    assert cloudy[0] <= 10


def test_a_look_is_clipped_only_by_its_box(view: View) -> None:
    drawn = Stream({"BBox": [0, 0, 10, 10]}, b"0 0 5 5 re f", 0)
    boxless = Stream({}, b"0 0 5 5 re f", 0)
    blank = Stream({"BBox": [0, 0, 10, 10]}, b"q Q", 0)
    field = {"Subtype": Name("Widget"), "FT": Name("Tx"), "V": b"x", "Rect": [100, 100, 200, 150]}
    assert painted_box(view, field | {"AP": {"N": drawn}}) == (100, 100, 200, 150)
    assert painted_box(view, field | {"AP": {"N": boxless}}) == EVERYWHERE
    assert painted_box(view, field | {"AP": {"N": blank}}) is None


def test_a_field_without_a_look_is_drawn_from_its_value(view: View) -> None:
    field = {"Subtype": Name("Widget"), "FT": Name("Tx"), "Rect": [100, 100, 200, 150]}
    assert painted_box(view, field) == (100, 100, 200, 150)
    assert painted_box(view, field, on_paper_only=True) is None
    below = {"Subtype": Name("Widget"), "Rect": [100, 100, 200, 150], "Parent": {"FT": Name("Tx"), "V": b"9"}}
    assert painted_box(view, below, on_paper_only=True) == (100, 100, 200, 150)
