"""Several PDFs of one office as one: page after page, without the trees that describe their structure."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pikepdf

from agreegen.errors import ConversionError
from agreegen.messages import message


def join_pages(parts: Iterable[bytes]) -> bytes:
    """Return one PDF with the pages of all parts, in order; what the first says of itself, all say.

    Structure trees describe one part each and make up most of its bytes; PDF/A-3b does without (ISO 19005-3,
    5.2), so they go.

    Args:
        parts: PDF/A files that the same office wrote, at least one.

    Raises:
        ConversionError: A part cannot be read.
    """
    try:
        opened = [pikepdf.Pdf.open(io.BytesIO(part)) for part in parts]
    except pikepdf.PdfError as exc:
        raise ConversionError(message("conversion.office-wrote-pdf-cannot-read", exc=exc)) from exc
    whole = opened[0]
    for part in opened:
        for page in part.pages:
            for key in ("/StructParents", "/Tabs"):
                if key in page:
                    del page[key]
        if part is not whole:
            whole.pages.extend(part.pages)
    for key in ("/StructTreeRoot", "/MarkInfo", "/Names", "/Dests", "/Outlines"):
        if key in whole.Root:
            del whole.Root[key]
    output = io.BytesIO()
    whole.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return output.getvalue()
