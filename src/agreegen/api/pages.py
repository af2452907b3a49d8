"""Pages as pictures, drawn in a process of their own: what breaks a library ends there."""

from __future__ import annotations

import io
from collections.abc import Iterator

from agreegen.errors import InputError
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import message

__all__ = ["draw_pages"]

_POINTS_PER_INCH = 72


def draw_pages(
    pdf: bytes, *, dpi: int = 120, most_pages: int = 200, password: str | None = None
) -> Iterator[bytes]:
    """Draw the pages of a PDF as a screen shows them; yields one PNG a page.

    Args:
        pdf: The file, ours or a stranger's.
        dpi: Pixels an inch.
        most_pages: Pages behind so many are not drawn.
        password: For encrypted files.

    Raises:
        InputError: It cannot be drawn, or takes more time or memory than a file may.
    """
    confinement = Confinement(Limits())
    try:
        yield from confinement.stream(_draw, pdf, dpi, most_pages, password)
    except ConfinedError as exc:
        raise InputError(
            message("api.pages-cannot-drawn", exc=exc), hint=message("api.check-file-verify")
        ) from exc
    finally:
        confinement.close()


def _draw(pdf: bytes, dpi: int, most_pages: int, password: str | None) -> Iterator[bytes]:
    """Draw in the confined process."""
    from PIL import Image  # noqa: PLC0415 - only in that process

    from agreegen.verification.pictures.pdfium_pages import PdfiumPages  # noqa: PLC0415 - the same

    pages = PdfiumPages(pdf, password)
    try:
        for index in range(min(pages.count, most_pages)):
            stream = io.BytesIO()
            Image.fromarray(pages.draw(index, scale=dpi / _POINTS_PER_INCH)).save(stream, "PNG")
            yield stream.getvalue()
    finally:
        pages.close()
