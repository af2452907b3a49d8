"""Chinese texts and pages keep to the words of the glossary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from agreegen.messages.catalogue import read_po
from agreegen.messages.languages import catalogue_folders

ROOT = Path(__file__).resolve().parents[3]
GLOSSARY = ROOT / "docs" / "zh" / "glossary.md"
PAGES = sorted([ROOT / "README.zh-CN.md", *(p for p in GLOSSARY.parent.glob("*.md") if p != GLOSSARY)])
SOURCES = sorted(catalogue_folders()["zh"].glob("*.po"))


@dataclass(frozen=True, slots=True)
class Term:
    """A row of the glossary.

    Attributes:
        english: The word that is translated.
        chinese: The one word for it.
        forbidden: Words that mean the same and are not used.
        kept: Fixed phrases that hold a forbidden word and are used as they are: quoted in the remark.
    """

    english: str
    chinese: str
    forbidden: tuple[str, ...]
    kept: tuple[str, ...]

    def misused(self, text: str) -> list[str]:
        """Return the forbidden words in a text, fixed phrases apart."""
        for phrase in self.kept:
            text = text.replace(phrase, "")
        return [word for word in self.forbidden if word in text]


def terms() -> list[Term]:
    """Read the table of the glossary."""
    found = []
    for line in GLOSSARY.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] in {"English", "---"}:
            continue
        forbidden = tuple(word for word in re.split("[、，]", cells[2]) if word)
        quoted = re.findall("“([^”]+)”", cells[3])
        kept = tuple(each for each in quoted if any(word in each for word in forbidden))
        found.append(Term(cells[0], cells[1], forbidden, kept))
    return found


def prose(page: Path) -> str:
    """Return a page without what stands as code: files and commands may be called anything."""
    text = page.read_text("utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"^ {4,}.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`]*`", "", text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_catalogue_keeps_to_the_glossary(path: Path) -> None:
    """One thing has one name, in whatever room it is spoken of."""
    texts = read_po(path)
    wrong = [(code, word) for code, text in texts.items() for term in terms() for word in term.misused(text)]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_keep_to_the_glossary(page: Path) -> None:
    """The pages call things as the program does."""
    assert [word for term in terms() for word in term.misused(prose(page))] == []


def test_every_term_is_used() -> None:
    """A glossary of words that nobody says is not the program's."""
    said = "".join(text for path in SOURCES for text in read_po(path).values()) + "".join(map(prose, PAGES))
    assert [term.chinese for term in terms() if term.chinese not in said] == []


def test_a_forbidden_word_is_found_and_a_fixed_phrase_is_not() -> None:
    """The measure itself."""
    verify = next(term for term in terms() if term.english == "verify")
    assert verify.misused("请验证文件") == ["验证"]
    assert verify.misused("补充验证数据后重新核验") == []
