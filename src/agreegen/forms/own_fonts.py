"""An office's own fonts (仿宋_GB2312, 方正小标宋): by a job or `AGREEGEN_FONTS`, measured, put first."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import uharfbuzz

from agreegen.errors import InputError
from agreegen.files import read_limited, sha256_of
from agreegen.forms.fonts import chain_covers
from agreegen.forms.template import Paragraph, read_template
from agreegen.messages import Message, message
from agreegen.model.form import FontUse, Form, OwnFont
from agreegen.yaml_text import YamlText, packaged_words

ENVIRONMENT_NAME = "AGREEGEN_FONTS"

_MAX_FONT_BYTES = 64 << 20
_SUFFIXES = frozenset({".ttf", ".otf"})
_TITLE_NAMES = packaged_words("agreegen.forms")["title_fonts"]
_COMMONEST_HAN = "\u7684"
"""The character 的; a font without it is not one for Chinese text."""
_MOST_SHOWN = 12
_FAMILY, _TYPOGRAPHIC_FAMILY = 1, 16
_LANGUAGES = ("en", "zh-cn", "zh")
_RESTRICTED, _USES_OF_EMBEDDING = 0x0002, 0x000F
"""Bits of OS/2 fsType (OpenType 1.9): a font with only this one must not be embedded in a document."""
_WIDTH_TOLERANCE = 0.02
_LATIN_WIDTHS = (0.15, 1.1)
_INK = (-0.4, 1.2)
"""Ink below and above the baseline, in em, that lines of fixed height show whole."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A font file as it was read: where it is, its bytes, its face and what the face is called."""

    path: Path
    data: bytes
    face: uharfbuzz.Face
    family: str

    @property
    def for_titles(self) -> bool:
        return any(name in self.family.casefold() for name in _TITLE_NAMES)


def with_own_fonts(form: Form, named: YamlText | None, folder: Path) -> Form:
    """Return a form set in the office's own fonts; unchanged where none are named.

    Args:
        form: The form.
        named: What a job says: a file or folder, or `{text: FILE, title: FILE}`; None for `AGREEGEN_FONTS`,
            which holds the same with colons between: `FILE`, or `text=FILE:title=FILE`.
        folder: What relative paths in the job are relative to.

    Raises:
        InputError: A file is none that this form can be set in; says what is wrong with it.
    """
    uses = {} if form.own_fonts else dict(_environment() if named is None else _job(named, folder))
    if not uses:
        return form
    template = read_template(form.template, form.template_sha256)
    replaced = [name for name, chain in form.font_chains if chain_covers(chain, _COMMONEST_HAN)]
    own = []
    for use, font in uses.items():
        paragraphs = [p for p in template.paragraphs if p.title or FontUse.TITLE not in uses]
        if use is FontUse.TEXT:
            paragraphs = [p for p in template.paragraphs if not p.title or FontUse.TITLE not in uses]
            paragraphs += template.margin_paragraphs
        _require_metrics(font, _characters(paragraphs, frozenset(replaced)))
        own.append(OwnFont(use, font.family, font.path.resolve(), sha256_of(font.data)))
    text = [font.family for font in own if font.use is FontUse.TEXT]
    chains = tuple(
        (name, tuple(dict.fromkeys([*text, *chain])) if name in replaced else chain)
        for name, chain in form.font_chains
    )
    return replace(form, own_fonts=tuple(own), font_chains=chains)


def known_fonts() -> frozenset[str]:
    """Return the SHA-256 of the font files that `AGREEGEN_FONTS` names on this machine.

    Raises:
        InputError: One of them is not a font.
    """
    return frozenset(sha256_of(font.data) for _, font in _environment())


def _environment() -> Iterator[tuple[FontUse, _Measured]]:
    for item in filter(None, os.environ.get(ENVIRONMENT_NAME, "").split(os.pathsep)):
        use, marked, path = item.partition("=")
        if marked and use in set(FontUse):
            yield FontUse(use), _read(Path(path))
        else:
            yield from _by_name(Path(item))


def _job(named: YamlText, folder: Path) -> Iterator[tuple[FontUse, _Measured]]:
    if isinstance(named, str) and named.strip():
        yield from _by_name(folder / named)
    elif isinstance(named, dict) and named and named.keys() <= set(FontUse):
        for use, path in named.items():
            if not isinstance(path, str) or not path.strip():
                raise _not_fonts()
            yield FontUse(use), _read(folder / path)
    else:
        raise _not_fonts()


