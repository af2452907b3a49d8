"""A document as LibreOffice laid it out, read for measuring."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from pikepdf import Pdf

from agreegen.conversion.compiled.engine import Printed
from agreegen.conversion.compiled.page import Block, read_blocks
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.document import Document


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """The page of a document that holds its values.

    Attributes:
        document: The document.
        printed: Its values as printed.
        pdf: The whole PDF as LibreOffice wrote it.
        page: Number of the page, starting at 0.
        blocks: The content of that page.
    """

    document: Document
    printed: Printed
    pdf: bytes
    page: int
    blocks: tuple[Block, ...]


def read_rendered(pdf: bytes, document: Document, printed: Printed, texts: Sequence[str]) -> RenderedPage:
    """Read the one page that holds these texts.

    Raises:
        ConversionError: They stand on more than one page, or nowhere.
    """
    with Pdf.open(io.BytesIO(pdf)) as opened:
        for number in range(len(opened.pages)):
            blocks = tuple(read_blocks(opened, number))
            said = "".join("".join(block.text.split()) for block in blocks)
            if all("".join(text.split()) in said for text in texts):
                return RenderedPage(document, printed, pdf, number, blocks)
    raise ConversionError(
        message("conversion.values-do-not-stand-together-on"),
        hint=message("conversion.form-needs-libreoffice-engine"),
    )
