"""The pages of one state of a file, drawn by poppler where it is installed: another eye than PDFium's."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np

from agreegen.errors import ConversionError, MissingProgramError
from agreegen.messages import foreign_text, message
from agreegen.programs import find_program, run_program, streamed_output
from agreegen.verification.pictures.comparison import Image
from agreegen.verification.pictures.pdfium_pages import DrawingError

_HEAD = re.compile(rb"P6\s(\d+)\s(\d+)\s255\s")
_PACKAGE = "poppler-utils"
_LONGEST_LINE = 64


def poppler_is_installed() -> bool:
    """Tell whether poppler's programs are there."""
    try:
        find_program("pdftoppm", package=_PACKAGE)
        find_program("pdftocairo", package=_PACKAGE)
    except MissingProgramError:
        return False
    return True


def draw_with_poppler(
    pdf: bytes, first: int, last: int, *, dots_per_inch: float, timeout_s: float, bare: bool = False
) -> list[Image]:
    """Draw pages as on a screen, crop box, annotations and fields.

    Args:
        pdf: A state of a file, on its own; it goes through a pipe, so that nothing of it stays on the disk.
        first: Number of the first page, from 1.
        last: Number of the last page.
        dots_per_inch: How large.
        timeout_s: Time limit.
        bare: Whether annotations and fields are left out.

    Raises:
        DrawingError: They cannot be drawn, or not in time.
    """
    hide = ["-hide-annotations"] if bare else []
    arguments = [*_command(first, last, dots_per_inch), *hide, "-"]
    # The program writes two rows at a time: whoever waits for each of them wakes up thousands of times.
    with streamed_output(arguments, timeout_s=timeout_s, stdin=pdf) as output:
        images = _split(output.read())
    if len(images) != last - first + 1:
        raise DrawingError(message("verification.poppler-does-not-draw-these-pages"))
    return images


def stream_pages(
    pdf: bytes, first: int, last: int, *, dots_per_inch: float, timeout_s: float
) -> Generator[Image, None, None]:
    """Draw pages as `draw_pages` does, one after the other, so that no more than one is held.

    Args:
        pdf: A state of a file.
        first: Number of the first page, from 1.
        last: Number of the last page.
        dots_per_inch: How large.
        timeout_s: Time limit of all together.

    Raises:
        DrawingError: One cannot be drawn, or not in time.
    """
    arguments = [*_command(first, last, dots_per_inch), "-"]
    with streamed_output(arguments, timeout_s=timeout_s, stdin=pdf) as output:
        for _ in range(first, last + 1):
            head = _HEAD.fullmatch(b"".join(output.readline(_LONGEST_LINE) for _ in range(3)))
            width, height = (int(head[1]), int(head[2])) if head else (0, 0)
            pixels = output.read(3 * width * height)
            if head is None or len(pixels) != 3 * width * height:
                raise DrawingError(message("verification.poppler-does-not-draw-these-pages"))
            yield np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)


def _command(first: int, last: int, dots_per_inch: float) -> list[str | Path]:
    program = find_program("pdftoppm", package=_PACKAGE)
    return [program, "-q", "-cropbox", "-r", f"{dots_per_inch:g}", "-f", str(first), "-l", str(last)]


def print_pages(pdf: bytes, first: int, last: int, *, timeout_s: float) -> bytes:
    """Return pages as a PDF as poppler prints them: what is meant for print only is in it, and nothing else.

    Raises:
        DrawingError: They cannot be printed, or not in time.
    """
    program = find_program("pdftocairo", package=_PACKAGE)
    printed = _run([program, "-q", "-pdf", "-f", str(first), "-l", str(last), "-", "-"], pdf, timeout_s)
    if not printed:
        raise DrawingError(message("verification.poppler-does-not-print-these-pages"))
    return printed


def _run(arguments: Sequence[str | Path], pdf: bytes, timeout_s: float) -> bytes:
    try:
        return run_program(arguments, stdin=pdf, timeout_s=timeout_s).stdout
    except (ConversionError, OSError) as exc:
        raise DrawingError(foreign_text(exc)) from exc


def _split(output: bytes) -> list[Image]:
    """Take portable pixmaps apart that stand one behind the other."""
    images: list[Image] = []
    at = 0
    while head := _HEAD.match(output, at):
        width, height = int(head[1]), int(head[2])
        end = head.end() + 3 * width * height
        if end > len(output):
            break
        pixels = np.frombuffer(output, dtype=np.uint8, count=3 * width * height, offset=head.end())
        images.append(pixels.reshape(height, width, 3))
        at = end
    return images
