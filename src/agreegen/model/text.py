"""Text made comparable: what a DOCX says and what is read back from its PDF."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from agreegen.messages import AUTOMATIC, Message, message, translate

WORD_JOINER = "\u2060"
"""Keeps a line from breaking and shows nothing (Unicode 23.2): in telephone numbers of filled documents."""
_DASH, _NO_BREAK_HYPHEN = "\u2014", "\u2011"
_PAGE_NUMBER = re.compile(
    r"[ \t\u00a0\u3000]*\u2014[ \t\u00a0\u3000]*[0-9]+[ \t\u00a0\u3000]*\u2014[ \t\u00a0\u3000]*\Z"
)


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text that a form gives in Chinese and in English: a title, a label.

    Attributes:
        zh: The Chinese one.
        en: The English one; where a form has none, the Chinese one stands in.
    """

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the text that readers of a language read."""
        return self.zh if language == "zh" else self.en or self.zh


_NAME_PART = re.compile(
    r"(?:^|, )(Common Name|Serial Number|Organization|Organizational Unit|Country|Locality|State/Province"
    r"|Title|Surname|Given Name|Pseudonym|Email Address|Domain Component|User ID|Organization Identifier): "
)
"""What stands before the parts of a certificate's name in English."""


_BELONGING = ("Organizational Unit", "Organization")
"""What people say of a name to tell it from others."""


@dataclass(frozen=True, slots=True)
class CertificateName:
    """The name of a certificate's subject in full, as it is written in English.

    Attributes:
        text: Its parts, each behind what it is.
    """

    text: str

    def in_language(self, language: str) -> str:
        """Return the name for people: outside of English name and organisation, as people say them."""
        if language == AUTOMATIC:
            return self.text
        texts = _NAME_PART.split(self.text)
        parts = dict(zip(texts[1::2], texts[2::2], strict=True))
        name = parts.get("Common Name")
        if name is None:
            return translate(tuple(filter(None, (texts[0], *parts.values()))), language)
        belonging = tuple(parts[each] for each in _BELONGING if parts.get(each) not in {None, name})
        if not belonging:
            return name
        return translate(message("model.certificate-name", name=name, organisation=belonging), language)


def shorten(text: str, most: int = 40) -> str:
    """Return a text in one line, of at most so many characters, for a message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def normalise_text(text: str) -> str:
    """Drop what layout adds to a text: page-number lines such as `— 1 —`, and all white space.

    Line ends, page breaks and the spaces that a text extractor guesses from gaps differ between a DOCX and
    its PDF; every other character must be the same, in the same order. A hyphen at which no line breaks
    (U+2011) is printed as a hyphen by fonts that lack it.

    Args:
        text: Text with one line for each line or paragraph; form feeds part pages.

    Returns:
        The characters that must agree, without any white space.
    """
    text = text.replace(_NO_BREAK_HYPHEN, "-")
    if _DASH not in text:
        return "".join(text.split())  # every line end is white space, too
    kept = (line for line in text.splitlines() if not _PAGE_NUMBER.match(line))
    return "".join("".join(line.split()) for line in kept)


def name_character(char: str) -> Message:
    """Name a character for people: as it looks, where it shows anything, and its code point."""
    if unicodedata.category(char)[0] in "LNPS":
        return message("model.character-and-code", char=char, code=ord(char))
    return message("model.character-code", code=ord(char))


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols of which fonts show nothing: Hangul fillers, the empty Braille pattern."""


def spell_invisible(text: str) -> str:
    """Return a text of which nothing would be seen as the codes of its characters; others as they are.

    A name of zero-width characters would let a report say that nobody signed.
    """
    if text.strip(" ") == "" or any(unicodedata.category(c) not in _UNSEEN and c not in _BLANK for c in text):
        return text
    return "".join(f"<U+{ord(c):04X}>" for c in text)


_UNPRINTABLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_NONCHARACTER = 0xFFFE


def printable(text: str) -> str:
    """Drop control and direction characters, which could make a terminal or a page show something else."""
    if text.isprintable() and not text.isspace():
        return spell_invisible(text)
    return "".join(
        c
        for c in spell_invisible(text)
        if unicodedata.category(c) not in _UNPRINTABLE and ord(c) & _NONCHARACTER != _NONCHARACTER
    )
