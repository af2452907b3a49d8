"""Font files: where the families of a font chain are, and which characters they have glyphs for."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pylopdf_fonts_zh_cn
import uharfbuzz

from agreegen.errors import AgreegenError, MissingProgramError
from agreegen.messages import message
from agreegen.model.form import Form, OwnFont
from agreegen.programs import find_program, run_program

_FC_MATCH_TIMEOUT_S = 30.0
_CHARACTERS_KEPT = 1 << 16
"""Characters of chains that are not looked up again: more than documents of an office hold."""


@dataclass(frozen=True, slots=True)
class HanBlock:
    """A block of Han characters of Unicode, as far as GB 18030-2022 asks for it at level 3.

    Attributes:
        name: Its name.
        first: The first code point.
        last: The last code point that the standard demands.
    """

    name: str
    first: int
    last: int

    def __len__(self) -> int:
        """The number of its characters; within these bounds every code point is one."""
        return self.last - self.first + 1

    def covered(self, characters: frozenset[int]) -> int:
        """Return how many of its characters are among the given code points."""
        return sum(code in characters for code in range(self.first, self.last + 1))


HAN_BLOCKS = (
    HanBlock("Unified Ideographs", 0x4E00, 0x9FEF),
    HanBlock("Extension A", 0x3400, 0x4DB5),
    HanBlock("Extension B", 0x20000, 0x2A6D6),
    HanBlock("Extension C", 0x2A700, 0x2B734),
    HanBlock("Extension D", 0x2B740, 0x2B81D),
    HanBlock("Extension E", 0x2B820, 0x2CEA1),
    HanBlock("Extension F", 0x2CEB0, 0x2EBE0),
)
"""GB 18030-2022, implementation level 3: all Han characters of Unicode 11."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """One face of a font file.

    Attributes:
        path: The file.
        index: Number of the face in a collection (`.ttc`), 0 otherwise.
        family: The family name that was asked for.
    """

    path: Path
    index: int
    family: str


@functools.cache
def find_font(family: str) -> FontFile | None:
    """Return the regular face of a family: from the packaged fonts first, else an installed one.

    Args:
        family: Family name as Word shows it, in any of the font's languages, e.g. `仿宋`.
    """
    packaged = {
        "Noto Serif SC": pylopdf_fonts_zh_cn.serif_path,
        "Noto Sans SC": pylopdf_fonts_zh_cn.sans_path,
    }
    if family in packaged:
        path = Path(packaged[family]())
        if path.is_file():
            return FontFile(path, 0, family)
    return _find_installed(family)


def find_chain(families: tuple[str, ...], own: tuple[OwnFont, ...] = ()) -> tuple[FontFile, ...]:
    """Return the fonts of a chain that are there, in order.

    Args:
        families: The chain.
        own: Fonts of the office's own, which need not be installed.

    Raises:
        MissingProgramError: Not one of them is packaged or installed.
    """
    return (find_first_font(families, own), *itertools.islice(_fonts_of(families, own), 1, None))


def find_first_font(families: tuple[str, ...], own: tuple[OwnFont, ...] = ()) -> FontFile:
    """Return the font that a chain sets most text in; the others, which take programs to find, are left.

    Args:
        families: The chain.
        own: Fonts of the office's own, which need not be installed.

    Raises:
        MissingProgramError: Not one of them is packaged or installed.
    """
    for font in _fonts_of(families, own):
        return font
    raise MissingProgramError(
        message("forms.none-fonts-2", families=tuple(families)),
        hint=message("forms.install-one-them-or-name-installed"),
    )


def _fonts_of(families: tuple[str, ...], own: tuple[OwnFont, ...]) -> Iterator[FontFile]:
    given = {font.family: FontFile(font.path, 0, font.family) for font in own}
    for name in families:
        font = given.get(name) or find_font(name)
        if font is not None:
            yield font


@functools.cache
def covered_characters(font: FontFile) -> frozenset[int]:
    """Return the code points that a face has glyphs for, from its cmap table.

    Raises:
        MissingProgramError: The file cannot be read as a font.
    """
    try:
        face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(font.path)), font.index)
        return frozenset(face.unicodes)
    except Exception as exc:  # the binding raises bare exceptions of its own
        raise MissingProgramError(message("forms.not-readable-font", path=font.path, exc=exc)) from exc


@functools.lru_cache(maxsize=_CHARACTERS_KEPT)
def chain_covers(families: tuple[str, ...], character: str, own: tuple[OwnFont, ...] = ()) -> bool:
    """Tell whether at least one font of a chain has a glyph for a character.

    Fonts are asked in their order: where the first one has it, the others are not even looked for.

    Args:
        families: The chain.
        character: The character.
        own: Fonts of the office's own, which need not be installed.

    Raises:
        MissingProgramError: Not one of the fonts is there, or one that is asked cannot be read.
    """
    find_first_font(families, own)
    return any(ord(character) in covered_characters(font) for font in _fonts_of(families, own))


def font_folders(form: Form) -> tuple[Path, ...]:
    """Return the folders that hold the fonts of a form's chains, for the office that lays the page out.

    Raises:
        MissingProgramError: A chain has no font that is there.
    """
    folders = [
        font.path.parent for _, chain in form.font_chains for font in find_chain(chain, form.own_fonts)
    ]
    folders += [font.path.parent for font in form.own_fonts]
    return tuple(dict.fromkeys(folders))


def _find_installed(family: str) -> FontFile | None:
    try:
        program = find_program("fc-match", package="fontconfig")
        pattern = family.replace("\\", "\\\\").replace("-", "\\-").replace(":", "\\:").replace(",", "\\,")
        done = run_program(
            [program, "-f", "%{family}\n%{index}\n%{file}", f"{pattern}:style=Regular"],
            timeout_s=_FC_MATCH_TIMEOUT_S,
        )
    except AgreegenError:
        return None  # without fontconfig only the packaged fonts are known
    parts = done.stdout.decode("utf-8", "replace").split("\n")
    if done.status != 0 or len(parts) != 3:
        return None
    names, index, path = parts
    # fc-match always answers with something; only the family that was asked for counts.
    if family.casefold() not in {name.strip().casefold() for name in names.split(",")}:
        return None
    return FontFile(Path(path).resolve(), int(index) & 0xFFFF, family)  # the high bits number named instances
