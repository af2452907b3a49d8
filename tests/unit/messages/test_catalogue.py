"""The catalogues: every code has a text in every language, every text is used, and their values agree."""

from __future__ import annotations

import importlib.util
import re
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po as read_with_babel

from agreegen.messages import languages
from agreegen.messages.catalogue import read_po
from agreegen.messages.languages import LOCALE_FOLDER, catalogue_folders

from .source_texts import read_source

ENGLISH = catalogue_folders()["en"]
PAGE = "page."
"""Begins the codes of what is said to people at a page instead: `page.` and the entry's own code."""
SOURCES = sorted(LOCALE_FOLDER.glob("*/*.po"))


def entries(language: str) -> dict[str, str]:
    """Read everything that a language has."""
    found: dict[str, str] = {}
    for path in sorted(catalogue_folders()[language].glob("*.po")):
        found |= read_po(path)
    return found


def placeholders(text: str) -> set[str]:
    """Name the values that a text is filled with."""
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def name_of(path: Path) -> str:
    """Name a source in test names: language and room."""
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_source_is_gettext_sorted_by_code_and_its_codes_begin_with_its_room(path: Path) -> None:
    """Sorted entries let many hands add without conflict; Babel reads what we read."""
    ours = read_po(path)
    with path.open("rb") as stream:
        theirs = {entry.id: entry.string for entry in read_with_babel(stream) if entry.id}
    assert ours == theirs
    assert list(ours) == sorted(ours)
    assert {code.partition(".")[0] for code in ours} <= {path.stem}
    assert all(ours.values())


@pytest.mark.parametrize("language", [each for each in languages() if each != "en"])
def test_every_language_says_what_english_says_with_the_same_values(language: str) -> None:
    """A sentence that lacks a value, or names one that nobody gives, would fail only when it is shown."""
    english, other = entries("en"), entries(language)
    assert sorted(english.keys() - other.keys()) == []
    assert sorted(other.keys() - english.keys()) == []
    assert [code for code in english if placeholders(english[code]) != placeholders(other[code])] == []


def test_every_code_in_the_source_has_an_entry_with_just_its_values() -> None:
    """Codes are written at the place that knows what happened."""
    english = entries("en")
    uses = read_source().uses
    assert [use for use in uses if use.code not in english] == []
    assert [use for use in uses if use.values not in (None, placeholders(english[use.code]))] == []


def test_no_entry_is_left_that_nobody_says() -> None:
    """What is not said any more goes, in every language."""
    found = read_source()
    assert len(found.uses) > 0
    prefixes = tuple(found.prefixes)
    own = [code for code in sorted(entries("en")) if not code.startswith(PAGE)]
    assert [code for code in own if code not in found.codes and not code.startswith(prefixes)] == []


@pytest.mark.parametrize("language", languages())
def test_what_pages_say_instead_stands_for_an_entry_with_no_other_values(language: str) -> None:
    """Whoever reads it on a page has no command line: no option and no command is named."""
    known = entries(language)
    instead = {code: code.removeprefix(PAGE) for code in known if code.startswith(PAGE)}
    assert [code for code, own in instead.items() if own not in known] == []
    assert [c for c, own in instead.items() if not placeholders(known[c]) <= placeholders(known[own])] == []
    assert [code for code in instead if re.search(r"--[a-z]|agreegen [a-z]", known[code])] == []


def test_no_sentence_is_without_a_code() -> None:
    """Errors, hints, complaints, help, tables: what people read stands in the catalogue."""
    assert read_source().uncoded == []


def test_compiled_catalogues_do_not_tell_when_they_were_made() -> None:
    """Two builds of one commit are the same bytes, whatever the minute."""
    root = Path(__file__).parents[3]
    spec = importlib.util.spec_from_file_location("hatch_build", root / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    source = root / "src/agreegen/messages/locale/en/pdf.po"
    dates = re.findall(rb"-Date: ([\d-]+)", build.compile_catalogue(source, "en"))
    assert dates == [b"2026-01-01", b"2026-01-01"]
