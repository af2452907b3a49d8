"""Telling whose file it is that a crash left behind."""

from __future__ import annotations

from agreegen.model.document import Document
from agreegen.pdf.limits import Limits
from agreegen.verification.structure.scan import scan_structure


def identify(data: bytes) -> str | None:
    """Return the document id that a PDF carries, or None."""
    attachment = scan_structure(data, Limits()).attachment
    try:
        return None if attachment is None else Document.from_json(attachment).id
    except ValueError:
        return None
