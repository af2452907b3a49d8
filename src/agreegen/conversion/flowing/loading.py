"""Loading a form whose text flows from the files beside its template."""

from __future__ import annotations

import io

import pikepdf
from pikepdf import Pdf

from agreegen.conversion.compiled.engine import refuse_stale
from agreegen.conversion.flowing.description import BASE_NAME, FlowingDescription
from agreegen.conversion.flowing.engine import FlowingForm
from agreegen.conversion.flowing.writing import ColourProfile
from agreegen.errors import ConversionError
from agreegen.files import sha256_of
from agreegen.messages import message
from agreegen.model.form import Form


def load_flowing(form: Form, description: FlowingDescription) -> FlowingForm:
    """Load a form whose text flows.

    Args:
        form: The form.
        description: What `compiled.yaml` says.

    Raises:
        StaleCompiledForm: It was made from another template, `form.yaml` or font.
        ConversionError: Its base is not what the description says.
        OSError: Its base cannot be read.
    """
    refuse_stale(form, description)
    base = (form.directory / BASE_NAME).read_bytes()
    if sha256_of(base) != description.base_sha256:
        raise ConversionError(
            message("conversion.damaged", directory=form.directory / BASE_NAME),
            hint=message("conversion.run-agreegen-forms-compile", id=form.id),
        )
    return FlowingForm(form, description, read_profile(base))


def read_profile(base: bytes) -> ColourProfile:
    """Read the colour profile from a base.

    Raises:
        ConversionError: There is none in it.
    """
    try:
        with Pdf.open(io.BytesIO(base)) as pdf:
            stream = pdf.Root.OutputIntents[0].DestOutputProfile
            entries = b"/N %d/Filter/FlateDecode" % int(stream.N)
            if stream.Filter != pikepdf.Name.FlateDecode:
                raise ConversionError(message("conversion.not-base-compiled-form", exc=stream.Filter))
            return ColourProfile(entries, stream.read_raw_bytes())
    except (pikepdf.PdfError, AttributeError, KeyError, IndexError, ValueError) as exc:
        raise ConversionError(message("conversion.not-base-compiled-form", exc=exc)) from exc
