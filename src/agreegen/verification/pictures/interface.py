"""What the drawing of pages is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from agreegen.verification.pictures.legibility import Reading
from agreegen.verification.pictures.pdfium_pages import Corners


class PlaceKind(Enum):
    """Why a page may look different somewhere: a field was filled in or signed, or a note was put there."""

    FILLED = "filled"
    SIGNED = "signed"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page may look different after a revision, as the rules on changes found it.

    Attributes:
        revision: Index of the revision that brought it.
        page: Number of the page, from 0.
        corners: Where it paints.
        kind: What was done there.
        number: Object number of the annotation or widget.
        name: Name of the field; empty for a note.
        prepared: Whether the field stood there, empty, in the first signed revision.
    """

    revision: int
    page: int
    corners: Corners
    kind: PlaceKind
    number: int
    name: str = ""
    prepared: bool = False


class Fault(Enum):
    """What is wrong with a page.

    `DIFFERS` outside every permitted place; `LOST` earlier ink inside one; `UNDRAWN`: nobody can tell.
    """

    DIFFERS = "differs"
    LOST = "lost"
    UNDRAWN = "undrawn"


@dataclass(frozen=True, slots=True)
class PageFault:
    """A page that does not look as it was signed, or cannot be drawn.

    Attributes:
        fault: What is wrong.
        page: Number of the page, from 1; 0 for the document as a whole.
        corners: Where; None for the whole page.
        printing: Whether it shows in print.
        reader: Which program drew it.
    """

    fault: Fault
    page: int
    corners: Corners | None = None
    printing: bool = False
    reader: str = "PDFium"


@dataclass(frozen=True, slots=True)
class SealLook:
    """The look of a signature over what was drawn before.

    Attributes:
        place: Where.
        reading: What became of what stood there.
        picture: The place before and after, side by side, PNG.
    """

    place: Place
    reading: Reading
    picture: bytes


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the pictures say about a file.

    Attributes:
        faults: Pages that differ or cannot be drawn.
        seals: Looks of signatures that lie over something.
        limit: Which limit left pages undrawn; None where none did.
    """

    faults: tuple[PageFault, ...] = ()
    seals: tuple[SealLook, ...] = ()
    limit: str | None = None
