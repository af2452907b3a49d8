"""Finding out where LibreOffice puts a form's values, and which side of a line stays where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agreegen.conversion.compiled.description import Align
from agreegen.conversion.compiled.engine import line_start
from agreegen.conversion.compiled.layout import Run, line_width, run_starts
from agreegen.conversion.compiled.page import Block, TextRun
from agreegen.errors import ConversionError
from agreegen.messages import message


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line of a paragraph as LibreOffice set it.

    Attributes:
        y: Baseline as written.
        text: What it says.
        runs: Its runs, in order.
    """

    y: str
    text: str
    runs: tuple[TextRun, ...]


@dataclass(frozen=True, slots=True)
class FoundParagraph:
    """A paragraph with values as LibreOffice set it.

    Attributes:
        first: Number of its first block on the page.
        last: Number of its last block.
        lines: Its lines.
    """

    first: int
    last: int
    lines: tuple[FoundLine, ...]


def find_paragraph(blocks: Sequence[Block], text: str) -> FoundParagraph:
    """Find the one place on the page where whole neighbouring lines say exactly this text.

    Raises:
        ConversionError: The text is not there, or more than once, or not in lines of its own.
    """
    wanted = "".join(text.split())
    found: list[FoundParagraph] = []
    lines = _lines(blocks)
    for first in range(len(lines)):
        said = ""
        for last in range(first, len(lines)):
            said += "".join(lines[last][2].text.split())
            if not wanted.startswith(said):
                break
            if said == wanted:
                chosen = lines[first : last + 1]
                found.append(
                    FoundParagraph(chosen[0][0], chosen[-1][1], tuple(line for _, _, line in chosen))
                )
                break
    if len(found) != 1:
        raise ConversionError(
            message("conversion.paragraph-values-stands-times-lines-its", count=len(found)),
            hint=message("conversion.only-forms-whose-values-stand-short"),
        )
    return found[0]


def _lines(blocks: Sequence[Block]) -> list[tuple[int, int, FoundLine]]:
    lines: list[tuple[int, int, list[TextRun]]] = []
    for number, block in enumerate(blocks):
        if block.mark is None:
            continue
        for run in block.runs:
            if lines and lines[-1][2][-1].y == run.y:
                lines[-1] = (lines[-1][0], number, [*lines[-1][2], run])
            else:
                lines.append((number, number, [run]))
    return [
        (first, last, FoundLine(runs[0].y, "".join(r.text for r in runs), tuple(runs)))
        for first, last, runs in lines
    ]


def solve_anchors(
    rows: Sequence[Sequence[tuple[FoundLine, Sequence[Run]]]], aligns: Sequence[Align]
) -> tuple[Align, list[int]]:
    """Find the side of a paragraph's lines that stays where it is, and its place to a twip.

    The page shows tenths of a point, i.e. two twips; lines of different widths narrow it down to one.

    Args:
        rows: For each line of the paragraph the same line with different values: as LibreOffice set it, and
            as we measure it.
        aligns: The alignments that come into question.

    Raises:
        ConversionError: The lines agree with no alignment, so the spacing is not as we know it.
    """
    for align in aligns:
        possible = [
            set.intersection(*(_possible_anchors(align, line, runs) for line, runs in samples))
            for samples in rows
        ]
        if all(possible):
            # Lines that may share a side do; this settles a twip that one line alone leaves open.
            shared = set.intersection(*possible)
            return align, [max(shared or one) for one in possible]
    raise ConversionError(
        message("conversion.libreoffice-spaces-line-values-way-compiled"),
        hint=message("conversion.form-needs-libreoffice-engine"),
    )


def _possible_anchors(align: Align, line: FoundLine, runs: Sequence[Run]) -> set[int]:
    width = line_width(runs)
    factor = {Align.LEFT: 0.0, Align.RIGHT: 1.0, Align.CENTRE: 1.0}[align]
    scale = 2 if align is Align.CENTRE else 1
    near = int(line.runs[0].x * 2 * scale + width * factor)
    return {anchor for anchor in range(near - 4, near + 6) if _agrees(align, anchor, line, runs, width)}


def _agrees(align: Align, anchor: int, line: FoundLine, runs: Sequence[Run], width: int) -> bool:
    starts = [start // 2 for start in run_starts(runs, line_start(align, anchor, width))]
    shown = {run.x for run in line.runs}
    # A run may be shown in pieces (fonts, marked content); each start of ours must start one of them.
    return starts[0] == line.runs[0].x and all(start in shown for start in starts)
