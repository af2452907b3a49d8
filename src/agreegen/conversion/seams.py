"""Riding seam seals (骑缝章): a seal in slices along the right edge of all pages.

Laid one on the other, a little apart, the pages show the whole seal again; with a page of another document
among them they would not. The slices are drawn last on the unsigned file, whichever engine laid it out, so
that every signature covers them. Equal inputs give equal bytes.
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from agreegen.conversion.file_parts import file_ending, pdf_stream, table_entry
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.document import Document, SeamSeal
from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items, reference

OPENING = b"q"
"""Stands before a page's own content, so that whatever it leaves set does not reach the slices."""
INK_NAME, PICTURE_NAME = "SeamInk", "Seam%d"
"""Names of the page's resources; pictures are numbered from 1."""
INK = b"<</BM/Multiply>>"
"""As ink on paper, a slice hides nothing that stands under it."""
MAX_PIXELS = 4_000_000
MAX_RATIO = 2
"""Of a seal's longer side to the shorter one; oval ones have 3 : 2."""
OBJECTS_PER_PICTURE = 2
_POINTS_PER_UM = 72 / 25_400
_IMAGE = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/Interpolate false/ColorSpace/%b"


@dataclass(frozen=True, slots=True)
class SeamPicture:
    """The picture of a seal as it is stored: pixels from the top left, deflated.

    Attributes:
        width: Pixels across.
        height: Pixels down.
        colours: Three bytes a pixel, deflated.
        mask: One byte of opacity a pixel, deflated.
    """

    width: int
    height: int
    colours: bytes
    mask: bytes

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0 and self.width * self.height <= MAX_PIXELS):
            raise ValueError(f"a picture of {self.width} x {self.height} pixels")
        if max(self.width, self.height) > MAX_RATIO * min(self.width, self.height):
            raise ValueError("a picture that is too wide or too high for a seal")

    @property
    def sha256(self) -> str:
        """Lower-case hex SHA-256 of size and pixels, however they are packed.

        Raises:
            ValueError: The streams do not hold as many pixels.
        """
        return _digest(self)


@functools.lru_cache(maxsize=16)
def _digest(picture: SeamPicture) -> str:
    pixels = picture.width * picture.height
    digest = hashlib.sha256(b"%d %d\n" % (picture.width, picture.height))
    for packed, size in ((picture.colours, 3 * pixels), (picture.mask, pixels)):
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(packed, size + 1)
        except zlib.error as exc:
            raise ValueError(f"a picture that cannot be unpacked: {exc}") from exc
        if len(data) != size or not inflater.eof or inflater.unused_data:
            raise ValueError("a picture with more or fewer pixels than it says")
        digest.update(data)
    return digest.hexdigest()


def shown_size(seal: SeamSeal, picture: SeamPicture) -> tuple[float, float]:
    """Return width and height of the whole seal in points; pixels are square."""
    width = seal.width_um * _POINTS_PER_UM
    return width, width * picture.height / picture.width


def slices_content(
    seals: Sequence[tuple[SeamSeal, SeamPicture]], page: int, pages: int, size: tuple[float, float]
) -> bytes:
    """Return the content stream that draws one page's slices.

    The seals stand one below the other, at equal distances. The first page has the leftmost slices.

    Args:
        seals: The seals with their pictures, in the order of their roles.
        page: Number of the page from 0.
        pages: How many pages there are.
        size: Width and height of the page in points.
    """
    parts = [b"Q"]
    for number, (seal, picture) in enumerate(seals, 1):
        width, height = shown_size(seal, picture)
        part = width / pages
        left, bottom = size[0] - part, size[1] * (1 - number / (len(seals) + 1)) - height / 2
        clip = tuple(map(_number, (left, bottom, part, height)))
        place = tuple(map(_number, (width, height, left - page * part, bottom)))
        parts += [
            b"/Artifact BMC",
            b"q /%b gs %b %b %b %b re W n" % (INK_NAME.encode(), *clip),
            b"%b 0 0 %b %b %b cm /%b Do Q" % (*place, (PICTURE_NAME % number).encode()),
            b"EMC",
        ]
    return b"\n".join(parts)


def _number(value: float) -> bytes:
    return f"{value:.4f}".rstrip("0").rstrip(".").encode()


def draw_seams(pdf: bytes, document: Document, pictures: Sequence[SeamPicture]) -> bytes:
    """Draw the slices of a document's seams on its pages; a document of one page stays as it is.

    Args:
        pdf: The unsigned document, of one revision with a classic cross-reference table.
        document: What it carries.
        pictures: One for each of the document's seams, in their order.

    Raises:
        ConversionError: The file is not of this shape, or a page is turned or cropped.
    """
    seals = tuple(zip(document.seams, pictures, strict=True))
    if not seals:
        return pdf
    try:
        return _Drawing(PlainPdf.read(pdf)).draw(seals)
    except NotPlainError as exc:
        raise ConversionError(message("conversion.seams-pages-not-plain")) from exc


