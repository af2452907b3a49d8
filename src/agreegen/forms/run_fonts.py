"""Which fonts a run of text is set in: one for Latin text, one for Chinese, as word processors do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT_FONT = "Times New Roman"
"""What a word processor takes where nothing names a font (ECMA-376 part 1, 17.3.2.26)."""


@dataclass(frozen=True, slots=True)
class RunFonts:
    """The fonts of a run, by the kind of character.

    Attributes:
        latin: Names for Latin letters, digits and marks: one, or two where `ascii` and `hAnsi` differ.
        east_asian: Name for Chinese characters and signs of full width.
    """

    latin: frozenset[str]
    east_asian: str

    @property
    def names(self) -> frozenset[str]:
        """All names; what a value will hold is not known."""
        return self.latin | {self.east_asian}

    def of(self, character: str) -> frozenset[str]:
        """Return the names that a character may be set in; none for white space.

        A sign whose width is ambiguous (UAX 11: quotes, dashes, ·, …) belongs to the text around it, which
        word processors judge differently, so that both count.
        """
        width = kind_of_character(character)
        if not width:
            return frozenset()
        if width in "WFH":
            return frozenset({self.east_asian})
        return self.names if width == "A" else self.latin


def kind_of_character(character: str) -> str:
    """Return what alone decides in which fonts a character is set: its width; none for white space."""
    return "" if character.isspace() else unicodedata.east_asian_width(character)


def names_used(runs: Iterable[tuple[str, RunFonts]]) -> frozenset[str]:
    """Return the names of the fonts that pieces of fixed text are set in; of text that is not there, none."""
    return frozenset[str]().union(*(fonts.of(character) for text, fonts in runs for character in set(text)))
