"""The places on pages that a later revision was permitted to paint, with what was proved about each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agreegen.pdf.pages import Rectangle


class PlaceKind(StrEnum):
    """What was proved to stand in a place."""

    FILLED_FIELD = "filled-field"
    """A field of the form that was filled in."""
    SIGNED_FIELD = "signed-field"
    """A signature field that stood there, empty, in the first signed revision, and was signed."""
    NOTE = "note"
    """An annotation of a permitted kind."""
    NEW_SIGNATURE_LOOK = "new-signature-look"
    """The look of a signature in a field that was added after the first signature."""


@dataclass(frozen=True, slots=True)
class PermittedPlace:
    """A place that a later revision was permitted to paint.

    Attributes:
        revision: Index of the revision that painted it.
        page_index: Index of the page, from 0.
        box: What it paints at most.
        kind: What stands there.
        field_name: Fully qualified name of the field; None for notes.
        annotation: Object number of the widget or annotation.
    """

    revision: int
    page_index: int
    box: Rectangle
    kind: PlaceKind
    field_name: str | None
    annotation: int
