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

from dataclasses import dataclass

from agreegen.scanning.comparing.alignment import LaidPage
from agreegen.scanning.comparing.ink import ink_of, spread
from agreegen.scanning.comparing.references import Reference
from agreegen.scanning.comparing.signing_check import Signing, judge_ink
from agreegen.scanning.comparing.text_comparison import (
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
    """

    text: Text
    signing: tuple[tuple[str, Signing], ...]
    elsewhere: bool


def compare_page(page: LaidPage, reference: Reference) -> Likeness:
    """Compare a page with our rendering of it.

    Args:
        page: The page, laid over the rendering.
        reference: The rendering.
    """
    ink = ink_of(page.grey, reference.ink)
    scores = score_text(page.grey, ink, reference)
    telling = list(score_telling(page, reference))
    text = min(judge_text(scores), judge_telling(telling), key=(Text.OTHER, Text.DOUBTFUL, Text.SAME).index)
    new = (ink > _NEW_INK) & ~spread(reference.ink > _PRINTED_INK, _TOLERANCE_PX)
    signing, elsewhere = judge_ink(new, reference)
    return Likeness(text, signing, elsewhere)
