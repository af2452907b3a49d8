"""The proof of a compilation: the same documents made both ways, compared character by character."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pikepdf import Pdf

from agreegen.conversion.compiled.engine import CompiledForm, Printed
from agreegen.conversion.compiled.page import read_content
from agreegen.conversion.interface import DoesNotFit, Office
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.document import Document

_TIME = datetime(2000, 1, 1, tzinfo=UTC)

Placed = list[tuple[int, str, float, str]]
"""Tenths of a point from the left, baseline, size and text of each run, in reading order."""


def check_against_office(
    compiled: CompiledForm,
    samples: Sequence[Document],
    office: Office,
    render: Callable[[Document], bytes],
    context: Callable[[Document], Printed],
) -> None:
    """Compare documents of the compiled engine with the office's.

    Args:
        compiled: The compiled form.
        samples: Documents to make both ways; those that do not fit are left out.
        office: LibreOffice.
        render: Document → filled DOCX.
        context: Document → values as printed.

    Raises:
        ConversionError: One differs, or none fits.
    """
    compared = False
    for document in samples:
        try:
            made = compiled.produce(document, context(document), _TIME)
        except DoesNotFit:
            continue
        refuse_difference(placed_runs(made), placed_runs(office.convert(render(document))))
        compared = True
    if not compared:
        raise ConversionError(message("conversion.not-one-sample-fits-compiled-form"))


def refuse_difference(ours: Sequence[object], theirs: Sequence[object]) -> None:
    """Refuse what a compiled form places otherwise than the office.

    Raises:
        ConversionError: It does; says the first place.
    """
    if ours != theirs:
        place = next((a, b) for a, b in zip([*ours, None], [*theirs, None], strict=False) if a != b)
        raise ConversionError(
            message(
                "conversion.compiled-page-differs-from-libreoffice-against", place=place[0], place2=place[1]
            ),
            hint=message("conversion.form-needs-libreoffice-engine"),
        )


def placed_runs(pdf: bytes) -> Placed:
    """Return where each run of text stands, page by page, with the adjustments between its glyphs."""
    placed: Placed = []
    with Pdf.open(io.BytesIO(pdf)) as opened:
        for number in range(len(opened.pages)):
            for run in read_content(opened, number):
                placed.append((run.x, f"{number}:{run.y}", run.size, f"{run.text} {run.adjustments}"))
    return placed
