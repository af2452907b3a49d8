"""Files that scanners and telephones write: PDF, TIFF, JPEG and PNG, read page by page.

Runs in a confined process: such files come from outside, and libraries that read them have failed before.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageOps

from agreegen.errors import InputError
from agreegen.messages import ForeignDetail, message
from agreegen.recording.scan_pdf import picture_stream

SUFFIXES = frozenset({".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png"})
_FORMATS = ("TIFF", "JPEG", "PNG")
_MOST_PIXELS = 150_000_000
"""An A4 sheet at 1,200 dpi has 139 million."""
_DRAWN_PIXELS = 40_000_000
_MOST_DPI, _LEAST_DPI, _VECTOR_DPI = 300.0, 72.0, 200.0
_MOST_PAGES = 20_000
_PT_PER_INCH = 72
_BIG_TIFF = 43
_TURNS = {
    1: Image.Transpose.ROTATE_270,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_90,
}


_UNREADABLE = (
    pypdfium2.PdfiumError,
    OSError,
    ValueError,
    SyntaxError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
)


class Source(Protocol):
    """An open input.

    Attributes:
        kind: `PDF`, `PNG`, `JPEG` or `TIFF`, by what it is; names say nothing.
        count: Number of its pages, those that do not open among them.
    """

    kind: str
    count: int

    def open_page(self, page: int) -> None:
        """Open a page, from 1, to see that it can be."""

    def grey(self, page: int) -> Image.Image:
        """Return a page as a grey picture, at most some 300 dpi."""

    def split(self, page: int, turns: int, dpi: float) -> bytes:
        """Return a page as a PDF of its own, turned so many quarters clockwise."""


def open_source(path: Path) -> Source:
    """Open an input by what it is, whatever its name.

    Raises:
        InputError: It is no picture and no PDF, is damaged, or has more pages or pixels than a scan has.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    try:
        return _PdfSource(path) if b"%PDF-" in head else _PictureSource(path)
    except _UNREADABLE as exc:
        raise InputError(
            message("recording.no-scan-can-read", name=path.name, detail=ForeignDetail(str(exc)))
        ) from exc


class _PdfSource:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._pdf = pypdfium2.PdfDocument(path)
        self._whole: pikepdf.Pdf | None = None
        self.kind, self.count = "PDF", len(self._pdf)
        _require_count(self.count)

    def open_page(self, page: int) -> None:
        self._pdf[page - 1].close()

    def grey(self, page: int) -> Image.Image:
        leaf = self._pdf[page - 1]
        try:
            width, height = leaf.get_size()
            scale = _resolution(leaf, width, height) / _PT_PER_INCH
            scale = min(scale, (_DRAWN_PIXELS / max(width * height, 1)) ** 0.5)
            # On a grey bitmap; the flag for grey colours (`grayscale`) takes three times as long.
            drawn = leaf.render(scale=scale, force_bitmap_format=pdfium_c.FPDFBitmap_Gray)
            picture: Image.Image = drawn.to_pil()
            return picture
        finally:
            leaf.close()

    def split(self, page: int, turns: int, dpi: float) -> bytes:  # noqa: ARG002 - a page of a PDF has its size
        if self._whole is None:
            self._whole = pikepdf.open(self._path)
        buffer = io.BytesIO()
        with pikepdf.new() as made:
            made.pages.append(self._whole.pages[page - 1])
            if turns:
                made.pages[0].rotate(90 * turns, relative=True)
            made.save(buffer, deterministic_id=True)
        return buffer.getvalue()


def _resolution(leaf: pypdfium2.PdfPage, width: float, height: float) -> float:
    """Return the dots per inch of the picture that fills most of a page; pages of text are drawn at 200."""
    best, share = _VECTOR_DPI, 0.3
    for item in leaf.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        covered = (right - left) * (top - bottom) / max(width * height, 1)
        if covered > share and right > left:
            across, down = item.get_px_size()
            share = covered
            best = max(across, down) / (max(right - left, top - bottom) / _PT_PER_INCH)
    return min(max(best, _LEAST_DPI), _MOST_DPI)


class _PictureSource:
    def __init__(self, path: Path) -> None:
        Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2  # twice that is refused
        self._path = path
        self._picture = Image.open(path, formats=_FORMATS)
        self.kind = str(self._picture.format)
        self.count = _count_frames(path) if self.kind == "TIFF" else 1
        _require_count(self.count)

    def open_page(self, page: int) -> None:
        self._picture.seek(page - 1)
        self._picture.load()

    def _frame(self, page: int) -> Image.Image:
        self.open_page(page)
        return ImageOps.exif_transpose(self._picture)

    def grey(self, page: int) -> Image.Image:
        return _flat(self._frame(page)).convert("L")

    def split(self, page: int, turns: int, dpi: float) -> bytes:
        picture = _flat(self._frame(page))
        if turns:
            picture = picture.transpose(_TURNS[turns])
        return picture_pdf(picture, dpi)


def _flat(picture: Image.Image) -> Image.Image:
    """Return a picture in black and white, grey or RGB, on white paper."""
    if picture.mode in {"1", "L", "RGB"}:
        return picture
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        return paper.convert("RGB")
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 256).convert("L")
    return picture.convert("RGB")


def picture_pdf(picture: Image.Image, dpi: float) -> bytes:
    """Return a PDF of one page that is filled by a picture.

    Args:
        picture: Mode 1, L or RGB.
        dpi: Pixels an inch of paper.
    """
    width, height = (side / dpi * _PT_PER_INCH for side in picture.size)
    buffer = io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(width, height))
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture_stream(pdf, picture)))
        page.obj.Contents = pdf.make_stream(f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Scan Do Q".encode())
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _count_frames(path: Path) -> int:
    """Count the pages of a TIFF by its directories (TIFF 6.0, section 2): an unreadable one counts, too.

    Raises:
        ValueError, struct.error: They do not end, or end too early.
    """
    with path.open("rb") as file:
        head = file.read(16)
        order = "<" if head[:2] == b"II" else ">"
        large = struct.unpack(order + "H", head[2:4])[0] == _BIG_TIFF
        (position,) = struct.unpack(order + "Q", head[8:]) if large else struct.unpack(order + "I", head[4:8])
        entries_form, next_form, entry_bytes = ("Q", "Q", 20) if large else ("H", "I", 12)
        count = 0
        while position:
            count += 1
            _require_count(count)
            file.seek(position)
            (entries,) = struct.unpack(order + entries_form, file.read(struct.calcsize(entries_form)))
            file.seek(entries * entry_bytes, os.SEEK_CUR)
            (position,) = struct.unpack(order + next_form, file.read(struct.calcsize(next_form)))
    return count


def _require_count(count: int) -> None:
    if not 1 <= count <= _MOST_PAGES:
        raise ValueError(f"{count} pages")


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the files that inputs name: files as they are, of folders every file of a known kind below.

    Raises:
        InputError: A path is not there, or a folder holds no scan.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not found:
                raise InputError(
                    message("recording.no-scans-folder", path=path),
                    hint=message("recording.scans-pdf-tiff-jpeg-or-png"),
                )
            files += found
        elif path.is_file():
            files.append(path)
        else:
            raise InputError(message("recording.scan-not-there", path=path))
    return list(dict.fromkeys(files))
