"""Varied agreements, laid out both ways: `python -m tests.soak.agreements --form ID --count N --seed S`.

Values are what an office might type and what it should not: they go through the house's own parsing, and what
that refuses is made anew. Document number K of seed S is always the same one.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2

from agreegen.conversion.assembly import assemble
from agreegen.conversion.compiled.reading import read_text
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.flowing.proof import placed_glyphs, signature_places
from agreegen.conversion.interface import CompiledPages, DoesNotFit, Office
from agreegen.conversion.libreoffice import LibreOffice
from agreegen.forms.description import load_form
from agreegen.forms.fonts import font_folders
from agreegen.forms.template import parse_template, read_template_bytes
from agreegen.model.complaint import Location, Severity
from agreegen.model.document import Document, build_document
from agreegen.model.form import Field, FieldType, Form
from agreegen.model.text import normalise_text
from agreegen.rendering.context import template_context
from agreegen.rendering.docx import render_docx
from agreegen.rendering.expected import expected_text
from agreegen.rendering.fonts import check_glyphs
from agreegen.values.parse import parse_values
from tests.unit.conversion.samples import MOMENT

FORMS = Path(__file__).parents[2] / "forms"
AGREEMENTS = ("confidentiality-agreement", "data-use-agreement")
_SCALE = 150 / 72
_MOST_TRIES = 200

_LATIN = (
    *("ABC", "2018", "John Smith", "GB/T 9704-2012", "13800000002", "0371-66000001", "3.5", "office", "V2.0"),
    *(
        "PM2.5",
        "COD(Cr)",
        "12.5%",
        "25kg",
        "a@b.example",
        "WGS-84",
        "1:10000",
        "Excel",
        "SO2",
        "I/O",
        "No. 7",
    ),
    *(
        "https://b.example/a?c=1&d=2",
        "A",
        "7",
        "AV",
        "fi",
        "ffl",
        "x-y-z",
        "(a)",
        "[1]",
        "'q'",
        '"q"',
        "C++",
        "#3",
    ),
    *("100,000", "2018-05-10", "8:30", "<b>", "&amp;", "{x}", "50.00", "Wi-Fi", "R&D", "~", "A B C", "e.g."),
)
_MARKS = "，。、；：？！（）《》〈〉「」『』【】〔〕〖〗％／＋－＝＠＃＊＆ＡＢ１２〇·"
_COMMON_MARKS = "，。、；：（）《》“”"
_RARE = "㐀㙍䶮䲠龯鿃鿫𠀀𠮷𡋾𣲗𨭎𪚥𬬭𰻞豈侮"
_UNUSUAL = (
    "".join(map(chr, range(0x3001, 0x3040)))
    + "".join(map(chr, range(0xFF01, 0xFF5F)))
    + "更賈車﨎﨏礼艹‘’“”—…～×÷℃㎡°①⑩ⅠⅣ■□○◎△→￥あアーｱ"
)
"""Signs that look like those of any text, and are not broken and set like them everywhere."""
_ONE_KIND = ("，", "（", "）", "a", "1", "M", "·", "“", "”", "国", "《", "》", "-", "、")


@dataclass(slots=True)
class Figures:
    """What a run found.

    Attributes:
        equal: Documents that were the same, by number of pages.
        refused: Documents that the engine knew not to fit, by what it said.
        differing: Numbers of the others, and where they differ.
    """

    equal: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    differing: list[tuple[int, str]] = field(default_factory=list)


class Variety:
    """Makes the documents of one form.

    Args:
        form: The form.
        seed: Of the choice.
    """

    def __init__(self, form: Form, seed: int) -> None:
        self._form, self._seed = form, seed
        data = read_template_bytes(form.template, sha256=form.template_sha256)
        fixed = "".join(p.fixed_text for p in parse_template(data, form.template).paragraphs)
        self._letters = "".join(c for c in dict.fromkeys(fixed) if "\u4e00" <= c <= "\u9fff")
        self._makers: dict[FieldType, Callable[[random.Random, int], str]] = {
            FieldType.DATE: lambda chance, _: (
                f"{chance.randint(1990, 2049)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            ),
            FieldType.PHONE: lambda chance, _: chance.choice(
                ("13800000002", "0371-66000001", "010-60000001-801", "400-100-2003", "+35812345678")
            ),
            FieldType.PERSON_NAME: self._person,
        }

    def document(self, number: int) -> Document:
        """Return a document."""
        chance = random.Random(f"{self._seed}/{number}")
        for _ in range(_MOST_TRIES):
            kind = chance.choices(range(len(_KINDS)), _WEIGHTS)[0]
            share = chance.choice((0.0, 0.2, 0.5, 0.8, 1.0))
            raw = {
                one.name: self._raw(one, chance, kind)
                for one in self._form.fields
                if one.printed and (one.required or chance.random() < share)
            }
            parsed = parse_values(self._form, raw, lambda _: Location())
            if all(one.severity is Severity.WARNING for one in parsed.complaints):
                shown = {condition.name: chance.random() < 0.5 for condition in self._form.conditions}
                return build_document(self._form, parsed.values, conditions=shown)
        raise AssertionError("no values that the form takes")

    def _raw(self, one: Field, chance: random.Random, kind: int) -> str | tuple[str, ...]:
        if one.type is FieldType.LIST:
            count = chance.choice((1, 2, 3, 5, 8, 13, 21, 34, 47, 60))
            longest = chance.choice((4, 12, 30, 34, 70, 200))
            items = [self._text(chance, kind, chance.randint(2, longest)) for _ in range(count)]
            return tuple(dict.fromkeys(items))
        maker = self._makers.get(one.type)
        return maker(chance, kind) if maker else self._text(chance, kind, chance.randint(2, 60))

    def _text(self, chance: random.Random, kind: int, length: int) -> str:
        return _KINDS[kind](chance, self._letters, length)[:length]

    def _person(self, chance: random.Random, kind: int) -> str:
        length = chance.choice((2, 3, 4, 9, 20, 60))
        if kind == 0 or chance.random() < 0.5:
            return "".join(chance.choices(self._letters, k=length))
        parts = ["".join(chance.choices(self._letters, k=chance.randint(2, 6))) for _ in range(12)]
        return "·".join(parts)[:length] if chance.random() < 0.7 else "Anna-Maria Petrova"[:length]


def _han(chance: random.Random, letters: str, length: int) -> str:
    if chance.random() < 0.5:
        return "".join(chr(chance.randint(0x4E00, 0x9FA5)) for _ in range(length))
    return "".join(chance.choices(letters, k=length))


def _mixed(pieces: Sequence[str], longest: int) -> Callable[[random.Random, str, int], str]:
    def make(chance: random.Random, letters: str, length: int) -> str:
        text = "".join(chance.choices(letters, k=chance.randint(0, longest)))
        while len(text) < length:
            text += chance.choice(pieces) + "".join(chance.choices(letters, k=chance.randint(0, longest)))
        return text

    return make


def _one_kind(chance: random.Random, letters: str, length: int) -> str:
    """A run of one character, which wanders over the end of a line."""
    before = chance.choices(letters, k=chance.randint(1, length))
    return "".join(before) + chance.choice(_ONE_KIND) * length


_KINDS = (
    _han,
    _mixed(_COMMON_MARKS, 12),
    _mixed(_LATIN, 10),
    _mixed((*_COMMON_MARKS, *_LATIN), 4),
    _mixed(_MARKS, 8),
    _mixed(_RARE, 10),
    _mixed(_UNUSUAL, 12),
    _one_kind,
)
_WEIGHTS = (3, 5, 4, 3, 2, 1, 1, 1)


def compare(
    form: Form, compiled: CompiledPages, office: Office, document: Document
) -> tuple[str | None, int]:
    """Make a document both ways; return where they differ, if they do, and how many pages it has.

    Raises:
        DoesNotFit: The engine knew that the document is not for it.
    """
    ours = compiled.produce(document, template_context(form, document), MOMENT)
    theirs = assemble(office.convert(render_docx(form, document)), form, document, MOMENT)
    text = read_text(ours)
    assert text is not None
    expected = normalise_text(expected_text(form, document))
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("fields", lambda: signature_places(ours) == signature_places(theirs)),
        ("glyphs", lambda: placed_glyphs(ours) == placed_glyphs(theirs)),
        ("pixels", lambda: all(a == b for a, b in zip(_pixels(ours), _pixels(theirs), strict=True))),
        ("text", lambda: normalise_text(text) == expected),
    )
    return next((name for name, holds in checks if not holds()), None), len(pypdfium2.PdfDocument(ours))


def _pixels(pdf: bytes) -> Iterator[bytes]:
    """Yield each page as PDFium draws it at 150 dpi."""
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield page.render(scale=_SCALE).to_numpy().tobytes()


def run(name: str, count: int, seed: int, start: int = 0) -> Figures:
    """Compare documents of a packaged form; those whose characters no font has are passed over."""
    form = load_form(FORMS / name)
    compiled = load_compiled_form(form)
    assert compiled is not None
    figures, variety = Figures(), Variety(form, seed)
    with LibreOffice(font_folders(form), form.font_chains) as office:
        for number in range(start, start + count):
            document = variety.document(number)
            if check_glyphs(form, document):
                figures.refused["no glyph"] += 1
                continue
            try:
                difference, pages = compare(form, compiled, office, document)
            except DoesNotFit as exc:
                figures.refused[str(exc)] += 1
                continue
            if difference is None:
                figures.equal[pages] += 1
            else:
                figures.differing.append((number, difference))
                print(f"{name} {seed}/{number}: {difference}", file=sys.stderr, flush=True)
    return figures


def main() -> int:
    """Compare, print the figures; exit 1 where a document differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.agreements", description=__doc__)
    parser.add_argument("--form", choices=AGREEMENTS, default=AGREEMENTS[0])
    for option, default in (("count", 500), ("seed", 1), ("start", 0)):
        parser.add_argument(f"--{option}", type=int, default=default)
    options = parser.parse_args()
    figures = run(options.form, options.count, options.seed, options.start)
    print(f"equal {figures.equal.total()}, by pages {sorted(figures.equal.items())}")
    print(f"to LibreOffice {figures.refused.total()}: {figures.refused.most_common()}")
    print(f"differing {len(figures.differing)}: {figures.differing}")
    return bool(figures.differing)


if __name__ == "__main__":
    sys.exit(main())
