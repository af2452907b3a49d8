"""Reading a Word template without Word: its paragraphs in reading order, bookmarks, fonts and alignment.

The text is what a filled document's page must say. It is read straight from WordprocessingML (ECMA-376
part 1, clause 17), independently of the library that fills the template.
"""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from agreegen.errors import InputError, SpokenValueError
from agreegen.files import read_limited, sha256_of
from agreegen.forms.outside import find_outside
from agreegen.forms.run_fonts import RunFonts, names_used
from agreegen.forms.styles import Styles, W
from agreegen.messages import ForeignDetail, Message, message

MAX_TEMPLATE_BYTES = 32 << 20
"""Greatest size of a template."""

_MAX_PART_BYTES = 20 << 20
_MAX_UNPACKED_BYTES = 128 << 20
_INNER = r"((?:(?!\{[%{#]).)*?)"
"""What a tag holds; no other tag begins in it, so that a run of openings is looked through once."""

_WHOLE_TAG = re.compile(rf"(\{{[%{{#])(p|tr|tc|r) {_INNER}([%}}#]\}})", re.DOTALL)
_ANY_TAG = re.compile(rf"\{{%{_INNER}%\}}|\{{\{{{_INNER}\}}\}}|\{{#{_INNER}#\}}", re.DOTALL)
_BLOCK = re.compile(r"\{%-?\s*(end)?(?:for|if)\b")
_MAX_PARAGRAPHS, _MAX_PARAGRAPH_CHARS, _MAX_CHARS = 10_000, 20_000, 1_000_000
_MAX_BLOCK_DEPTH = 20
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_TEXT_OF = {"tab": "\t", "br": "\x0b", "cr": "\x0b", "noBreakHyphen": "\u2011"}
_HIDDEN_CONTENT = {
    "txbxContent": message("forms.text-box"),
    "drawing": message("forms.picture-or-shape"),
    "pict": message("forms.picture-or-shape"),
    "object": message("forms.embedded-object"),
    "fldSimple": message("forms.word-field"),
    "fldChar": message("forms.word-field"),
    "footnoteReference": message("forms.footnote"),
    "endnoteReference": message("forms.endnote"),
    "ins": message("forms.tracked-change"),
    "del": message("forms.tracked-change"),
    "moveFrom": message("forms.tracked-change"),
    "moveTo": message("forms.tracked-change"),
    "sym": message("forms.symbol"),
    "numPr": message("forms.numbering"),
    "altChunk": message("forms.embedded-file"),
    "vanish": message("forms.hidden-text"),
    "commentReference": message("forms.comment"),
}
"""Content that no comparison of texts can follow, or that LibreOffice ends on (comments); by element."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of a template.

    Attributes:
        place: Where it stands, e.g. `paragraph 4` or `table 1, row 2, column 1`.
        source: Its text with Jinja tags; a paragraph or row that stands for a tag is that tag alone.
        justified: Whether its lines are stretched to the margin.
        fixed: Its text without the tags, in pieces of one run each, with that run's fonts.
        value_fonts: The fonts of the runs that its tags stand in.
        oddities: Content that cannot be compared with the page, in words.
        title: Whether its style is one for titles.
    """

    place: Message
    source: str
    justified: bool = False
    fixed: tuple[tuple[str, RunFonts], ...] = ()
    value_fonts: frozenset[RunFonts] = frozenset()
    oddities: tuple[Message, ...] = ()
    title: bool = False

    @property
    def fixed_text(self) -> str:
        """The text without its tags."""
        return _ANY_TAG.sub("", self.source)

    @property
    def fonts(self) -> frozenset[str]:
        """The names of the fonts of text that is there, and of all that a value could be set in."""
        return names_used(self.fixed).union(*(fonts.names for fonts in self.value_fonts))


_Mark = tuple[str, Message]
"""A bookmark's name and where it stands."""


@dataclass(frozen=True, slots=True)
class Template:
    """What stands in a template.

    Attributes:
        paragraphs: In reading order, tables row by row.
        bookmarks: Name of each bookmark in paragraphs that are printed → where it stands.
        margin_paragraphs: The paragraphs of headers and footers.
        outside: Part of the package and what it refers to outside of it.
    """

    paragraphs: tuple[Paragraph, ...]
    bookmarks: Mapping[str, tuple[Message, ...]]
    margin_paragraphs: tuple[Paragraph, ...] = ()
    outside: tuple[tuple[str, Message], ...] = ()

    @property
    def source(self) -> str:
        """The whole text as one Jinja source, one line a paragraph."""
        return "\n".join(paragraph.source for paragraph in self.paragraphs)


