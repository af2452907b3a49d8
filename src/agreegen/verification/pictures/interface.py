"""What the drawing of pages is asked, and what it answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from agreegen.messages import Message
from agreegen.verification.changes.painted_places import PermittedPlace

if TYPE_CHECKING:
    from agreegen.pdf.pages import Rectangle


class Reading(Enum):
    """What became of what stood in a place.

    `NOTHING` stood there; all of it can still be read; new ink joins it or stands among it; some lies under
    other ink; some became paper.
    """

    NOTHING = "nothing"
    LEGIBLE = "legible"
    JOINED = "joined"
    COVERED = "covered"
    ERASED = "erased"


class Fault(Enum):
    """What is wrong with a page.

    `DIFFERS` outside every permitted place; `LOST` earlier ink inside one; `UNDRAWN`: nobody can tell;
    `UNSTEADY`: a look that changes with size, turn or the mouse, so that one picture does not tell.
    """

    DIFFERS = "differs"
    LOST = "lost"
    UNDRAWN = "undrawn"
    UNSTEADY = "unsteady"


@dataclass(frozen=True, slots=True)
class PageFault:
    """A page that does not look as it was signed, or cannot be drawn.

    Attributes:
        fault: What is wrong.
        after: Index of the signed revision that it is held against.
        page: Number of the page, from 1; 0 for the document as a whole.
        box: Where; None for the whole page.
        printing: Whether it shows in print.
        reader: Which program drew it.
    """

    fault: Fault
    after: int
    page: int
    box: Rectangle | None = None
    printing: bool = False
    reader: str = "PDFium"


@dataclass(frozen=True, slots=True)
class SealLook:
    """The look of a signature over what was drawn before, or what was filled in beside it.

    Attributes:
        after: Index of the signed revision that it is held against.
        place: Where.
        reading: What became of what stood there.
        picture: The place before and after, side by side, PNG.
    """

    after: int
    place: PermittedPlace
    reading: Reading
    picture: bytes = field(repr=False)

    @property
    def picture_sha256(self) -> str:
        """The picture's SHA-256, by which a verifier confirms it."""
        return hashlib.sha256(self.picture).hexdigest()


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
    limit: Message | None = None


@dataclass(frozen=True, slots=True)
class PagePair:
    """A page that looks different now.

    Attributes:
        number: Page number, from 1.
        before: PNG as signed, base64; None where the page was not there.
        after: PNG as it is now, differences marked, base64; None where the page is gone.
        printing: Whether it looks different in print only, and is shown as in print.
    """

    number: int
    before: str | None
    after: str | None
    printing: bool = False
