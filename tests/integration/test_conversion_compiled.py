"""The proof of the compiled engine: its pages are LibreOffice's, pixel for pixel and letter for letter."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from agreegen.conversion.assembly import assemble
from agreegen.conversion.compiled.checking import placed_runs
from agreegen.conversion.compiled.compiler import compile_form
from agreegen.conversion.compiled.description import Description, read_description
from agreegen.conversion.compiled.engine import CompiledForm
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.interface import DoesNotFit
from agreegen.conversion.libreoffice import LibreOffice
from agreegen.errors import ConversionError
from agreegen.forms.description import load_form
from agreegen.forms.fonts import HAN_BLOCKS, covered_characters, find_chain, font_folders
from agreegen.model.document import Document, Value, build_document
from agreegen.programs import run_program
from agreegen.rendering.context import template_context
from agreegen.rendering.docx import render_docx
from tests.judges import verapdf
from tests.unit.conversion.samples import MOMENT

pytestmark = pytest.mark.libreoffice
FORMS = Path(__file__).parents[2] / "forms"
PLEDGE = load_form(FORMS / "personal-pledge")
COMMON = [chr(code) for code in range(0x4E00, 0x9FA6)]


@pytest.fixture(scope="module")
def office() -> Iterator[LibreOffice]:
    with LibreOffice(font_folders(PLEDGE), PLEDGE.font_chains) as running:
        yield running


@pytest.fixture(scope="module")
def compiled() -> CompiledForm:
    found = load_compiled_form(PLEDGE)
    assert isinstance(found, CompiledForm)
    return found


def varied_pledges(count: int, seed: int) -> Iterator[Document]:
    """Names of 1 to 25 characters: Han, `·`, Latin, digits, extensions, fallback fonts; all dates."""
    chance = random.Random(seed)
    first, second = find_chain(dict(PLEDGE.font_chains)["Noto Serif SC"])[:2]
    has = covered_characters(first)
    extensions = {*range(0x3400, 0x4DC0), *range(0x20000, 0x323AF)}
    rare = [chr(c) for c in sorted(extensions & (covered_characters(second) - has))]
    extension = [chr(c) for c in sorted(extensions & has)]
    for number in range(count):
        values: dict[str, Value] = {"pledger_name": _name(number % 8, chance, rare, extension)}
        if number % 4:
            values["pledge_date"] = date(
                chance.randint(1990, 2049), chance.randint(1, 12), chance.randint(1, 28)
            )
        yield build_document(PLEDGE, values, conditions={"state_secrets_clause": number % 3 != 0})


def _name(kind: int, chance: random.Random, rare: list[str], extension: list[str]) -> str:
    if kind < 3:
        return "".join(chance.choices(COMMON, k=chance.randint(1, 25)))
    if kind == 3:
        parts = ["".join(chance.choices(COMMON, k=chance.randint(1, 7))) for _ in range(chance.randint(2, 3))]
        return "·".join(parts)
    if kind == 4:
        latin = chance.choice(["John Smith", "Anna-Maria", "J. K. Rowling", "Abc", "office fluff"])
        return latin + chance.choice(["", "李", "·李"])
    if kind == 5:
        middle = "".join(chance.choices("0123456789ABCabcxyz", k=chance.randint(1, 6)))
        return chance.choice(COMMON) + middle + chance.choice(COMMON)
    if kind == 6:
        return chance.choice(COMMON) + chance.choice(rare) + chance.choice(COMMON)
    return chance.choice(extension) + chance.choice(COMMON)


def rarest_pledges(a_block: int, seed: int) -> Iterator[Document]:
    """Names with characters of each block of GB 18030-2022, whatever font of the chain has them."""
    chance = random.Random(seed)
    for block in HAN_BLOCKS:
        for code in chance.sample(range(block.first, block.last + 1), a_block):
            name = chance.choice(COMMON) + chr(code) + chance.choice(["", chance.choice(COMMON)])
            yield build_document(PLEDGE, {"pledger_name": name})


def compare(documents: Iterator[Document], compiled: CompiledForm, office: LibreOffice, folder: Path) -> int:
    """Compare both engines' pages of each document; return how many were compared."""
    compared = 0
    for document in documents:
        printed = template_context(PLEDGE, document)
        ours = compiled.produce(document, printed, MOMENT)
        theirs = assemble(office.convert(render_docx(PLEDGE, document)), PLEDGE, document, MOMENT)
        assert placed_runs(ours) == placed_runs(theirs), document.values
        (folder / "ours.pdf").write_bytes(ours)
        (folder / "theirs.pdf").write_bytes(theirs)
        assert _pixels(folder / "ours.pdf") == _pixels(folder / "theirs.pdf"), document.values
        assert _text(folder / "ours.pdf") == _text(folder / "theirs.pdf"), document.values
        compared += 1
    return compared


