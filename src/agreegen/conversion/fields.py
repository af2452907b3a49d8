"""Where a form's signature fields lie on the page, and which of them locks the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.form import Form, SignatureRole

POINTS_PER_MM = 72 / 25.4
PRINT_AND_LOCKED = 132
"""Annotation flags of a signature widget: Print and Locked (PDF/A forbids hidden ones)."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A point on a page that a Word bookmark became.

    Attributes:
        page: Page number, starting at 0.
        x: Points from the left edge.
        y: Points from the bottom edge.
    """

    page: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """An empty signature field.

    Attributes:
        role: The role that signs in it; the field's name is the role's id.
        page: Page number of its widget, starting at 0.
        rectangle: Left, bottom, right, top in points; all zero for an invisible field.
        locks: Whether signing it forbids any further change but timestamps (ISO 32000-2, 12.7.5.5).
    """

    role: SignatureRole
    page: int
    rectangle: tuple[float, float, float, float]
    locks: bool


def pdf_bookmark_name(bookmark: str) -> str:
    """Return the name that LibreOffice gives a Word bookmark as a PDF destination (`_` becomes `5F`)."""
    return "".join(c if c.isascii() and c.isalnum() else f"{ord(c):02X}" for c in bookmark)


def place_fields(form: Form, destinations: Mapping[str, Destination]) -> tuple[FieldPlace, ...]:
    """Place a form's signature fields, in signing order.

    Args:
        form: The form whose roles are placed.
        destinations: Named destinations of the page, by their name in the PDF.

    Raises:
        ConversionError: The bookmark of a role is not in the PDF.
    """
    locking = last_required(form)
    return tuple(_place(form, role, destinations, locks=role is locking) for role in signing_order(form))


def signing_order(form: Form) -> list[SignatureRole]:
    """Return the roles by their order; equal ones stay as the form lists them."""
    return sorted(form.roles, key=lambda role: role.order)


def last_required(form: Form) -> SignatureRole | None:
    """Return the role whose signature completes the document; None where no role is required."""
    required = [role for role in signing_order(form) if role.required]
    return required[-1] if required else None


def _place(
    form: Form, role: SignatureRole, destinations: Mapping[str, Destination], *, locks: bool
) -> FieldPlace:
    if role.bookmark is None:
        return FieldPlace(role, 0, (0, 0, 0, 0), locks)
    spot = destinations.get(pdf_bookmark_name(role.bookmark))
    if spot is None:
        raise ConversionError(
            message(
                "conversion.bookmark-role-not-pdf", template=form.template, bookmark=role.bookmark, id=role.id
            ),
            hint=message("conversion.set-bookmark-place-signature-see-agreegen", id=form.id),
        )
    x = spot.x + role.offset_x_mm * POINTS_PER_MM
    y = spot.y - role.offset_y_mm * POINTS_PER_MM
    half_width, half_height = role.width_mm * POINTS_PER_MM / 2, role.height_mm * POINTS_PER_MM / 2
    corners = (x - half_width, y - half_height, x + half_width, y + half_height)
    return FieldPlace(role, spot.page, tuple(round(corner, 2) for corner in corners), locks)  # type: ignore[arg-type]
