"""Every Han character of GB 18030-2022 is printed by the chain of the released forms, or refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import uharfbuzz

from agreegen.forms.description import load_form
from agreegen.forms.fonts import HAN_BLOCKS, FontFile, covered_characters, find_chain
from agreegen.model.complaint import Location
from agreegen.rendering.fonts import check_value_glyphs

FORMS = sorted(path.parent for path in (Path(__file__).parents[3] / "forms").glob("*/form.yaml"))
CHARACTERS_OF_LEVEL_3 = 87_875


def _inkless(font: FontFile, codes: list[int]) -> list[int]:
    """Return the characters whose glyph is missing, the box for missing ones, or blank."""
    face = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(font.path)), font.index))
    empty = []
    for code in codes:
        glyph = face.get_nominal_glyph(code)
        extents = face.get_glyph_extents(glyph) if glyph else None
        if extents is None or extents.width == 0 or extents.height == 0:
            empty.append(code)
    return empty


@pytest.mark.parametrize("folder", FORMS, ids=lambda folder: folder.name)
def test_every_han_character_of_the_standard_is_printed(folder: Path) -> None:
    form = load_form(folder)
    open_codes = {code for block in HAN_BLOCKS for code in range(block.first, block.last + 1)}
    assert len(open_codes) == CHARACTERS_OF_LEVEL_3
    for font in find_chain(dict(form.font_chains)["Noto Serif SC"]):
        printed = sorted(open_codes & covered_characters(font))
        assert _inkless(font, printed) == [], font.family
        open_codes -= set(printed)
    assert sorted(map(hex, open_codes)) == []


def test_without_these_fonts_a_character_is_refused_by_its_name() -> None:
    form = load_form(FORMS[-1])
    (packaged, *_), bare = dict(form.font_chains)["Noto Serif SC"], "Noto Serif SC"
    alone = replace(form, font_chains=((bare, (packaged,)),))
    for block in HAN_BLOCKS[2:]:
        lacking = [
            c
            for c in range(block.first, block.last + 1)
            if c not in covered_characters(find_chain((packaged,))[0])
        ]
        for code in (lacking[0], lacking[-1]):
            values = {"pledger_name": f"王{chr(code)}"}
            (complaint,) = check_value_glyphs(alone, values, lambda name: Location(field=name))
            assert f"{chr(code)} (U+{code:04X})" in str(complaint)
            assert check_value_glyphs(form, values, lambda name: Location(field=name)) == []
