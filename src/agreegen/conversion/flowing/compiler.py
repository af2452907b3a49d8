"""Compiling a form whose text flows: layout read, page feet learned, both proved against LibreOffice."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
from pikepdf import Pdf

from agreegen.conversion.assembly import assemble
from agreegen.conversion.compiled.checking import refuse_difference
from agreegen.conversion.compiled.engine import primary_font_hashes
from agreegen.conversion.flowing.description import BASE_NAME, FlowingDescription, PageSize
from agreegen.conversion.flowing.engine import FlowingForm, Printed
from agreegen.conversion.flowing.loading import read_profile
from agreegen.conversion.flowing.proof import placed_glyphs, read_feet, signature_places
from agreegen.conversion.flowing.samples import long_sample, samples
from agreegen.conversion.flowing.template_layout import read_layout
from agreegen.conversion.interface import DoesNotFit, Office
from agreegen.errors import ConversionError
from agreegen.files import sha256_of
from agreegen.forms.template import parse_template, read_template_bytes
from agreegen.messages import message
from agreegen.model.document import Document
from agreegen.model.form import Form

Render = Callable[[Document], bytes]
Context = Callable[[Document], Printed]

_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_SAMPLES = 60
_LEAST_PROVED = 20
"""Samples that both engines must have made for a form to be compiled."""


def compile_flowing(form: Form, office: Office, render: Render, context: Context) -> dict[str, bytes]:
    """Compile a form whose text flows.

    1. Read the layout; what was not measured is refused.
    2. Lay out a long document with LibreOffice: the feet of its pages, the page's size, the colour profile.
    3. Make documents both ways and compare the place of every glyph and field; a difference is an error.

    Args:
        form: The form.
        office: LibreOffice.
        render: Document → filled DOCX.
        context: Document → values as printed.

    Returns:
        File name → bytes, to be written beside the template; the description is not among them yet named.

    Raises:
        ConversionError: The form cannot be compiled; it needs the LibreOffice engine.
    """
    data = read_template_bytes(form.template, sha256=form.template_sha256)
    layout = read_layout(data, parse_template(data, form.template))
    long = assemble(office.convert(render(long_sample(form))), form, long_sample(form), _TIME)
    base = _base(long)
    with Pdf.open(io.BytesIO(long)) as pdf:
        box = [str(edge) for edge in pdf.pages[0].obj.MediaBox]
    height = re.sub(r"(\.\d{3})\d*\Z", r"\1", box[3])
    size = PageSize(f"[ {' '.join(box)} ]", height, layout.top, layout.bottom, layout.left, layout.width)
    description = FlowingDescription(
        form.template_sha256,
        form.description_sha256,
        primary_font_hashes(form, {style.font for style in layout.styles}),
        sha256_of(base),
        size,
        layout.styles,
        layout.blocks,
        read_feet(long),
        0,
    )
    made = FlowingForm(form, description, read_profile(base))
    proved = sum(_proves(made, document, office, render, context) for document in samples(form, _SAMPLES))
    if proved < _LEAST_PROVED:
        raise ConversionError(message("conversion.not-one-sample-fits-compiled-form"))
    return {BASE_NAME: base, "compiled.yaml": replace(description, proved=proved).to_yaml()}


def _proves(made: FlowingForm, document: Document, office: Office, render: Render, context: Context) -> bool:
    """Make a document both ways; tell whether it fits here.

    Raises:
        ConversionError: The two differ.
    """
    try:
        ours = made.produce(document, context(document), _TIME)
    except DoesNotFit:
        return False
    theirs = assemble(office.convert(render(document)), made.form, document, _TIME)
    refuse_difference(placed_glyphs(ours), placed_glyphs(theirs))
    refuse_difference(signature_places(ours), signature_places(theirs))
    return True


def _base(assembled: bytes) -> bytes:
    """Return a PDF that holds the colour profile and nothing else."""
    target = io.BytesIO()
    with Pdf.open(io.BytesIO(assembled)) as pdf, Pdf.new() as base:
        base.add_blank_page()
        base.Root.OutputIntents = base.copy_foreign(pdf.make_indirect(pdf.Root.OutputIntents))
        base.save(target, deterministic_id=True, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return target.getvalue()
