"""Scripts of the letters of a name: letters of another script that look alike are told apart.

The rule is Highly Restrictive of UTS 39, 5.2, with Han and Latin as the expected scripts: a name is in one
script, or in Han and Latin, or in Han and one of the scripts that are written with it. HarfBuzz brings the
Unicode character database's script of each character.
"""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Iterator

import uharfbuzz

from agreegen.messages import Message, message
from agreegen.model.text import name_character
from agreegen.values.problem import ValueProblem
from agreegen.values.text import is_common_han, is_han

_HAN, _LATIN = "Hani", "Latn"
_EXPECTED = frozenset({_HAN, _LATIN})
_WITH_HAN = (
    frozenset({_HAN, _LATIN, "Hira", "Kana"}),
    frozenset({_HAN, _LATIN, "Bopo"}),
    frozenset({_HAN, _LATIN, "Hang"}),
)
_NAMED = frozenset({
    "Arab", "Armn", "Bopo", "Cher", "Cyrl", "Grek", "Hang", "Hani", "Hebr", "Hira", "Kana", "Latn", "Mong",
    "Thai", "Tibt", "Yiii",
})  # fmt: skip
"""Scripts that the catalogue has a name for."""
_LIKE_HAN = frozenset("ーニハロカエタトチヒノオセメミへヘㄧㄚㄈㄇㄅㄥㄩㄏㄒㄊㅁㅡㅣㅅㅈㅊ므ᅵ")
"""Kana, Bopomofo and Hangul that look like Han characters (UTS 39, confusables): 一二八口力工 and others."""

_INVISIBLE = frozenset(
    itertools.chain(
        (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
        range(0x180B, 0x1810),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
)
"""Letters and marks that show nothing (Default_Ignorable_Code_Point), format characters apart."""

_PHONETIC = (range(0x0250, 0x0300), range(0x1D00, 0x1DC0), range(0xA720, 0xA800), range(0xAB30, 0xAB70))
"""Blocks of Latin letters for phonetics, which look like ordinary ones (UTS 39: not recommended)."""

_MOST_MARKS = 2


def refuse_deceiving(name: str) -> None:
    """Refuse a person's name that looks like another one.

    Raises:
        ValueProblem: A letter of a script that does not go with the others, one that is made to look like
            another, or an invisible one; names its code point.
    """
    if is_common_han(name):
        return
    _refuse_invisible(name)
    for char in name:
        _refuse_lookalike(char)
    scripts = _scripts(name)
    if len(scripts) > 1 and not any(scripts.keys() <= allowed for allowed in _WITH_HAN):
        raise _mixed(*_stranger(scripts))
    if _HAN in scripts:
        for char in name:
            if char in _LIKE_HAN:
                raise _mixed(char, script_of(char) or "Kana", _HAN)


def refuse_mixed_words(text: str) -> None:
    """Refuse text with a word whose letters are of two alphabets, as ВANK with a Cyrillic В.

    Raises:
        ValueProblem: Names the letter and its code point.
    """
    if is_common_han(text):
        return
    _refuse_invisible(text)
    for is_word, letters in itertools.groupby(text, key=_is_letter):
        scripts = _scripts("".join(letters)) if is_word else {}
        scripts.pop(_HAN, None)  # 々 and 〆 are letters, and stand among Han characters
        if len(scripts) > 1:
            raise _mixed(*_stranger(scripts))


def script_warnings(name: str) -> Iterator[Message]:
    """Name what is odd about a name that may stand: a foreign script, a doubled form of a character."""
    if is_common_han(name):
        return
    foreign = {script: char for script, char in _scripts(name).items() if script not in _EXPECTED}
    for script, char in foreign.items():
        yield message("values.letter-script", char=name_character(char), script=_script_name(script))
    for char in name:
        folded = unicodedata.normalize("NFKC", char)
        if folded != char and len(folded) == 1 and (is_han(char) or folded.isascii()):
            yield message("values.another-form", char=name_character(char), folded=name_character(folded))
            return


@functools.lru_cache(maxsize=65_536)
def script_of(char: str) -> str | None:
    """Return the ISO 15924 code of a character's script; None for what all scripts share.

    Args:
        char: One character.
    """
    if is_han(char):
        return _HAN
    buffer = uharfbuzz.Buffer()
    buffer.add_str(char)
    buffer.guess_segment_properties()
    return buffer.script or ("Kana" if char == "ー" else None)


def _scripts(text: str) -> dict[str, str]:
    """Return each script with its first character; the order is that of the text."""
    found: dict[str, str] = {}
    for char in text:
        script = script_of(char)
        if script is not None:
            found.setdefault(script, char)
    return found


def _stranger(scripts: dict[str, str]) -> tuple[str, str, str]:
    """Return the letter that does not belong, its script, and that of the others."""
    expected = next((script for script in (_HAN, _LATIN) if script in scripts), next(iter(scripts)))
    strange = next(script for script in scripts if script not in (expected, _LATIN))
    return scripts[strange], strange, expected


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM" and not is_han(char)


def _refuse_invisible(text: str) -> None:
    marks = 0
    for position, char in enumerate(text):
        if ord(char) in _INVISIBLE:
            raise ValueProblem(
                message("values.holds-invisible-character-u", char=ord(char)),
                message("values.delete-character"),
            )
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks > _MOST_MARKS or (marks and (position == 0 or is_han(text[position - 1]))):
            raise ValueProblem(
                message("values.mark-changes-look-character-stands-behind", char=ord(char)),
                message("values.delete-mark"),
            )


def _refuse_lookalike(char: str) -> None:
    folded = unicodedata.normalize("NFKC", char)
    plain = len(folded) == 1 and folded.isascii() and folded.isalpha()
    wide = 0xFF21 <= ord(char) <= 0xFF5A  # of an input method, and told as a warning
    if folded != char and plain and not wide:
        raise ValueProblem(
            message("values.made-look-like", char=name_character(char), folded=folded),
            message("values.enter-itself", folded=folded),
        )
    if any(ord(char) in block for block in _PHONETIC):
        raise ValueProblem(
            message("values.sign-phonetics", char=name_character(char)), message("values.enter-letter-meant")
        )


def _mixed(char: str, script: str, others: str) -> ValueProblem:
    return ValueProblem(
        message(
            "values.letter-script-among-ones",
            char=name_character(char),
            script=_script_name(script),
            others=_script_name(others),
        ),
        message("values.enter-name-anew-one-keyboard"),
    )


def _script_name(script: str) -> Message:
    if script in _NAMED:
        return message(f"values.script.{script.lower()}")
    return message("values.script.other", script=script)