def _not_fonts() -> InputError:
    return InputError(message("forms.fonts-expected"), hint=message("forms.fonts-expected.hint"))


def _by_name(path: Path) -> Iterator[tuple[FontUse, _Measured]]:
    """Read a file, or the files of a folder; which of them is for titles, their names say."""
    if not path.is_dir():
        font = _read(path)
        yield (FontUse.TITLE if font.for_titles else FontUse.TEXT), font
        return
    files = sorted(each for each in path.iterdir() if each.suffix.casefold() in _SUFFIXES)
    if not files:
        raise InputError(
            message("forms.folder-without-fonts", path=path), hint=message("forms.own-font.hint")
        )
    fonts = [_read(each) for each in files]
    for use in FontUse:
        found = [font for font in fonts if font.for_titles == (use is FontUse.TITLE)]
        if len(found) > 1:
            raise InputError(
                message("forms.several-own-fonts", path=path, files=[font.path.name for font in found]),
                hint=message("forms.fonts-expected.hint"),
            )
        yield from ((use, font) for font in found)


def _read(path: Path) -> _Measured:
    try:
        data = read_limited(path, _MAX_FONT_BYTES)
    except OSError as exc:
        raise InputError(
            message("forms.cannot-read-2", path=path, exc=exc), hint=message("forms.own-font.hint")
        ) from exc
    if data.startswith(b"ttcf"):
        raise _unfit(path, message("forms.own-font-collection"))
    try:
        face = uharfbuzz.Face(data)
        family = _family(face)
        readable = bool(face.unicodes)
    except Exception as exc:  # the binding raises bare exceptions of its own
        raise _unfit(path, message("forms.own-font-unreadable")) from exc
    if not readable or not family:
        raise _unfit(path, message("forms.own-font-unreadable"))
    return _Measured(path, data, face, family)


def _family(face: uharfbuzz.Face) -> str:
    names = (
        face.get_name(number, language)
        for number in (_FAMILY, _TYPOGRAPHIC_FAMILY)
        for language in _LANGUAGES
    )
    return next((name for name in names if name), "")


def _unfit(path: Path, problem: Message) -> InputError:
    return InputError(
        message("forms.own-font-unfit", path=path, problem=problem), hint=message("forms.own-font.hint")
    )


def _characters(paragraphs: Iterable[Paragraph], replaced: frozenset[str]) -> list[str]:
    """Return the characters of fixed text that are set in a font which is replaced."""
    pieces = (piece for paragraph in paragraphs for piece in paragraph.fixed)
    return sorted({c for text, fonts in pieces for c in text if fonts.of(c) & replaced})


def _require_metrics(font: _Measured, characters: list[str]) -> None:
    """Refuse a font that a form's own text cannot be set in.

    1. It may be embedded: a PDF/A without its fonts is none.
    2. It is a font for Chinese, and has each character of the form's own text.
    3. Each Chinese character is one em wide, as the form's lines are reckoned; each other one has a width.
    4. No ink stands out so far that a line of fixed height would cut it.

    Raises:
        InputError: One of them does not hold.
    """
    licence = int.from_bytes(font.face.reference_table("OS/2").data[8:10] or b"\0\0", "big")
    if licence & _USES_OF_EMBEDDING == _RESTRICTED:
        raise _unfit(font.path, message("forms.own-font-not-embedded"))
    scaled = uharfbuzz.Font(font.face)
    glyphs = {c: scaled.get_nominal_glyph(ord(c)) for c in [_COMMONEST_HAN, *characters]}
    missing = [c for c, glyph in glyphs.items() if glyph is None]
    if missing:
        shown = "".join(missing[:_MOST_SHOWN])
        raise _unfit(font.path, message("forms.own-font-lacks", count=len(missing), characters=shown))
    for character, glyph in glyphs.items():
        if glyph is not None and not _fits(scaled, character, glyph, font.face.upem):
            raise _unfit(font.path, message("forms.own-font-metrics", character=character))


def _fits(font: uharfbuzz.Font, character: str, glyph: int, em: int) -> bool:
    width = font.get_glyph_h_advance(glyph) / em
    if unicodedata.east_asian_width(character) in "WF":
        sized = abs(width - 1) <= _WIDTH_TOLERANCE
    else:
        sized = _LATIN_WIDTHS[0] <= width <= _LATIN_WIDTHS[1]
    ink = font.get_glyph_extents(glyph)
    if ink is None:
        return bool(sized)
    top, bottom = ink.y_bearing / em, (ink.y_bearing + ink.height) / em
    return bool(sized and bottom >= _INK[0] and top <= _INK[1])