def count_plain_pages(pdf: bytes) -> int:
    """Return how many pages an unsigned document has.

    Raises:
        ConversionError: It is not of the shape that the engines write.
    """
    try:
        return len(_Drawing(PlainPdf.read(pdf)).pages)
    except NotPlainError as exc:
        raise ConversionError(message("conversion.seams-pages-not-plain")) from exc


def picture_numbers(unsigned: bytes, count: int) -> tuple[int, ...]:
    """Return the object numbers that pictures get in an unsigned file; none where it has one page.

    Raises:
        NotPlainError: The file is not plain.
    """
    plain = PlainPdf.read(unsigned)
    if len(_Drawing(plain).pages) < 2:
        return ()
    return tuple(plain.size + OBJECTS_PER_PICTURE * number for number in range(count))


class _Drawing:
    """One file that slices are drawn on.

    Attributes:
        pages: Object numbers of its pages.
    """

    def __init__(self, plain: PlainPdf) -> None:
        self._plain = plain
        self._root = reference(plain.trailer.get(b"/Root"))
        catalog, _ = plain.object(self._root)
        tree = plain.dictionary(catalog.get(b"/Pages"))
        self.pages = [reference(kid) for kid in items(tree.get(b"/Kids"))]
        self._made: dict[int, bytes] = {}

    def draw(self, seals: Sequence[tuple[SeamSeal, SeamPicture]]) -> bytes:
        """Return the file with the slices."""
        if len(self.pages) < 2:
            return self._plain.data
        first = self._plain.size
        for number, (_, picture) in enumerate(seals):
            self._add_picture(first + OBJECTS_PER_PICTURE * number, picture)
        opening = first + OBJECTS_PER_PICTURE * len(seals)
        self._made[opening] = pdf_stream(b"", OPENING)
        for index, page in enumerate(self.pages):
            content = opening + 1 + index
            entries, _ = self._plain.object(page)
            drawn = slices_content(seals, index, len(self.pages), _page_size(entries))
            self._made[content] = pdf_stream(b"", drawn)
            self._made[page] = self._with_slices(entries, first, len(seals), (opening, content))
        return self._written()

    def _add_picture(self, number: int, picture: SeamPicture) -> None:
        size = picture.width, picture.height
        packing = b"/Filter/FlateDecode"
        mask = b"/SMask %d 0 R" % (number + 1)
        self._made[number] = pdf_stream(_IMAGE % (*size, b"DeviceRGB") + mask + packing, picture.colours)
        self._made[number + 1] = pdf_stream(_IMAGE % (*size, b"DeviceGray") + packing, picture.mask)

    def _with_slices(self, page: Entries, first: int, count: int, around: tuple[int, int]) -> bytes:
        """Return a page with further resources, and with streams before and behind its own content."""
        pictures = {
            b"/" + (PICTURE_NAME % (number + 1)).encode(): b"%d 0 R" % (first + OBJECTS_PER_PICTURE * number)
            for number in range(count)
        }
        resources = self._plain.dictionary(page.get(b"/Resources"))
        further = {b"/XObject": pictures, b"/ExtGState": {b"/" + INK_NAME.encode(): INK}}
        for kind, added in further.items():
            own = self._plain.dictionary(resources[kind]) if kind in resources else {}
            if own.keys() & added.keys():
                raise NotPlainError
            resources[kind] = _spelled(own | added)
        content = page.get(b"/Contents", b"")
        streams = items(content) if content.startswith(b"[") else [content]
        opening, slices = (b"%d 0 R" % number for number in around)
        drawn = b"[" + b" ".join((opening, *streams, slices)) + b"]"
        return _spelled(page | {b"/Resources": _spelled(resources), b"/Contents": drawn})

    def _written(self) -> bytes:
        """Write all objects again, in their order and with the new ones behind, as one revision."""
        plain = self._plain
        offsets = {number: plain.offset(number) for number in range(1, plain.size)}
        order = sorted(offsets, key=offsets.__getitem__)
        ends = [*(offsets[number] for number in order[1:]), plain.xref_at]
        parts, places = [plain.data[: offsets[order[0]]]], dict[int, int]()
        position = len(parts[0])
        new = [number for number in sorted(self._made) if number not in offsets]
        for number, end in [*zip(order, ends, strict=True), *((number, 0) for number in new)]:
            if number in self._made:
                piece = b"%d 0 obj\n%b\nendobj\n" % (number, self._made[number])
            else:
                piece = plain.data[offsets[number] : end]
            places[number] = position
            parts.append(piece)
            position += len(piece)
        table = [table_entry(places[number]) for number in sorted(places)]
        identifier = items(plain.trailer.get(b"/ID"))[0].strip(b"<>")
        ids = self._root, reference(plain.trailer.get(b"/Info"))
        return b"".join((*parts, *file_ending(table, ids, identifier, position)))


def _page_size(page: Entries) -> tuple[float, float]:
    box = [float(edge) for edge in items(page.get(b"/MediaBox"))]
    if len(box) != 4 or box[:2] != [0, 0] or page.keys() & {b"/Rotate", b"/CropBox", b"/UserUnit"}:
        raise NotPlainError
    return box[2], box[3]


def _spelled(entries: Entries) -> bytes:
    return b"<<" + b" ".join(key + b" " + value for key, value in entries.items()) + b">>"
