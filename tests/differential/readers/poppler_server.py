"""Draws the pages of files with poppler; run by the system's Python, which has its bindings.

Each line on standard input names a file; the answer is `pages` with the size of each, or `refused:` and why.
The pictures are written, on screen and in print in turn, into one file of the folder given.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cairo  # type: ignore[import-not-found]  # the system's Python has it
import gi  # type: ignore[import-not-found]  # the system's Python has it

gi.require_version("Poppler", "0.18")
from gi.repository import GLib, Poppler  # type: ignore[import-not-found]  # noqa: E402 - asked for above

_MAX_PAGES = 8
_MAX_PIXELS = 4000


def _draw(page: Any, scale: float, *, printed: bool) -> tuple[str, bytes]:
    width, height = (max(1, min(_MAX_PIXELS, round(side * scale))) for side in page.get_size())
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, width, height)
    context = cairo.Context(surface)
    context.set_source_rgb(1, 1, 1)
    context.paint()
    context.scale(scale, scale)
    (page.render_for_printing if printed else page.render)(context)
    surface.flush()
    return f"{width}x{height}", bytes(surface.get_data())


def main() -> None:
    """Answer line after line."""
    folder, scale = Path(sys.argv[1]), float(sys.argv[2])
    for line in sys.stdin:
        try:
            data = Path(line.strip()).read_bytes()
            document = Poppler.Document.new_from_bytes(GLib.Bytes.new(data), None)
            sizes, pictures = [], b""
            for number in range(min(document.get_n_pages(), _MAX_PAGES)):
                page = document.get_page(number)
                size, screen = _draw(page, scale, printed=False)
                sizes.append(size)
                pictures += screen + _draw(page, scale, printed=True)[1]
            (folder / "pictures").write_bytes(pictures)
            answer = " ".join(["pages", *sizes])
        except (GLib.Error, AttributeError, OSError) as problem:
            answer = f"refused: {' '.join(str(problem).split())}"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
