"""What a printed copy carries besides the document: marks in two corners and a line that names its person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agreegen.register.interface import Registration
from agreegen.scanning.copies.lettering import Lettering
from agreegen.scanning.marks import SIDE_MM, MarkText, draw_mark
from agreegen.values.masking import mask
from agreegen.yaml_text import packaged_words

PT_PER_MM = 72 / 25.4
_MARGIN_MM = 9.0
"""Distance of a mark from the edges of the paper: printers leave some 5 mm blank."""
_LINE_GAP_MM = 3.0
_LINE_PT = 10.0
_SHORT_ID = 8
_PAGE: str = packaged_words("agreegen.scanning")["page"]
_PIXELS_A_MODULE = 4
"""Printers that smooth small pictures must not smooth a mark."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Stamp:
    """What stands on one printed page.

    Attributes:
        mark: What its marks say.
        name: The person's or party's printed name.
        person: Staff number, else the masked ID number, else empty.
        unit: The person's unit, or empty.
    """

    mark: MarkText
    name: str
    person: str
    unit: str

    @property
    def line(self) -> str:
        """The line of a page."""
        return self.line_with(self.unit)

    def line_with(self, unit: str) -> str:
        """Return the line with a unit that fits; the first digits of the document id tell namesakes apart."""
        page = _PAGE.format(page=self.mark.page, pages=self.mark.pages)
        facts = (self.name, self.person, short_id(self.mark.document_id), page, unit)
        return "  ".join(fact for fact in facts if fact)

    @property
    def facts(self) -> tuple[str, ...]:
        """What tells this page's person from others; a scan must show every character of it."""
        return tuple(fact for fact in (self.name, self.person, short_id(self.mark.document_id)) if fact)


def stamps_for(registration: Registration, pages: int) -> list[Stamp]:
    """Return the stamps of all pages of a document."""
    known = registration
    name, unit = (" ".join((text or "").split()) for text in (known.name, known.unit))
    person = person_label(known)
    return [Stamp(MarkText(known.id, n, pages), name, person, unit) for n in range(1, pages + 1)]


def person_label(registration: Registration) -> str:
    """Return what tells people of one name apart: staff number, else masked ID number, else nothing."""
    known = registration
    return known.staff_no or (mask(known.id_number) if known.id_number else "")


def short_id(document_id: str) -> str:
    """Return as much of a document id as stands on paper."""
    return document_id[:_SHORT_ID]


def mark_boxes(width: float, height: float) -> tuple[Box, Box]:
    """Return where the marks stand: in the upper left and the lower right corner.

    Args:
        width: Width of the page in points.
        height: Its height.
    """
    margin, side = _MARGIN_MM * PT_PER_MM, SIDE_MM * PT_PER_MM
    return (
        Box(margin, height - margin - side, margin + side, height - margin),
        Box(width - margin - side, margin, width - margin, margin + side),
    )


def draw_stamp(stamp: Stamp, lettering: Lettering, width: float, height: float) -> bytes:
    """Return the content stream of a stamp; its fonts are those of the lettering."""
    boxes = mark_boxes(width, height)
    picture = inline_picture(draw_mark(str(stamp.mark)))
    parts = [b"q 0 g\n"]
    for box in boxes:
        side = box.right - box.left
        parts.append(b"q %.3f 0 0 %.3f %.3f %.3f cm\n%b\nQ\n" % (side, side, box.left, box.bottom, picture))
    left = boxes[0].right + _LINE_GAP_MM * PT_PER_MM
    room = width - _MARGIN_MM * PT_PER_MM - left
    others = lettering.set(stamp.line_with(""), _LINE_PT).width + lettering.set("  ", _LINE_PT).width
    unit = lettering.fit(stamp.unit, _LINE_PT, room - others)
    text = lettering.set(lettering.fit(stamp.line_with(unit), _LINE_PT, room), _LINE_PT)
    baseline = (boxes[0].bottom + boxes[0].top) / 2 - _LINE_PT / 3
    parts.append(b"BT %.2f %.2f Td %b ET\nQ" % (left, baseline, text.operators))
    return b"".join(parts)


def inline_picture(modules: NDArray[np.bool_]) -> bytes:
    """Return an inline image of one unit's side that paints the black modules (ISO 32000-1, 8.9.7)."""
    large = np.repeat(np.repeat(modules, _PIXELS_A_MODULE, axis=0), _PIXELS_A_MODULE, axis=1)
    height, width = large.shape
    rows = np.packbits(large, axis=1).tobytes()
    head = b"BI /W %d /H %d /IM true /D[1 0] /F/AHx ID " % (width, height)
    return head + rows.hex().encode() + b">\nEI"
