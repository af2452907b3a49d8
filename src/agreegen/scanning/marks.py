"""The mark on a printed page: a DataMatrix that names document, page and number of pages.

Its error correction (ECC 200, ISO/IEC 16022) and the register decide whether it was read right: an id that
the register does not know is no mark of ours, whatever it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Grey values by row and column: 0 is black, 255 is white."""

Points = NDArray[np.float64]
"""Places as rows of x and y."""

SIDE_MM = 12.0
"""Side of a mark, measured on paper; smaller ones fail at 150 dpi (docs/scans.md)."""

MARKS_PER_PAGE = 2
"""In opposite corners: where one is torn off, covered or glued over, a person looks at the page."""

_TEXT = re.compile(r"AG1/([0-9a-f]{32})/([1-9][0-9]{0,3})/([1-9][0-9]{0,3})\Z")
_SHEET_TEXT = "AG1/sheet"
_CORNER_SHARE = 0.3
"""How far into the page a corner is looked at first: reading a whole page takes several times as long."""
_SMALL_SIDE_PX = 1000
_DATA_MATRIX = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix])
_QR_CODE = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_OWN_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')


@dataclass(frozen=True, slots=True)
class MarkText:
    """What a mark says.

    Attributes:
        document_id: 32 lower-case hex digits.
        page: Number of the page in its document, from 1.
        pages: Number of pages of the document.
    """

    document_id: str
    page: int
    pages: int

    def __post_init__(self) -> None:
        if not 1 <= self.page <= self.pages or not _TEXT.match(str(self)):
            raise ValueError(f"no mark can say {self}")

    def __str__(self) -> str:
        return f"AG1/{self.document_id}/{self.page}/{self.pages}"

    @classmethod
    def parse(cls, text: str) -> MarkText | None:
        """Read the text of a mark; None where it is none of ours."""
        found = _TEXT.match(text)
        if found is None or int(found[2]) > int(found[3]):
            return None
        return cls(found[1], int(found[2]), int(found[3]))


@dataclass(frozen=True, slots=True)
class FoundMark:
    """A code found in a picture.

    Attributes:
        text: What it says; None for a code that is not of ours.
        corners: Its four corners in pixels, from its own upper left one clockwise.
    """

    text: MarkText | None
    corners: Points


def draw_mark(text: str) -> NDArray[np.bool_]:
    """Return the modules of a square DataMatrix, true where it is black, without quiet zone."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    return _modules(code)


def draw_sheet_mark() -> NDArray[np.bool_]:
    """Return the modules of a cover sheet's QR code: it tells sheets from pages without marks."""
    return _modules(zxingcpp.create_barcode(_SHEET_TEXT, zxingcpp.BarcodeFormat.QRCode))


def find_marks(picture: Picture) -> tuple[FoundMark, ...]:
    """Find the marks of a page, whichever way up it lies.

    The four corners are looked at first, then the whole page, then the page with its noise smoothed away.
    """
    found = _corner_marks(picture)
    if len(found) < 2:
        found = _merged(found, _read(picture))
    if len(found) < 2 and min(picture.shape) > _SMALL_SIDE_PX:
        found = _merged(found, _halved(picture))
    return tuple(found)


def is_sheet(picture: Picture) -> bool:
    """Say whether a page without marks is one of our cover sheets."""
    codes = zxingcpp.read_barcodes(picture, formats=_QR_CODE, try_invert=False)
    return any(code.text == _SHEET_TEXT for code in codes)


def has_half_mark(picture: Picture) -> bool:
    """Say whether a page without a readable mark carries something that begins like one."""
    codes = zxingcpp.read_barcodes(picture, formats=_DATA_MATRIX, try_invert=False, return_errors=True)
    return bool(codes)


def qr_code_svg(text: str) -> str:
    """Draw a text as a QR code, as an SVG element."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    svg: str = code.to_svg(scale=4, add_quiet_zones=True)
    # Its own size in pixels would be cut off, not made smaller, where a page gives it another size.
    return _OWN_SIZE.sub(r'viewBox="0 0 \1 \2"', svg[svg.index("<svg") :], count=1)


def _modules(code: zxingcpp.Barcode) -> NDArray[np.bool_]:
    return np.array(code.to_image(scale=1, add_quiet_zones=False)) < 128


def _corner_marks(picture: Picture) -> list[FoundMark]:
    height, width = picture.shape
    side = round(max(height, width) * _CORNER_SHARE)
    found: list[FoundMark] = []
    for top in (0, max(0, height - side)):
        for left in (0, max(0, width - side)):
            part = np.ascontiguousarray(picture[top : top + side, left : left + side])
            found = _merged(found, _read(part, thorough=False), left=left, top=top)
    return found


def _halved(picture: Picture) -> list[FoundMark]:
    height, width = (size // 2 * 2 for size in picture.shape)
    even = picture[:height, :width].astype(np.uint16)
    mean = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) // 4
    return [FoundMark(mark.text, mark.corners * 2.0) for mark in _read(mean.astype(np.uint8))]


def _read(picture: Picture, *, thorough: bool = True) -> list[FoundMark]:
    codes = zxingcpp.read_barcodes(
        picture,
        formats=_DATA_MATRIX,
        try_invert=False,
        try_downscale=thorough,
    )
    return [FoundMark(MarkText.parse(code.text), _corners(code.position)) for code in codes]


def _corners(position: zxingcpp.Position) -> Points:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    # A position names pixels; the far edges of a symbol lie behind its last ones.
    return np.array([(point.x + 0.5, point.y + 0.5) for point in corners], dtype=np.float64)


def _merged(known: list[FoundMark], more: list[FoundMark], *, left: int = 0, top: int = 0) -> list[FoundMark]:
    """Add marks at places where none is known yet."""
    merged = list(known)
    for mark in more:
        corners = mark.corners + np.array([left, top], dtype=np.float64)
        centre, size = corners.mean(axis=0), float(np.ptp(corners))
        if all(float(np.linalg.norm(old.corners.mean(axis=0) - centre)) > size / 2 for old in merged):
            merged.append(FoundMark(mark.text, corners))
    return merged