def _pixels(path: Path) -> list[str]:
    prefix = path.with_suffix("")
    assert run_program(["pdftoppm", "-r", "150", path, prefix], timeout_s=60).status == 0
    pages = sorted(path.parent.glob(f"{path.stem}-*.ppm"))
    assert pages
    return [hashlib.sha256(page.read_bytes()).hexdigest() for page in pages]


def _text(path: Path) -> bytes:
    done = run_program(["pdftotext", path, "-"], timeout_s=60)
    assert done.status == 0
    return done.stdout


def test_pages_are_libreoffices(compiled: CompiledForm, office: LibreOffice, tmp_path: Path) -> None:
    assert compare(varied_pledges(24, 1), compiled, office, tmp_path) == 24


def test_rarest_names_are_libreoffices(compiled: CompiledForm, office: LibreOffice, tmp_path: Path) -> None:
    assert compare(rarest_pledges(3, 4), compiled, office, tmp_path) == 3 * len(HAN_BLOCKS)


@pytest.mark.soak
def test_hundreds_of_pages_are_libreoffices(
    compiled: CompiledForm, office: LibreOffice, tmp_path: Path
) -> None:
    assert compare(varied_pledges(400, 2), compiled, office, tmp_path) == 400


def test_names_of_every_length_break_as_in_libreoffice(compiled: CompiledForm, office: LibreOffice) -> None:
    for length in range(1, 31):
        document = build_document(PLEDGE, {"pledger_name": "国" * length})
        try:
            ours = compiled.produce(document, template_context(PLEDGE, document), MOMENT)
        except DoesNotFit:
            assert length > 25
            continue
        assert placed_runs(ours) == placed_runs(office.convert(render_docx(PLEDGE, document))), length


@pytest.mark.verapdf
def test_verapdf_finds_nothing(compiled: CompiledForm, tmp_path: Path) -> None:
    paths = []
    for number, document in enumerate(varied_pledges(16, 3)):
        paths.append(tmp_path / f"{number}.pdf")
        paths[-1].write_bytes(compiled.produce(document, template_context(PLEDGE, document), MOMENT))
    assert verapdf.validate(paths) == {path: (True, []) for path in paths}


def test_compiling_again_gives_the_committed_files(office: LibreOffice) -> None:
    files = compile_form(PLEDGE, office, partial(render_docx, PLEDGE), partial(template_context, PLEDGE))
    committed = Description.from_raw(read_description((PLEDGE.directory / "compiled.yaml").read_bytes()))
    made = Description.from_raw(read_description(files["compiled.yaml"]))
    assert [replace_hash(base) for base in made.bases] == [replace_hash(base) for base in committed.bases]
    assert set(files) == {path.name for path in PLEDGE.directory.glob("compiled*")}


def replace_hash(base: object) -> str:
    """A base's description without the hash of its file, which another version of LibreOffice may change."""
    text = repr(base)
    start = text.index("sha256='")
    return text[:start] + text[start + 8 + 64 :]


@pytest.mark.parametrize("form_id", ["confidentiality-agreement", "data-use-agreement"])
def test_forms_with_lists_are_left_to_libreoffice(form_id: str, office: LibreOffice) -> None:
    form = load_form(FORMS / form_id)
    with pytest.raises(ConversionError):
        compile_form(form, office, partial(render_docx, form), partial(template_context, form))
