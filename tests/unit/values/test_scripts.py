"""Names that deceive: letters of other scripts, look-alikes, what shows nothing."""

from __future__ import annotations

import unicodedata

import pytest

from agreegen.model.form import Field, FieldType
from agreegen.values.parse import parse_value, warn_about
from agreegen.values.problem import ValueProblem
from agreegen.values.scripts import script_of
from agreegen.values.text import is_common_han

NAME = Field(name="n", label_zh="姓名", label_en="Name", type=FieldType.PERSON_NAME)
OFFICE = Field(name="o", label_zh="单位", label_en="Office", type=FieldType.ORGANISATION_NAME)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Annа Schmidt", "U+0430"),
        ("Аnna", "U+0410"),
        ("Ioannηs", "U+03B7"),
        ("王а", "U+0430"),
        ("王秀\u0391", "U+0391"),
        ("张ー", "U+30FC"),
        ("王ロ", "U+30ED"),
        ("王ㄧ", "U+3127"),
        ("王ㅁ", "U+3141"),
        ("Ꭺnna", "U+13AA"),
        ("𝐀nna", "U+1D400"),
        ("Ann\u0251", "U+0251"),
        ("王\u200b秀英", "U+200B"),
        ("王\u202e秀英", "U+202E"),
        ("王\u2066秀英\u2069", "U+2066"),
        ("王\u3164英", "U+3164"),
        ("王\ufe00英", "U+FE00"),
        ("王\U000e0100英", "U+E0100"),
        ("王\u0336英", "U+0336"),
        ("A\u0300\u0301\u0302na", "U+0302"),
        ("Ив\u0061н", "U+0418"),
        ("⼯\u738b", "U+2F2F"),
    ],
)
def test_a_deceiving_name_is_an_error_with_the_code_point(text: str, code: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        parse_value(NAME, text)
    assert code in str(caught.value.problem)


@pytest.mark.parametrize(
    "text",
    ["王秀英", "阿卜杜热合曼·买买提", "Anna Schmidt", "王Anna", "José Ñáñez", "Łukasz Żak", "𠮷田", "〇一",
     "O'Brien", "Nguyễn Văn Đức", "吴阿Q", "㛃𬍛"],
)  # fmt: skip
def test_han_and_latin_names_pass_without_a_word(text: str) -> None:
    assert warn_about(NAME, parse_value(NAME, text)) == ()


def test_what_is_taken_for_common_without_a_look_is_an_ideograph_and_nothing_else() -> None:
    common = [char for char in map(chr, range(0x110000)) if is_common_han(char)]

    assert len(common) > 20_000
    for char in common:
        assert (unicodedata.category(char), script_of(char)) == ("Lo", "Hani"), hex(ord(char))
        assert char.isprintable()
        assert unicodedata.normalize("NFKC", char) == char
    assert not is_common_han("")
    assert not is_common_han("王\n")


@pytest.mark.parametrize("text", ["A々省统计局", "佐々木office", "〆切办公室"])
def test_signs_of_repetition_count_as_han_in_a_word(text: str) -> None:
    assert parse_value(OFFICE, text) == text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Иван Петров", "Cyrillic"),
        ("Γιάννης", "Greek"),
        ("محمد", "Arabic"),
        ("བསོད་ནམས".replace("་", ""), "Tibetan"),
        ("田中ゆみ", "Hiragana"),
        ("金한솔", "Hangul"),
        ("\uf900雨", "U+8C48"),
        ("Ａｎｎａ", "another form of A"),
    ],
)
def test_a_wholly_foreign_name_and_other_forms_are_a_warning(text: str, word: str) -> None:
    assert any(word in str(warning) for warning in warn_about(NAME, parse_value(NAME, text)))


def test_organisations_may_mix_scripts_but_no_word_may() -> None:
    for text in ("北京α科技有限公司", "Газпром（中国）有限公司", "上海ABC株式会社ネット"):
        assert parse_value(OFFICE, text) == text
    for text, code in (("ВANK of China", "U+0412"), ("豫州市\u3164统计局", "U+3164")):
        with pytest.raises(ValueProblem) as caught:
            parse_value(OFFICE, text)
        assert code in str(caught.value.problem)
