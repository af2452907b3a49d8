"""Agreements of several pages with seals over their edges."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from agreegen.conversion.interface import EngineChoice
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import build_document
from agreegen.model.form import Form
from agreegen.pipeline.making import DocumentMaker, MadeDocument
from agreegen.pipeline.seams import NO_SEAMS, Seams
from agreegen.rosters.parameters import read_parameters

_PARAMETERS = Path(__file__).parents[2] / "batch/confidentiality-agreement.yaml"


def agreement_form() -> Form:
    """Return the form of the agreement."""
    return find_form("confidentiality-agreement", forms_folder())


def draw_seal(path: Path, colour: str = "red", size: tuple[int, int] = (496, 496), dpi: int = 300) -> Path:
    """Draw a round or oval seal on a transparent ground; by default of 42 mm."""
    image = Image.new("RGBA", size)
    pen = ImageDraw.Draw(image)
    pen.ellipse((8, 8, size[0] - 8, size[1] - 8), outline=colour, width=12)
    pen.line((20, size[1] // 3, size[0] - 40, size[1] // 2), fill=colour, width=10)
    image.save(path, dpi=(dpi, dpi))
    return path


def make_agreement(
    seams: Seams = NO_SEAMS, named: Seams | None = None, engine: EngineChoice = EngineChoice.COMPILED
) -> MadeDocument:
    """Make the sample agreement.

    Args:
        seams: The seals over the edges of its pages.
        named: Those that the document names, where it lies.
        engine: Who lays out the page.
    """
    form = agreement_form()
    values = read_parameters(_PARAMETERS, form)
    document = build_document(form, values, register_secret=b"s" * 16, seams=(named or seams).seals)
    with DocumentMaker(form, engine=engine) as maker:
        return maker.make(document, seams)
