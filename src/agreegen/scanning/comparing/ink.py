"""Ink on a scanned page: how dark it is against its own paper, and what of it was not printed by us."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agreegen.scanning.comparing.alignment import Ink

_BLOCK_PX = 32
_PAPER_PERCENTILE = 85
_BLACK_PERCENTILE = 70
_LEAST_CONTRAST = 0.25
_CELL_PX = 4
_MOST_CELLS = 30_000

Mask = NDArray[np.bool_]

Cell = tuple[float, float, int]
"""Middle of a cell of four pixels, as x and y, and the pixels of ink in it."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """Ink that hangs together.

    Attributes:
        left: Left edge of its bounding box in pixels; likewise the others.
        top: Upper edge.
        right: Right edge.
        bottom: Lower edge.
        area: Number of its pixels.
        ends: Its two ends along the longer side, as x and y.
        cells: The cells that it passes.
    """

    left: int
    top: int
    right: int
    bottom: int
    area: int
    ends: tuple[tuple[float, float], tuple[float, float]]
    cells: tuple[Cell, ...]

    @property
    def width(self) -> int:
        """Width of the bounding box."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height of the bounding box."""
        return self.bottom - self.top

    @property
    def length(self) -> float:
        """Diagonal of the bounding box."""
        return float(np.hypot(self.width, self.height))

    @property
    def thickness(self) -> float:
        """Pixels of ink a pixel of its length: the width of a straight line, more for a curled one."""
        return self.area / max(self.length, 1.0)


def ink_of(grey: NDArray[np.uint8], reference: Ink) -> Ink:
    """Return a page's ink: 0 for its paper, wherever a shadow lies, 1 for what is printed black.

    Args:
        grey: The page in the frame of the rendering.
        reference: Ink of the rendering; says where print must be.
    """
    paper = _paper(grey)
    dark: Ink = grey.astype(np.float32)
    dark /= np.maximum(paper, np.float32(1))
    np.subtract(np.float32(1), dark, out=dark)
    printed = dark[reference > 0.9]
    black = float(np.percentile(printed, _BLACK_PERCENTILE)) if printed.size else 1.0
    dark *= np.float32(1 / max(black, _LEAST_CONTRAST))
    return np.clip(dark, 0, 1, out=dark)


def _paper(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the brightness of the paper at each pixel: that of the brighter part of its surroundings."""
    height, width = grey.shape
    rows, columns = -(-height // _BLOCK_PX), -(-width // _BLOCK_PX)
    padded = np.pad(grey, ((0, rows * _BLOCK_PX - height), (0, columns * _BLOCK_PX - width)), mode="edge")
    thinned = padded[::2, ::2]  # every fourth pixel tells as much about the paper
    half = _BLOCK_PX // 2
    blocks = (
        thinned.reshape(rows, half, columns, half).transpose(0, 2, 1, 3).reshape(rows, columns, half * half)
    )
    rank = half * half * _PAPER_PERCENTILE // 100
    bright = np.partition(blocks, rank, axis=2)[:, :, rank].astype(np.float32)
    return _enlarged(_widest(bright), height, width)


def _widest(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let a block that is all ink take the paper of its neighbours."""
    padded = np.pad(blocks, 1, mode="edge")
    rows, columns = blocks.shape
    parts = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    widest: NDArray[np.float32] = np.sort(np.stack(parts), axis=0)[6]
    return np.maximum(blocks, widest)


def _enlarged(blocks: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Interpolate between the middles of the blocks."""
    covered = (0, 0, width / _BLOCK_PX, height / _BLOCK_PX)
    picture = Image.fromarray(blocks).resize((width, height), Image.Resampling.BILINEAR, box=covered)
    return np.asarray(picture)


def spread(mask: Mask, by: int) -> Mask:
    """Return a mask grown by so many pixels in every direction."""
    grown = mask.copy()
    for _ in range(by):
        step = grown.copy()
        step[1:] |= grown[:-1]
        step[:-1] |= grown[1:]
        wide = step.copy()
        wide[:, 1:] |= step[:, :-1]
        wide[:, :-1] |= step[:, 1:]
        grown = wide
    return grown


def strokes_of(mask: Mask) -> list[Stroke] | None:
    """Return the connected parts of a mask; gaps below a millimetre do not part them.

    None where so much is inked that its parts say nothing.
    """
    counts = _cell_counts(mask)
    ys, xs = np.nonzero(counts)
    if len(ys) > _MOST_CELLS:
        return None
    left = {(int(y), int(x)): int(counts[y, x]) for y, x in zip(ys, xs, strict=True)}
    strokes = []
    while left:
        start = next(iter(left))
        strokes.append(_stroke(list(_flood(start, left))))
    return strokes


def _cell_counts(mask: Mask) -> NDArray[np.uint8]:
    """Return how many pixels of each cell are set."""
    height, width = mask.shape
    padded = np.pad(mask.astype(np.uint8), ((0, -height % _CELL_PX), (0, -width % _CELL_PX)))
    # Sums of slices take a tenth of the time of a sum over the axes of cells.
    rows = functools.reduce(np.add, [padded[part::_CELL_PX] for part in range(_CELL_PX)])
    cells: NDArray[np.uint8] = functools.reduce(np.add, [rows[:, part::_CELL_PX] for part in range(_CELL_PX)])
    return cells


def _flood(start: tuple[int, int], left: dict[tuple[int, int], int]) -> Iterator[tuple[int, int, int]]:
    """Take all cells that hang together with one, with their pixels."""
    waiting = deque([(start, left.pop(start))])
    while waiting:
        (y, x), area = waiting.popleft()
        yield y, x, area
        for cell in ((y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            if cell in left:
                waiting.append((cell, left.pop(cell)))


def _stroke(cells: list[tuple[int, int, int]]) -> Stroke:
    ys, xs, areas = zip(*cells, strict=True)
    left, top, right, bottom = min(xs), min(ys), max(xs) + 1, max(ys) + 1
    along, across = (xs, ys) if right - left >= bottom - top else (ys, xs)
    ends = []
    for end in (min(along), max(along)):
        others = [b for a, b in zip(along, across, strict=True) if a == end]
        point = ((end + 0.5) * _CELL_PX, (sum(others) / len(others) + 0.5) * _CELL_PX)
        ends.append(point if along is xs else point[::-1])
    box = (left * _CELL_PX, top * _CELL_PX, right * _CELL_PX, bottom * _CELL_PX)
    middles = tuple(((x + 0.5) * _CELL_PX, (y + 0.5) * _CELL_PX, area) for y, x, area in cells)
    return Stroke(*box, sum(areas), (ends[0], ends[1]), middles)
