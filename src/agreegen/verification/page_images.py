"""Pages before and after a change, differences marked; drawn in a process that may fail alone."""

from __future__ import annotations

import base64
import io
import multiprocessing
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from agreegen.foreign import contained

MAX_PAGES = 40
MAX_SHOWN = 6
DOTS_PER_POINT = 1.25
_MAX_PIXELS = 2_500_000
_MEMORY_BYTES = 3 << 30
_MARK = (214, 40, 40)
_CELL = 16
"""Pixels of a cell of the coarse picture, across and down."""


@dataclass(frozen=True, slots=True)
class PagePair:
    """A page that looks different now.

    Attributes:
        number: Page number, from 1.
        before: PNG as signed, base64; None where the page was not there.
        after: PNG as it is now, differences marked, base64; None where the page is gone.
    """

    number: int
    before: str | None
    after: str | None


def compare_pages(
    data: bytes, signed_length: int, *, password: str | None = None, timeout_s: float = 60.0
) -> tuple[PagePair, ...] | None:
    """Show the pages that look different from what was signed.

    Args:
        data: The file as it is.
        signed_length: Length of the signed revision.
        password: For encrypted files.
        timeout_s: Time limit.

    Returns:
        The pages that differ, at most `MAX_SHOWN`; None where they cannot be drawn.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, data, signed_length, password), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(timeout_s):
            return None
        pairs: tuple[PagePair, ...] | None = ours.recv()
    except (EOFError, OSError):
        return None
    else:
        return pairs
    finally:
        ours.close()
        process.kill()
        process.join()


def _serve(connection: Connection, data: bytes, signed_length: int, password: str | None) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        connection.send(contained(draw_pairs)(data, signed_length, password))
    except Exception:
        connection.send(None)


def draw_pairs(data: bytes, signed_length: int, password: str | None = None) -> tuple[PagePair, ...]:
    """Draw the pages of both states and keep those that differ."""
    import pypdfium2  # noqa: PLC0415 - only in the process that draws

    before = pypdfium2.PdfDocument(data[:signed_length], password=password)
    after = pypdfium2.PdfDocument(data, password=password)
    try:
        for document in (before, after):
            document.init_forms()
        return tuple(_differing(before, after))
    finally:
        before.close()
        after.close()


def _differing(before: object, after: object) -> Iterator[PagePair]:
    shown = 0
    for number in range(min(max(len(before), len(after)), MAX_PAGES)):  # type: ignore[arg-type]
        old, new = _image(before, number), _image(after, number)
        if old is not None and new is not None:
            marked = _mark(old, new)
            if marked is None:
                continue
            new = marked
        yield PagePair(number + 1, _png(old), _png(new))
        shown += 1
        if shown >= MAX_SHOWN:
            return


def _image(document: object, number: int) -> object | None:
    if number >= len(document):  # type: ignore[arg-type]
        return None
    page = document[number]  # type: ignore[index]
    width, height = page.get_size()
    scale = min(DOTS_PER_POINT, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    return page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")  # type: ignore[no-any-return]


def _mark(old: object, new: object) -> object | None:
    """Return the new page with red frames around what differs; None where nothing does."""
    from PIL import Image, ImageChops, ImageDraw, ImageFilter  # noqa: PLC0415 - only in the process that draws

    assert isinstance(old, Image.Image)
    assert isinstance(new, Image.Image)
    if old.size != new.size:
        return new
    difference = ImageChops.difference(old, new).convert("L").point(lambda value: 255 if value > 24 else 0)
    if difference.getbbox() is None:
        return None
    # Neighbouring differences grow together in a coarse picture.
    coarse = difference.filter(ImageFilter.MaxFilter(9)).resize(
        (max(1, old.width // _CELL), max(1, old.height // _CELL)), Image.Resampling.BOX
    )
    marked = new.copy()
    layer = Image.new("RGB", new.size, (255, 214, 214))
    mask = coarse.point(lambda value: 110 if value else 0).resize(new.size, Image.Resampling.NEAREST)
    marked.paste(Image.blend(new, layer, 0.45), (0, 0), mask.point(lambda value: 255 if value else 0))
    across, down = new.width / coarse.width, new.height / coarse.height
    for left, top, right, bottom in _regions(coarse.tobytes(), coarse.width):
        frame = (left * across, top * down, (right + 1) * across, (bottom + 1) * down)
        ImageDraw.Draw(marked).rectangle(frame, outline=_MARK, width=2)
    return marked


def _regions(cells: bytes, width: int) -> Iterator[tuple[int, int, int, int]]:
    """Return the boxes (left, top, right, bottom; inclusive) of set cells that touch each other."""
    left = {divmod(place, width) for place, cell in enumerate(cells) if cell}
    while left:
        pending, rows, columns = [left.pop()], set[int](), set[int]()
        while pending:
            row, column = pending.pop()
            rows.add(row)
            columns.add(column)
            around = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= around
            pending.extend(around)
        yield min(columns), min(rows), max(columns), max(rows)


def _png(image: object | None) -> str | None:
    if image is None:
        return None
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)  # type: ignore[attr-defined]
    return base64.b64encode(buffer.getvalue()).decode()
