"""Glyph coverage: every character of a document must have a glyph in the fonts that its form is set in."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from agreegen.forms.fonts import chain_covers
from agreegen.forms.run_fonts import RunFonts, kind_of_character
from agreegen.forms.template import read_template
from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint, Location
from agreegen.model.document import Document, Value
from agreegen.model.form import Form, template_path
from agreegen.model.text import name_character


def check_glyphs(form: Form, document: Document) -> list[Complaint]:
    """Return a complaint for each printed value of a document that the form's fonts cannot show.

    Raises:
        MissingProgramError: A chain has no font that is there.
    """
    return check_value_glyphs(form, document.values, _locate_in(form))


def check_value_glyphs(
    form: Form, values: Mapping[str, Value | list[str]], locate: Callable[[str], Location]
) -> list[Complaint]:
    """Return a complaint for each value with characters that no font of its chain has a glyph for.

    A missing glyph would leave a box or nothing on the page, and the file would still be a good PDF/A; so
    this stands before the page is made. What the form adds of its own is checked by `forms check`.

    Args:
        form: The form with its font chains.
        values: The values by field name; some may be missing.
        locate: Gives the place of a field's value.

    Returns:
        One complaint a field, naming each character and code point; empty when all is covered. A value that
        was taken from another field is complained of once, there.

    Raises:
        MissingProgramError: A chain has no font that is there.
    """
    complaints: list[Complaint] = []
    told: dict[str, list[Message]] = {}
    for field in form.fields:
        value = values.get(field.name)
        if not field.printed or value is None or isinstance(value, bool | date):
            continue
        fonts = _fonts_of_variable(str(form.directory), form.template_sha256, field.name)
        missing = _missing(form, fonts, "".join(value))
        told[field.name] = missing
        taken = field.default_from is not None and values.get(field.default_from) == value
        if not missing or (taken and told.get(field.default_from or "") == missing):
            continue
        complaints.append(
            Complaint(
                locate(field.name),
                message("rendering.no-font-form-has-glyph", missing=tuple(missing)),
                message("rendering.check-character-or-install-font-has"),
            )
        )
    return complaints


def _locate_in(form: Form) -> Callable[[str], Location]:
    return lambda name: Location(label=form.field(name).label_zh, field=name)


def _missing(form: Form, fonts: Iterable[RunFonts], text: str) -> list[Message]:
    chains = dict(form.font_chains)
    alike: dict[str, set[str]] = {}
    for character in set(text):
        alike.setdefault(kind_of_character(character), set()).add(character)
    lacking: set[str] = set()
    for characters in alike.values():
        for chain in _chains_of(next(iter(characters)), fonts, chains):
            lacking |= {c for c in characters if not chain_covers(chain, c, form.own_fonts)}
    return [name_character(character) for character in sorted(lacking)]


def _chains_of(
    character: str, fonts: Iterable[RunFonts], chains: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """Return the chains that a character of a value may be set in; all where the template says nothing."""
    if character.isspace():
        return []
    names = frozenset[str]().union(*(run.of(character) for run in fonts))
    return [chains[name] for name in names if name in chains] or list(chains.values())


@functools.lru_cache(maxsize=256)
def _fonts_of_variable(directory: str, sha256: str, name: str) -> frozenset[RunFonts]:
    content = read_template(template_path(Path(directory)), sha256)
    found = (paragraph.value_fonts for paragraph in content.paragraphs if name in paragraph.source)
    return frozenset(itertools.chain.from_iterable(found))
