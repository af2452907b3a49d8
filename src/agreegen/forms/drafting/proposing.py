"""A form proposed from an ordinary Word document: its blanks become fields, its signing lines roles."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from agreegen.errors import InputError
from agreegen.files import read_limited
from agreegen.forms.drafting.blanks import (
    SigningPlace,
    fill_blank,
    find_blanks,
    find_signing_place,
    paragraphs_of,
)
from agreegen.forms.drafting.form_words import is_gothic, known_words, nameless, usual_label
from agreegen.forms.styles import W
from agreegen.forms.template import MAX_TEMPLATE_BYTES, parse_template
from agreegen.messages import message
from agreegen.model.form import FieldType

_DOCUMENT = "word/document.xml"
_RARE = ("Noto Serif SC", "LXGW WenKai", "HanaMinA", "HanaMinB", "Noto Serif CJK SC")
_GOTHIC = ("Noto Sans SC", *_RARE)
_LATIN = ("Liberation Serif", *_RARE)
_MOST_ROLES = 6


@dataclass(frozen=True, slots=True)
class ProposedField:
    """A field that the document asks for.

    Attributes:
        name: Its name in tags.
        label: The words before its blank.
        type: How its values are read.
        printed: Whether it stands on the page.
    """

    name: str
    label: str
    type: FieldType
    printed: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """A form as a document suggests it.

    Attributes:
        docx: The document with tags in its blanks and bookmarks where people sign.
        fields: Its fields, in the order of the text, then those that tell the rows of a roster apart.
        roles: Its signing lines.
        title: Its first line.
        fonts: Font name → what is tried for it.
    """

    docx: bytes
    fields: tuple[ProposedField, ...]
    roles: tuple[SigningPlace, ...]
    title: str
    fonts: dict[str, tuple[str, ...]]


def propose_form(path: Path) -> Proposal:
    """Read a Word document and propose a form.

    Raises:
        InputError: It is no DOCX, or has neither blank nor text.
    """
    try:
        data = read_limited(path, MAX_TEMPLATE_BYTES)
    except OSError as exc:
        raise InputError(message("forms.cannot-read-2", path=path, exc=exc)) from exc
    parse_template(data, path)  # refuses what is no document, or one that is made to exhaust its reader
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(package.read(_DOCUMENT), parser)
    fields = tuple(_fill(root))
    roles = tuple(_mark_signing(root))
    docx = _with_document(data, etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
    template = parse_template(docx, path)
    texts = [paragraph.fixed_text.strip() for paragraph in template.paragraphs]
    title = next((text for text in texts if text), "")
    if not title:
        raise InputError(
            message("forms.no-text-in-document", path=path), hint=message("forms.give-word-document")
        )
    names = (paragraph.fonts for paragraph in (*template.paragraphs, *template.margin_paragraphs))
    used = sorted(frozenset[str]().union(*names))
    return Proposal(docx, fields, roles, title[:60], {name: _chain(name) for name in used})


def _fill(root: Any) -> Iterator[ProposedField]:
    """Put a tag into each blank; equal labels are one field, as a name stands at both ends of a page."""
    known: dict[str, ProposedField] = {}
    words = known_words()
    for paragraph in paragraphs_of(root):
        tags = []
        for blank in find_blanks(paragraph):
            field = known.get(blank.label) if blank.label and not blank.is_date else None
            if field is None:
                field = _name(blank.label, blank.is_date, frozenset(f.name for f in known.values()), words)
                known[blank.label or field.name] = field
                yield field
            tags.append((blank, f"{{{{ {field.name} }}}}"))
        for blank, tag in reversed(tags):
            fill_blank(paragraph, blank, tag)


def _name(
    label: str, is_date: bool, taken: frozenset[str], words: Mapping[str, tuple[str, FieldType]]
) -> ProposedField:
    name, kind = ("date", FieldType.DATE) if is_date else words.get(label, ("", FieldType.TEXT))
    usual = usual_label(name) if name else nameless()
    if name and name not in taken:
        return ProposedField(name, usual or label, kind)
    stem, first = (name, 2) if name else ("field", 1)
    number = next(n for n in range(first, 10_000) if f"{stem}_{n}" not in taken)
    return ProposedField(f"{stem}_{number}", label or f"{usual}{number}", kind)


def _mark_signing(root: Any) -> Iterator[SigningPlace]:
    """Bookmark each line on which somebody signs."""
    number = 0
    used = [int(mark.get(f"{W}id") or 0) for mark in root.iter(f"{W}bookmarkStart")]
    for paragraph in list(paragraphs_of(root)):
        place = find_signing_place(paragraph)
        if place is None or number == _MOST_ROLES:
            continue
        number += 1
        for kind in ("bookmarkStart", "bookmarkEnd"):
            mark = etree.SubElement(paragraph, f"{W}{kind}")
            mark.set(f"{W}id", str(max(used, default=0) + number))
            if kind == "bookmarkStart":
                mark.set(f"{W}name", f"signer_{number}")
        yield place


def _with_document(data: bytes, document: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            part = document if entry.filename == _DOCUMENT else source.read(entry)
            target.writestr(entry.filename, part, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _chain(name: str) -> tuple[str, ...]:
    """Return what to try for a font: itself, then a free one of its kind, then those with rare characters."""
    if is_gothic(name):
        return (name, *_GOTHIC)
    return (name, *(_LATIN if name.isascii() else _RARE))
