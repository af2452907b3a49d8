"""Lettering on printed copies: as much of a text as there is room for, and no less."""

from __future__ import annotations

import pytest

from agreegen.forms.fonts import find_chain
from agreegen.scanning.copies.lettering import LETTERING_FONTS, Lettering

_UNIT = "豫州市第二次全国污染源普查领导小组办公室 No. 12"
_SIZE = 10.0


@pytest.mark.parametrize("width", [0.0, 9.0, 10.0, 20.0, 25.5, 100.0, 199.9, 1000.0])
def test_a_text_is_cut_where_the_next_character_would_not_leave_room_for_the_ellipsis(width: float) -> None:
    lettering = Lettering(find_chain(LETTERING_FONTS), [_UNIT])

    fitted = lettering.fit(_UNIT, _SIZE, width)

    if lettering.set(_UNIT, _SIZE).width <= width:
        assert fitted == _UNIT
        return
    kept = fitted.removesuffix("…")
    assert fitted == kept + "…"
    assert _UNIT.startswith(kept)
    assert not kept or lettering.set(kept, _SIZE).width <= width - _SIZE
    assert lettering.set(_UNIT[: len(kept) + 1], _SIZE).width > width - _SIZE