def read_template_bytes(path: Path, *, sha256: str) -> bytes:
    """Return a template's bytes, which must be those that the form was loaded with.

    Raises:
        InputError: The file cannot be read, or was changed since.
    """
    try:
        data = read_limited(path, MAX_TEMPLATE_BYTES)
    except OSError as exc:
        raise InputError(message("forms.cannot-read-2", path=path, exc=exc)) from exc
    if sha256_of(data) != sha256:
        raise InputError(
            message("forms.template-was-changed-while-was-use", path=path),
            hint=message("forms.run-command-again"),
        )
    return data


@functools.lru_cache(maxsize=8)
def read_template(path: Path, sha256: str) -> Template:
    """Read and parse a template, once a process: what this hash names is the same again.

    Raises:
        InputError: The file cannot be read, was changed since, or is no Word document.
    """
    return parse_template(read_template_bytes(path, sha256=sha256), path)


def parse_template(data: bytes, path: Path) -> Template:
    """Parse the bytes of a template.

    Args:
        data: The bytes of the DOCX.
        path: Its name, for messages.

    Raises:
        InputError: Not a Word document in the DOCX format.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = package.namelist()
            _refuse_bomb(package)
            document = _part(package, "word/document.xml")
            styles = Styles.from_parts(lambda name: _part(package, name) if name in names else None)
            outside = tuple(find_outside(package, _part))
            margins = [_part(package, n) for n in names if re.match(r"word/(header|footer)\d*\.xml\Z", n)]
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError, ValueError) as exc:
        raise InputError(
            message("forms.not-word-document-docx", path=path, detail=ForeignDetail(str(exc))),
            hint=message("forms.save-docx-word-or-wps"),
        ) from exc
    body = document.find(f"{W}body")
    if body is None:
        raise InputError(message("forms.document-has-no-body", path=path))
    marks: list[_Mark] = []
    paragraphs = tuple(_bounded(_walk(body, None, styles, marks), path))
    margins_place = message("forms.place.margin")
    margin = tuple(_bounded((p for m in margins for p in _walk(m, margins_place, styles, [])), path))
    places = {name: tuple(place for found, place in marks if found == name) for name, _ in marks}
    return Template(paragraphs, places, margin, outside)


def _bounded(paragraphs: Iterator[Paragraph], path: Path) -> Iterator[Paragraph]:
    """Yield the paragraphs of a template; one that nobody could read costs minutes in what looks at it.

    Raises:
        InputError: There are too many, too long ones, or blocks in blocks without end.
    """
    chars = depth = 0
    for number, paragraph in enumerate(paragraphs, start=1):
        chars += len(paragraph.source)
        for end in _BLOCK.findall(paragraph.source):
            depth += -1 if end else 1
            if depth > _MAX_BLOCK_DEPTH:
                raise InputError(message("forms.blocks-nested-too-deep", path=path, place=paragraph.place))
        if number > _MAX_PARAGRAPHS or chars > _MAX_CHARS or len(paragraph.source) > _MAX_PARAGRAPH_CHARS:
            raise InputError(
                message("forms.too-much-text-form", path=path, place=paragraph.place),
                hint=message(
                    "forms.most-paragraphs-characters",
                    max_paragraphs=_MAX_PARAGRAPHS,
                    max_paragraph_chars=_MAX_PARAGRAPH_CHARS,
                ),
            )
        yield paragraph


def _refuse_bomb(package: zipfile.ZipFile) -> None:
    if sum(entry.file_size for entry in package.infolist()) > _MAX_UNPACKED_BYTES:
        raise SpokenValueError(message("forms.would-unpack-to", most=_MAX_UNPACKED_BYTES))


def _part(package: zipfile.ZipFile, name: str) -> Any:
    if package.getinfo(name).file_size > _MAX_PART_BYTES:
        raise SpokenValueError(message("forms.part-larger-than", name=name, most=_MAX_PART_BYTES))
    # Entities are not resolved: a template is data from outside.
    return etree.fromstring(package.read(name), etree.XMLParser(resolve_entities=False, no_network=True))


def _walk(parent: Any, outer: Message | None, styles: Styles, marks: list[_Mark]) -> Iterator[Paragraph]:
    number = tables = 0
    for node in parent:
        if node.tag == f"{W}p":
            number += 1
            yield _paragraph(node, _within(outer, _paragraph_place(number)), styles, marks)
        elif node.tag == f"{W}tbl":
            tables += 1
            yield from _table(
                node, _within(outer, message("forms.place.table", number=tables)), styles, marks
            )
        elif node.tag == f"{W}sdt":
            yield from _walk(
                node.find(f"{W}sdtContent"), _within(outer, message("forms.place.control")), styles, marks
            )
        elif node.tag == f"{W}bookmarkStart":
            marks.append((str(node.get(f"{W}name")), _within(outer, _paragraph_place(number + 1))))


def _within(outer: Message | None, inner: Message) -> Message:
    return inner if outer is None else message("forms.place.within", outer=outer, inner=inner)


def _paragraph_place(number: int) -> Message:
    return message("forms.place.paragraph", number=number)


def _table(table: Any, place: Message, styles: Styles, marks: list[_Mark]) -> Iterator[Paragraph]:
    for row_number, row in enumerate(table.iterchildren(f"{W}tr"), start=1):
        inner: list[_Mark] = []
        cells = []
        for column, cell in enumerate(row.iterchildren(f"{W}tc"), start=1):
            where = _within(place, message("forms.place.cell", row=row_number, column=column))
            cells += list(_walk(cell, where, styles, inner))
        tags = [p for p in cells if _row_tag(p.source)]
        if tags:  # docxtpl puts the first tag in the place of the whole row
            yield Paragraph(tags[0].place, str(_row_tag(tags[0].source)))
        else:
            marks += inner
            yield from cells


def _row_tag(source: str) -> str | None:
    found = _WHOLE_TAG.search(source)
    return f"{found[1]} {found[3]}{found[4]}" if found and found[2] == "tr" else None


def _paragraph(node: Any, place: Message, styles: Styles, marks: list[_Mark]) -> Paragraph:
    text = _ANY_TAG.sub(lambda tag: tag[0].translate(_QUOTES), _text(node))
    oddities: set[Message] = {
        words for name, words in _HIDDEN_CONTENT.items() if next(node.iter(f"{W}{name}"), None) is not None
    }
    if styles.numbered(node):
        oddities.add(_HIDDEN_CONTENT["numPr"])
    whole = _WHOLE_TAG.search(text)
    if whole and whole[2] == "p":
        return Paragraph(place, f"{whole[1]} {whole[3]}{whole[4]}", oddities=tuple(sorted(oddities, key=str)))
    if whole and whole[2] in {"tc", "r"}:
        oddities.add(message("forms.tag-use-p-or-tr", whole=whole[1], whole2=whole[2]))
    marks += [(str(mark.get(f"{W}name")), place) for mark in node.iter(f"{W}bookmarkStart")]
    fixed, values = _part_fonts(node, styles)
    found = tuple(sorted(oddities, key=str))
    return Paragraph(place, text, styles.justified(node), fixed, values, found, styles.is_title(node))


def _part_fonts(node: Any, styles: Styles) -> tuple[tuple[tuple[str, RunFonts], ...], frozenset[RunFonts]]:
    """Return a paragraph's fixed text by run, and the fonts of the runs that its tags stand in."""
    runs = [(_text_of_run(run), styles.fonts_of_run(node, run)) for run in node.iter(f"{W}r")]
    tags = [tag.span() for tag in _ANY_TAG.finditer("".join(text for text, _ in runs))]
    fixed, values, start = [], set(), 0
    for text, fonts in runs:
        end = start + len(text)
        if any(start < last and first < end for first, last in tags):
            values.add(fonts)
        own = "".join(
            c for n, c in enumerate(text, start) if not any(first <= n < last for first, last in tags)
        )
        if own:
            fixed.append((own, fonts))
        start = end
    return tuple(fixed), frozenset(values)


def _text(paragraph: Any) -> str:
    return "".join(_text_of_run(run) for run in paragraph.iter(f"{W}r"))


def _text_of_run(run: Any) -> str:
    parts = []
    for node in run:
        name = etree.QName(node).localname if isinstance(node.tag, str) else ""
        parts.append((node.text or "") if name == "t" else _TEXT_OF.get(name, ""))
    # A line break must not count as a new paragraph.
    return "".join(parts).replace("\n", "\x0b")
