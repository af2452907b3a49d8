"""The seam of page layout: an office that converts, and what can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from agreegen.errors import ConversionError
from agreegen.model.document import Document


class DoesNotFit(ConversionError):  # noqa: N818 - reads as what happened, like StopIteration
    """A row's values do not fit the slots of a compiled form; the full engine must lay out this row."""


class StaleCompiledForm(ConversionError):  # noqa: N818 - the same
    """A compiled form was made from another template, description or font than those there now."""


class EngineChoice(StrEnum):
    """Who lays out the page."""

    AUTO = "auto"
    COMPILED = "compiled"
    LIBREOFFICE = "libreoffice"


class Office(Protocol):
    """Something that lays out a Word document as PDF/A-3b."""

    def convert(self, docx: bytes) -> bytes:
        """Lay out a DOCX and return it as tagged PDF/A-3b with its bookmarks as named destinations.

        Raises:
            ConversionError: The document cannot be laid out, or the office hung twice on it.
        """
        ...


class CompiledPages(Protocol):
    """A compiled form of either kind, ready to make documents."""

    def fits(self, document: Document, printed: Mapping[str, str | bool | list[str]]) -> None:
        """Check that a document can be made.

        Raises:
            DoesNotFit: It cannot.
        """
        ...

    def produce(
        self, document: Document, printed: Mapping[str, str | bool | list[str]], moment: datetime
    ) -> bytes:
        """Make a document; equal inputs give equal bytes.

        Raises:
            DoesNotFit: It cannot be made.
        """
        ...

    def loose_fonts(self, pdf: bytes) -> tuple[str, ...]:
        """Return the resource names of fonts in a document it made that are not pinned by their hash."""
        ...
