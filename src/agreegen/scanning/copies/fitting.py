"""Whether a form's margins have room for marks."""

from __future__ import annotations

import pypdfium2

from agreegen.scanning.copies.stamp import PT_PER_MM, mark_boxes

_DOTS_PER_INCH = 72
_QUIET_MM = 1.2
"""Around a mark two modules stay white."""
_PAPER = 250


def marks_fit(data: bytes) -> bool:
    """Say whether nothing is printed where the marks of a document's pages would stand."""
    pdf = pypdfium2.PdfDocument(data)
    try:
        return all(_fits(pdf[number]) for number in range(len(pdf)))
    finally:
        pdf.close()


def _fits(leaf: pypdfium2.PdfPage) -> bool:
    width, height = leaf.get_size()
    picture = leaf.render(scale=_DOTS_PER_INCH / 72, grayscale=True, may_draw_forms=False).to_numpy()
    quiet = _QUIET_MM * PT_PER_MM
    for box in mark_boxes(width, height):
        top, bottom = int(height - box.top - quiet), int(height - box.bottom + quiet) + 1
        left, right = int(box.left - quiet), int(box.right + quiet) + 1
        if (picture[top:bottom, left:right] < _PAPER).any():
            return False
    return True
