"""Compiling a form: LibreOffice lays it out with probe values, for each choice of clauses and line count."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from agreegen.conversion.assembly import assemble
from agreegen.conversion.compiled.base import base_pdf
from agreegen.conversion.compiled.checking import check_against_office
from agreegen.conversion.compiled.description import (
    DESCRIPTION_NAME,
    Align,
    Base,
    Description,
    Line,
    Part,
    Slot,
)
from agreegen.conversion.compiled.engine import CompiledForm, Printed, open_chain, primary_font_hashes
from agreegen.conversion.compiled.layout import line_width, split_runs
from agreegen.conversion.compiled.metrics import FontChain
from agreegen.conversion.compiled.page import Block
from agreegen.conversion.compiled.probing import FoundParagraph, find_paragraph, solve_anchors
from agreegen.conversion.compiled.rendered import RenderedPage, read_rendered
from agreegen.conversion.interface import Office
from agreegen.errors import ConversionError
from agreegen.files import sha256_of
from agreegen.forms.template import Paragraph, read_template
from agreegen.messages import message
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import FieldType, Form

Render = Callable[[Document], bytes]
Context = Callable[[Document], Printed]

_TAG = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_TEXT_TYPES = frozenset({FieldType.PERSON_NAME, FieldType.ORGANISATION_NAME, FieldType.TEXT})
_PROBE_DATES = (None, date(2018, 5, 10), date(2022, 11, 30), date(2018, 1, 1))
_MOST_CHARACTERS = 40
_PLACEHOLDER_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Template:
    """A paragraph of the template that holds values."""

    parts: tuple[Part, ...]
    font: str
    chain: FontChain

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(part.field for part in self.parts if part.field)

    def text(self, printed: Printed) -> str:
        return "".join(str(printed[part.field]) if part.field else part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Lines:
    """What a template's values stand in.

    Attributes:
        templates: The paragraphs that hold values, in reading order.
        han: Characters of the fixed text that probe values are made of, so that bases carry no other glyphs.
    """

    templates: tuple[_Template, ...]
    han: tuple[str, ...]


def read_form_lines(form: Form) -> Lines:
    """Read the paragraphs of a template that hold values, each in lines of its own.

    Args:
        form: The form; no page is laid out for it.

    Raises:
        ConversionError: They do not stand so, or hold what cannot be compiled; it says where.
    """
    template = read_template(form.template, form.template_sha256)
    templates = [_read(form, p) for p in template.paragraphs if "{{" in p.source or _holds_logic(p.source)]
    if not templates:
        raise ConversionError(message("conversion.form-has-no-values-fill", id=form.id))
    fixed = "".join(p.fixed_text for p in template.paragraphs)
    han = [c for c in dict.fromkeys(fixed) if "\u4e00" <= c <= "\u9fff"][:8]
    if len(han) < 2:
        raise ConversionError(message("conversion.form-fixed-text-too-short-compile", id=form.id))
    return Lines(tuple(templates), tuple(han))


def _read(form: Form, paragraph: Paragraph) -> _Template:
    if "{%" in _TAG.sub("", paragraph.source) or paragraph.justified or len(paragraph.fonts) != 1:
        raise ConversionError(
            message(
                "conversion.such-paragraph-cannot-compiled",
                template=form.template,
                place=paragraph.place,
            ),
            hint=message("conversion.form-needs-libreoffice-engine"),
        )
    (font,) = paragraph.fonts
    chains = dict(form.font_chains)
    if font not in chains:
        raise ConversionError(
            message(
                "conversion.font-has-no-chain-form-yaml",
                template=form.template,
                place=paragraph.place,
                font=font,
            )
        )
    parts, position = [], 0
    for match in _TAG.finditer(paragraph.source):
        if form.field(match[1]).type not in _TEXT_TYPES | {FieldType.DATE}:
            raise ConversionError(message("conversion.field-values-type-cannot-compiled", match=match[1]))
        parts += [Part(text=paragraph.source[position : match.start()]), Part(field=match[1])]
        position = match.end()
    parts.append(Part(text=paragraph.source[position:]))
    return _Template(
        tuple(part for part in parts if part.text or part.field),
        font,
        open_chain(form, font),
    )


def compile_form(form: Form, office: Office, render: Render, context: Context) -> dict[str, bytes]:
    """Compile a form.

    1. Find the paragraphs with values; each must stand in lines of its own.
    2. For each choice of clauses: measure where their lines stand and how much fits in one line and two.
    3. Cut the values out of LibreOffice's page; what is left is the base.
    4. Make documents both ways and compare the place of every character; a difference is an error.

    Args:
        form: The form.
        office: LibreOffice.
        render: Document → filled DOCX.
        context: Document → values as printed.

    Returns:
        File name → bytes, to be written beside the template.

    Raises:
        ConversionError: The form cannot be compiled; it needs the LibreOffice engine.
    """
    return _Compiler(form, office, render, context).compile()


class _Compiler:
    def __init__(self, form: Form, office: Office, render: Render, context: Context) -> None:
        self._form = form
        self._office = office
        self._render = render
        self._context = context
        lines = read_form_lines(form)
        self._templates = lines.templates
        self._han = lines.han

    def compile(self) -> dict[str, bytes]:
        bases: list[Base] = []
        files: dict[str, bytes] = {}
        for shown in _choices([condition.name for condition in self._form.conditions]):
            for base, data in self._bases(shown):
                bases.append(base)
                files[base.file] = data
        fonts = primary_font_hashes(self._form, {t.font for t in self._templates})
        description = Description(
            self._form.template_sha256, self._form.description_sha256, fonts, tuple(bases)
        )
        compiled = CompiledForm(self._form, description, files)
        check_against_office(compiled, self._samples(), self._office, self._render, self._context)
        return {**files, DESCRIPTION_NAME: description.to_yaml()}

    def _bases(self, shown: Mapping[str, bool]) -> Iterator[tuple[Base, bytes]]:
        single = [self._page(values, shown) for values in self._short_probes()]
        limits = [self._limits(template, shown) for template in self._templates]
        brackets = [(fits, breaks) for fits, breaks, _ in limits]
        any_align = [tuple(Align)] * len(self._templates)
        base, data = self._base(shown, single, brackets, any_align, "")
        yield base, data
        known = [(slot.align,) for slot in base.slots]
        for number, (_, _, pages) in enumerate(limits):
            if pages:
                yield self._base(shown, pages, brackets, known, f"-two-lines-{number + 1}")

    def _base(
        self,
        shown: Mapping[str, bool],
        pages: Sequence[RenderedPage],
        brackets: Sequence[tuple[int, int]],
        aligns: Sequence[Sequence[Align]],
        suffix: str,
    ) -> tuple[Base, bytes]:
        first = pages[0]
        slots = [
            self._slot(number, pages, brackets[number], aligns[number])
            for number in range(len(self._templates))
        ]
        paragraphs = [find_paragraph(first.blocks, t.text(first.printed)) for t in self._templates]
        assembled = assemble(first.pdf, self._form, first.document, _PLACEHOLDER_TIME)
        data, marks, sequence = base_pdf(assembled, first.page, first.blocks, paragraphs)
        omitted = "".join(f"-without-{name}" for name, value in shown.items() if not value)
        base = Base(
            file=f"compiled{omitted}{suffix}.pdf".replace("_", "-"),
            sha256=sha256_of(data),
            conditions=shown,
            page=first.page,
            sequence=sequence,
            slots=tuple(replace(slot, mark=mark) for slot, mark in zip(slots, marks, strict=True)),
        )
        return base, data

    def _slot(
        self, number: int, pages: Sequence[RenderedPage], bracket: tuple[int, int], aligns: Sequence[Align]
    ) -> Slot:
        template = self._templates[number]
        found = [find_paragraph(page.blocks, template.text(page.printed)) for page in pages]
        block = _single_style(pages[0].blocks, found[0])
        size = found[0].lines[0].runs[0].size
        rows = [
            [(p.lines[row], split_runs(p.lines[row].text, template.chain, size)) for p in found]
            for row in range(len(found[0].lines))
        ]
        align, anchors = solve_anchors(rows, aligns)
        lines = tuple(Line(line.y, anchor) for line, anchor in zip(found[0].lines, anchors, strict=True))
        assert block.colour is not None
        return Slot(template.parts, "/P", 0, block.colour, template.font, size, align, lines, *bracket)

    def _limits(self, template: _Template, shown: Mapping[str, bool]) -> tuple[int, int, list[RenderedPage]]:
        """Return the widest width that fits, the narrowest that breaks, and pages where it broke."""
        fits, breaks, broken = 0, 1 << 30, []
        fields = [name for name in template.fields if self._form.field(name).type in _TEXT_TYPES]
        probes = self._long_probes() if fields else ["".join(self._han[:2])]
        for number, text in enumerate(probes):
            longest = min((self._form.field(name).max_length for name in fields), default=2)
            if len(text) > longest:
                break
            day = self._widest_date(template) if not fields else _PROBE_DATES[number % len(_PROBE_DATES)]
            values = self._values("".join(self._han[:2]), day)
            page = self._page({**values, **dict.fromkeys(fields, text)}, shown)
            whole = template.text(page.printed)
            paragraph = find_paragraph(page.blocks, whole)
            size = paragraph.lines[0].runs[0].size
            width = line_width(split_runs(whole, template.chain, size))
            if len(paragraph.lines) == 1:
                fits = max(fits, width)
            else:
                breaks = min(breaks, width)
                if len(paragraph.lines) == 2:
                    broken.append(page)
                if len(broken) >= 4 or len(paragraph.lines) > 2:
                    break
        return fits, max(breaks, fits + 1), broken

    def _widest_date(self, template: _Template) -> date:
        def width(text: str) -> int:
            return line_width(split_runs(text, template.chain, 16))

        year = max(range(1990, 2090), key=lambda number: width(str(number)))
        month = max((10, 12), key=lambda number: width(str(number)))
        return date(year, month, max(range(10, 32), key=lambda number: width(str(number))))

    def _page(self, values: Mapping[str, Value], shown: Mapping[str, bool]) -> RenderedPage:
        document = build_document(self._form, values, conditions=shown)
        printed = self._context(document)
        pdf = self._office.convert(self._render(document))
        return read_rendered(pdf, document, printed, [t.text(printed) for t in self._templates])

    def _values(self, text: str, day: date | None = None) -> dict[str, Value]:
        """Return values for all fields in slots: this text for texts, this date (or none) for dates."""
        values: dict[str, Value] = {}
        for name in dict.fromkeys(name for template in self._templates for name in template.fields):
            field = self._form.field(name)
            if field.type in _TEXT_TYPES:
                values[name] = text
            elif day is not None or field.required:
                values[name] = day or date(2018, 5, 10)
        return values

    def _short_probes(self) -> Iterator[dict[str, Value]]:
        a, b = self._han[:2]
        for number, text in enumerate((a + b, f"{a}·{b}", f"{a}1{b}", f"{a}11{b}", f"{a}·1·{b}")):
            yield self._values(text, _PROBE_DATES[number % len(_PROBE_DATES)])

    def _long_probes(self) -> Iterator[str]:
        """Return texts of growing width: Han characters, and between two lengths some middle dots more."""
        for number in range(2, _MOST_CHARACTERS):
            text = "".join(self._han[n % len(self._han)] for n in range(number))
            if number < 8 and number % 3:
                continue
            for dots in range(3 if number > 8 else 1):
                yield "·".join([*text[:dots], text[dots:]])

    def _samples(self) -> list[Document]:
        han = (self._han * 6)[:25]
        texts = ["".join(han[:n]) for n in (1, 2, 3, 4, 7)]
        texts += ["A", "John Smith", f"{han[0]}ABC{han[1]}", f"{han[0]}·{han[1]}{han[2]}·{han[3]}", "2018"]
        texts += ["".join(han[:n]) for n in (10, 11, 12, 13, 14, 18, 25)]
        documents = []
        days = (*_PROBE_DATES, date(2024, 12, 31), date(2019, 10, 1))
        for number, text in enumerate(texts):
            for shown in _choices([condition.name for condition in self._form.conditions]):
                values = self._values(text, days[number % len(days)])
                documents.append(build_document(self._form, values, conditions=shown))
        return documents


def _choices(names: Sequence[str]) -> Iterator[dict[str, bool]]:
    for values in itertools.product((True, False), repeat=len(names)):
        yield dict(zip(names, values, strict=True))


def _holds_logic(source: str) -> bool:
    return "{%" in source and not re.fullmatch(r"\{%.*?%\}", source.strip(), re.DOTALL)


def _single_style(blocks: Sequence[Block], paragraph: FoundParagraph) -> Block:
    chosen = blocks[paragraph.first : paragraph.last + 1]
    colours = {block.colour for block in chosen}
    sizes = {run.size for block in chosen for run in block.runs}
    if None in colours or len(colours) != 1 or len(sizes) != 1:
        raise ConversionError(
            message("conversion.paragraph-values-has-more-than-one"),
            hint=message("conversion.form-needs-libreoffice-engine"),
        )
    return chosen[0]
