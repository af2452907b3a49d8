"""Whether somebody signed: strokes of a pen in the place for it, and nothing written at other places."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from agreegen.scanning.comparing.folds import without_folds
from agreegen.scanning.comparing.ink import Cell, Mask, Stroke, strokes_of
from agreegen.scanning.comparing.references import PX_PER_MM, Place, Reference

_SPECK_MM = 1.6
_SIGNED_MM2, _SIGNED_WIDTH_MM, _SIGNED_HEIGHT_MM = 4.0, 8.0, 3.0
_EMPTY_MM2 = 0.4
_BLOT_SHARE = 0.55
_FIELD_MM, _ZONE_MM, _BLANK_ZONE_MM = (2.0, 2.0), (16.0, 9.0), (12.0, 6.0)
_AT_HOME = 0.5
"""Share of a stroke that must lie around a place for a signature: pens run over edges."""
_CLAUSE_MM = 12.0
_TOUCHES = 0.1
"""Share of a long stroke that must lie in a place: without it a clause close to the place is struck out."""
_EDGE_MM = 5.0
_REMARK_MM = 4.0


class Signing(StrEnum):
    """What was found in the place of a signature."""

    SIGNED = "signed"
    DOUBTFUL = "doubtful"
    EMPTY = "empty"


def judge_ink(new: Mask, reference: Reference) -> tuple[tuple[tuple[str, Signing], ...], bool]:
    """Judge what was not printed by us.

    Args:
        new: Ink of the page that is not in the rendering.
        reference: The rendering.

    Returns:
        What was found in each place, and whether something is written elsewhere.
    """
    strokes = strokes_of(new)
    if strokes is None:
        return tuple((role, Signing.DOUBTFUL) for role in reference.signatures), True
    pen = [stroke for stroke in without_folds(strokes) if not _is_speck(stroke)]
    found = {role: _cells_in(pen, place) for role, place in reference.signatures.items()}
    signing = tuple((role, _judge_signature(cells)) for role, cells in found.items())
    return signing, _is_elsewhere(pen, reference)


def _cells_in(pen: Sequence[Stroke], place: Place) -> list[Cell]:
    around = [_grown(place, _FIELD_MM)]
    return [cell for stroke in pen for cell in stroke.cells if _lies_in(cell[0], cell[1], around)]


def _is_elsewhere(pen: Sequence[Stroke], reference: Reference) -> bool:
    """Whether somebody wrote where nobody signs or fills in."""
    blanks = [_grown(place, _BLANK_ZONE_MM) for place in reference.blanks]
    fields = [_grown(place, _FIELD_MM) for place in reference.signatures.values()] + blanks
    zones = [_grown(place, _ZONE_MM) for place in reference.signatures.values()] + blanks
    height, width = reference.ink.shape
    return any(
        stroke.length > _REMARK_MM * PX_PER_MM
        and not _at_edge(stroke, width, height)
        and (
            _share_in(stroke, zones) < _AT_HOME
            or (stroke.length > _CLAUSE_MM * PX_PER_MM and _share_in(stroke, fields) < _TOUCHES)
        )
        for stroke in pen
    )


def _share_in(stroke: Stroke, places: Sequence[Place]) -> float:
    return sum(area for x, y, area in stroke.cells if _lies_in(x, y, places)) / stroke.area


def _judge_signature(cells: Sequence[Cell]) -> Signing:
    area = sum(pixels for _, _, pixels in cells) / PX_PER_MM**2
    if not cells or area < _EMPTY_MM2:
        return Signing.EMPTY
    xs, ys = [x for x, _, _ in cells], [y for _, y, _ in cells]
    width, height = (max(xs) - min(xs)) / PX_PER_MM, (max(ys) - min(ys)) / PX_PER_MM
    signed = area >= _SIGNED_MM2 and width >= _SIGNED_WIDTH_MM and height >= _SIGNED_HEIGHT_MM
    return Signing.SIGNED if signed and area / (width * height) < _BLOT_SHARE else Signing.DOUBTFUL


def _grown(place: Place, by_mm: tuple[float, float]) -> Place:
    return place.grown(by_mm[0] * PX_PER_MM, by_mm[1] * PX_PER_MM)


def _lies_in(x: float, y: float, places: Sequence[Place]) -> bool:
    return any(place.holds(x, y) for place in places)


def _is_speck(stroke: Stroke) -> bool:
    return stroke.length < _SPECK_MM * PX_PER_MM


def _at_edge(stroke: Stroke, width: int, height: int) -> bool:
    """Whether it lies wholly in the rim of the sheet, where scanners show shadows."""
    rim = _EDGE_MM * PX_PER_MM
    return stroke.right < rim or stroke.left > width - rim or stroke.bottom < rim or stroke.top > height - rim
