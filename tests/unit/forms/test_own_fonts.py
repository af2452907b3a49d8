"""An office's own fonts: which file is for what, and what a form cannot be set in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pylopdf_fonts_zh_cn
import pytest
import uharfbuzz
from fontTools.ttLib import TTFont

from agreegen.errors import InputError
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.forms.own_fonts import known_fonts, with_own_fonts
from agreegen.forms.template import parse_template
from agreegen.messages import message
from agreegen.model.form import FontUse, Form
from agreegen.yaml_text import YamlText

FANGSONG, TITLES = "Office FangSong", "FZXiaoBiaoSong Office"


@pytest.fixture(scope="module")
def form() -> Form:
    return find_form("personal-pledge", forms_folder(None))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, form: Form) -> Path:
    """A font of the characters that the form itself prints."""
    template = parse_template(form.template.read_bytes(), form.template)
    paragraphs = (*template.paragraphs, *template.margin_paragraphs)
    request = uharfbuzz.SubsetInput()
    request.sets(uharfbuzz.SubsetInputSets.UNICODE).update(
        map(ord, "的" + "".join(p.source for p in paragraphs))
    )
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(pylopdf_fonts_zh_cn.serif_path())))
    path = tmp_path_factory.mktemp("fonts") / "small.ttf"
    path.write_bytes(uharfbuzz.subset(face, request).blob.data)
    return path


def _write(source: Path, target: Path, name: str, edit: Callable[[TTFont], None] | None = None) -> Path:
    font = TTFont(source)
    for number in (1, 16):
        font["name"].setName(name, number, 3, 1, 0x409)
    if edit is not None:
        edit(font)
    target.parent.mkdir(exist_ok=True)
    font.save(target)
    return target


def test_a_file_stands_before_the_fonts_of_the_template(small: Path, form: Form, tmp_path: Path) -> None:
    file = _write(small, tmp_path / "fonts" / "simfang.ttf", FANGSONG)
    dressed = with_own_fonts(form, "fonts/simfang.ttf", tmp_path)
    assert [(font.use, font.family, font.path) for font in dressed.own_fonts] == [
        (FontUse.TEXT, FANGSONG, file.resolve())
    ]
    assert dict(dressed.font_chains)["Noto Serif SC"][:2] == (FANGSONG, "Noto Serif SC")


@pytest.mark.parametrize(
    "named",
    ["fonts", {"text": "fonts/a.ttf", "title": "fonts/b.ttf"}],
    ids=["folder", "mapping"],
)
def test_a_font_for_titles_is_known_by_its_name_or_named(
    small: Path, form: Form, tmp_path: Path, named: YamlText
) -> None:
    _write(small, tmp_path / "fonts" / "a.ttf", FANGSONG)
    _write(small, tmp_path / "fonts" / "b.ttf", TITLES)
    dressed = with_own_fonts(form, named, tmp_path)
    assert {font.use: font.family for font in dressed.own_fonts} == {
        FontUse.TEXT: FANGSONG,
        FontUse.TITLE: TITLES,
    }
    assert TITLES not in dict(dressed.font_chains)["Noto Serif SC"]


def test_the_environment_says_the_same(
    small: Path, form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, title = (_write(small, tmp_path / "f" / name, name) for name in ("a.ttf", "b.ttf"))
    monkeypatch.setenv("AGREEGEN_FONTS", f"text={text}:title={title}")
    dressed = with_own_fonts(form, None, tmp_path)
    assert [font.use for font in dressed.own_fonts] == [FontUse.TEXT, FontUse.TITLE]
    assert known_fonts() == {font.sha256 for font in dressed.own_fonts}
    monkeypatch.delenv("AGREEGEN_FONTS")
    assert with_own_fonts(form, None, tmp_path) == form


def _narrow(font: TTFont) -> None:
    glyph = font.getBestCmap()[ord("密")]
    font["hmtx"][glyph] = (500, font["hmtx"][glyph][1])


def _licensed(font: TTFont) -> None:
    font["OS/2"].fsType = 2


def _lacking(font: TTFont) -> None:
    for table in font["cmap"].tables:
        table.cmap.pop(ord("密"), None)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (_narrow, message("forms.own-font-metrics", character="密")),
        (_licensed, message("forms.own-font-not-embedded")),
        (_lacking, message("forms.own-font-lacks", count=1, characters="密")),
    ],
)
def test_a_font_that_the_form_cannot_be_set_in_is_refused(
    small: Path, form: Form, tmp_path: Path, edit: Callable[[TTFont], None], problem: object
) -> None:
    file = _write(small, tmp_path / "f.ttf", FANGSONG, edit)
    with pytest.raises(InputError, match=str(file)) as caught:
        with_own_fonts(form, str(file), tmp_path)
    assert str(problem) in str(caught.value)
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"ttcf" + bytes(40), "collection"), (b"no font", "cannot be read"), (None, "No such file")],
)
def test_what_is_no_single_font_is_refused(
    form: Form, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    if content is not None:
        (tmp_path / "f.ttf").write_bytes(content)
    with pytest.raises(InputError, match=problem):
        with_own_fonts(form, "f.ttf", tmp_path)


@pytest.mark.parametrize("named", [["a.ttf"], {"body": "a.ttf"}, {"text": ""}, "", {}])
def test_what_names_no_font_is_refused_with_an_example(form: Form, tmp_path: Path, named: YamlText) -> None:
    with pytest.raises(InputError) as caught:
        with_own_fonts(form, named, tmp_path)
    assert "simfang.ttf" in str(caught.value.hint) or "AGREEGEN_FONTS" in str(caught.value.hint)


def test_of_a_folder_with_two_fonts_for_text_nobody_can_choose(
    small: Path, form: Form, tmp_path: Path
) -> None:
    for name in ("a.ttf", "b.ttf"):
        _write(small, tmp_path / "fonts" / name, name)
    with pytest.raises(InputError, match=r"a\.ttf.*b\.ttf"):
        with_own_fonts(form, "fonts", tmp_path)


def test_only_chains_for_chinese_are_changed(small: Path, form: Form, tmp_path: Path) -> None:
    file = _write(small, tmp_path / "f.ttf", FANGSONG)
    latin = ("Times New Roman", ("DejaVu Serif",))
    dressed = with_own_fonts(replace(form, font_chains=(*form.font_chains, latin)), str(file), tmp_path)
    assert latin in dressed.font_chains
