"""What a scanned page says, compared with our rendering of it: is this the text, and has somebody signed.

Every threshold has a wide band between yes and no; what falls into it is for a person to look at. Measured
values stand in docs/scans.md.

1. Every printed character is looked for at its place. One that is missing, or another one, is another text.
2. The characters that tell persons apart are looked at twice as large, and every one of them must agree.
3. Print is subtracted. In the place of each signature there must be strokes of a pen: neither a dot, nor a
   fold, nor a smudge.
4. Ink at any other place is somebody's remark, or a signature beside its place, and a person reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agreegen.scanning.comparing.alignment import Placement, Scan
from agreegen.scanning.comparing.ink import ink_of, spread
from agreegen.scanning.comparing.references import Reference
from agreegen.scanning.comparing.signing_check import Signing, judge_ink
from agreegen.scanning.comparing.text_comparison import (
    Score,
    Text,
    judge_telling,
    judge_text,
    score_telling,
    score_text,
)

_TOLERANCE_PX = 3
_NEW_INK, _PRINTED_INK = 0.35, 0.15


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a page compares.

    Attributes:
        text: Whether the text is the same.
        signing: What was found in each open signature's place on this page.
        elsewhere: Whether there is handwriting at other places.
        worst: The character that agrees least, and how much (-1 to 1).
        worst_telling: The same among those that tell persons apart.
        ink_mm2: New ink in the places of signatures, in square millimetres.
    """

    text: Text
    signing: tuple[tuple[str, Signing], ...]
    elsewhere: bool
    worst: tuple[str, float]
    worst_telling: tuple[str, float]
    ink_mm2: float


def compare(scan: Scan, placement: Placement, reference: Reference) -> Likeness:
    """Compare a page with our rendering of it.

    Args:
        scan: The page.
        placement: From the rendering to the scan.
        reference: The rendering.
    """
    height, width = reference.ink.shape
    laid = scan.laid(placement, (width, height))
    ink = ink_of(laid, reference.ink)
    scores = score_text(laid, ink, reference)
    telling = list(score_telling(scan, placement, reference))
    text = min(judge_text(scores), judge_telling(telling), key=(Text.OTHER, Text.DOUBTFUL, Text.SAME).index)
    new = (ink > _NEW_INK) & ~spread(reference.ink > _PRINTED_INK, _TOLERANCE_PX)
    signing, elsewhere, area = judge_ink(new, reference)
    return Likeness(text, signing, elsewhere, _worst(scores), _worst(telling), area)


def _worst(scores: Iterable[Score]) -> tuple[str, float]:
    listed = [(score.character.text, score.value) for score in scores]
    return min(listed, key=lambda item: item[1], default=("", 1.0))
