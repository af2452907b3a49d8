"""Riding seam seals (骑缝章): held against what `agreegen.json` says, and against the seal of their role."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from agreegen.conversion.seams import (
    INK_NAME,
    OPENING,
    PICTURE_NAME,
    SeamPicture,
    draw_seams,
    picture_numbers,
    slices_content,
)
from agreegen.errors import AgreegenError
from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.model.form import Form, RoleKind
from agreegen.model.report import Alarm
from agreegen.pdf.document import View
from agreegen.pdf.encryption import open_view
from agreegen.pdf.fields import form_fields
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Ref, Stream, StructureError, Value
from agreegen.pdf.pages import numbers_of, page_numbers
from agreegen.pdf.plain import NotPlainError, PlainPdf
from agreegen.verification.interface import SEAM_DIFFERS

MOST_SEAMS = 4
LEAST_UM, MOST_UM = 10_000, 60_000
"""Width of a seal; state organs' are 42 mm to 50 mm (国发〔1999〕25号)."""
_PACKING = frozenset({"Filter", "DecodeParms", "Length"})
_IMAGE = frozenset({"Type", "Subtype", "Width", "Height", "BitsPerComponent", "ColorSpace", "Interpolate"})
_ALIEN = re.compile(rb"\d obj|endobj|startxref|%%EOF|trailer")
"""What could lead a reader astray that does not go by `/Length`: such a picture is left to the scan."""
_TURNED = frozenset({"Rotate", "CropBox", "UserUnit"})
_MAX_DEPTH = 4
_MAX_IMAGES = 16
_BROKEN = (AgreegenError, StructureError, ValueError, TypeError, KeyError)


def redraw_seams(unsigned: bytes, document: Document, data: bytes) -> bytes | None:
    """Draw a document's slices again, with the pictures that a file has where they would be written.

    Args:
        unsigned: The document without slices, as its engine makes it.
        document: What it carries.
        data: The file.

    Returns:
        The unsigned file as it has to be; None where a picture is not there, or is another one.
    """
    if not document.seams:
        return unsigned
    try:
        numbers = picture_numbers(unsigned, len(document.seams))
        plain = PlainPdf.read(data)
        pictures = [_plain_picture(plain, number) for number in numbers]
    except NotPlainError:
        return None
    if not numbers:
        return unsigned
    return draw_seams(unsigned, document, pictures) if _are_claimed(document, pictures) else None


def _plain_picture(plain: PlainPdf, number: int) -> SeamPicture:
    entries, _ = plain.object(number)
    sides = [entries.get(key, b"") for key in (b"/Width", b"/Height")]
    streams = [plain.raw_stream(b"%d 0 R" % one) for one in (number, number + 1)]
    if not all(side.isdigit() for side in sides) or not all(deflated for _, deflated in streams):
        raise NotPlainError
    if any(_ALIEN.search(raw) for raw, _ in streams):
        raise NotPlainError
    return SeamPicture(int(sides[0]), int(sides[1]), streams[0][0], streams[1][0])


def with_seams(
    unsigned: bytes, document: Document, first: bytes, limits: Limits, password: str | None = None
) -> bytes:
    """Draw a document's slices with the pictures that a file's pages use; without them, it stays bare.

    Args:
        unsigned: The document without slices, as its engine makes it.
        document: What it carries.
        first: The file up to its first signed revision.
        limits: What reading it may cost.
        password: Of an encrypted file.

    Raises:
        ConversionError: The slices cannot be drawn on such a file.
    """
    try:
        view = open_view(first, limits, password)
        pictures = _used_pictures(view, page_numbers(view)[0], len(document.seams))
    except (StructureError, TypeError, ValueError, IndexError):
        return unsigned
    return draw_seams(unsigned, document, pictures)


def check_seams(
    document: Document,
    form: Form | None,
    files: tuple[bytes, bytes],
    limits: Limits,
    *,
    proved: bool,
    password: str | None = None,
) -> Iterator[Alarm]:
    """Yield an alarm where slices are not those that the document says, or of another seal than its role's.

    1. The claim: seals of the form, each once, in their order, of a seal's size.
    2. The drawing, unless the file was made again: on each page what the named pictures give, and nothing
       of the kind where none is named.
    3. The seal: where the role has signed with a picture, the slices are of that picture. The slices of
       another's seal would say that it, too, stood over these pages.

    Args:
        document: What `agreegen.json` says.
        form: Its released form; None where that is not at hand.
        files: The file, and the file up to its first signed revision.
        limits: What reading them may cost.
        proved: Whether the file was made again.
        password: Of an encrypted file.
    """
    if proved and not document.seams:
        return
    try:
        problem = _claim_problem(document, form)
        if problem is None and not proved:
            problem = _drawing_problem(document, open_view(files[1], limits, password))
        if problem is None and document.seams:
            problem = _look_problem(document, open_view(files[0], limits, password))
    except _BROKEN:
        problem = message("verification.seam-cannot-be-read")
    if problem is not None:
        yield Alarm(SEAM_DIFFERS, message("verification.seam-differs", why=problem))


def _claim_problem(document: Document, form: Form | None) -> Message | None:
    seals = [] if form is None else [role.id for role in form.roles if role.kind is RoleKind.SEAL]
    claimed = [seal.role for seal in document.seams]
    if form is not None and claimed != [role for role in seals if role in claimed]:
        return message("verification.seam-not-of-form")
    if len(claimed) > MOST_SEAMS or not all(LEAST_UM <= s.width_um <= MOST_UM for s in document.seams):
        return message("verification.seam-size")
    return None


def _drawing_problem(document: Document, view: View) -> Message | None:
    pages = page_numbers(view)
    if not document.seams or len(pages) < 2:
        drawn = (index for index, page in enumerate(pages, 1) if _has_slices(view, page))
        index = next(drawn, None)
        return None if index is None else message("verification.seam-not-claimed", page=index)
    pictures = _used_pictures(view, pages[0], len(document.seams))
    if not _are_claimed(document, pictures):
        return message("verification.seam-picture-differs")
    for index, page in enumerate(pages):
        same = _shared_pictures(view, page, len(pictures)) == _shared_pictures(view, pages[0], len(pictures))
        if not same or not _shows_slices(view, page, document, pictures, (index, len(pages))):
            return message("verification.seam-not-drawn", page=index + 1)
    return None


def _are_claimed(document: Document, pictures: Sequence[SeamPicture]) -> bool:
    return [one.sha256 for one in pictures] == [seal.picture_sha256 for seal in document.seams]


def _resources(view: View, page: int, kind: str) -> dict[str, Value]:
    resources = view.dictionary(view.dictionary(Ref(page, 0)).get("Resources"))
    return view.dictionary(resources.get(kind))


def _has_slices(view: View, page: int) -> bool:
    named = _resources(view, page, "XObject").keys() | _resources(view, page, "ExtGState").keys()
    return INK_NAME in named or any(PICTURE_NAME % number in named for number in range(1, MOST_SEAMS + 1))


def _shared_pictures(view: View, page: int, count: int) -> list[Value]:
    named = _resources(view, page, "XObject")
    found = [named.get(PICTURE_NAME % number) for number in range(1, count + 1)]
    if not all(isinstance(one, Ref) for one in found) or PICTURE_NAME % (count + 1) in named:
        raise ValueError("a page without its pictures")
    return found


def _used_pictures(view: View, page: int, count: int) -> list[SeamPicture]:
    return [_picture(view, one) for one in _shared_pictures(view, page, count)]


def _shows_slices(
    view: View, page: int, document: Document, pictures: Sequence[SeamPicture], place: tuple[int, int]
) -> bool:
    """Tell whether a page draws its slices last, on top of nothing that its own content has set."""
    ink = view.dictionary(_resources(view, page, "ExtGState").get(INK_NAME))
    entries = view.dictionary(Ref(page, 0))
    box = numbers_of(entries.get("MediaBox"), view)
    streams = [view.resolve(one) for one in view.array(entries.get("Contents"))]
    if ink != {"BM": "Multiply"} or len(streams) < 3 or entries.keys() & _TURNED:
        return False
    if box is None or len(box) != 4 or box[:2] != [0, 0]:
        return False
    if not all(isinstance(one, Stream) for one in streams):
        return False
    opening, drawn = _expanded(view, streams[0]), _expanded(view, streams[-1])
    seals = list(zip(document.seams, pictures, strict=True))
    return (opening, drawn) == (OPENING, slices_content(seals, *place, (box[2], box[3])))


def _look_problem(document: Document, view: View) -> Message | None:
    claimed = {seal.role: seal for seal in document.seams}
    labels = {role.id: role for role in document.roles}
    for field in form_fields(view):
        seal = claimed.get(field.name)
        if seal is None or view.resolve(field.value.get("V")) is None:
            continue
        shown = {_digest(view, image) for widget in field.widgets for image in _images(view, widget)}
        if shown and shown != {seal.picture_sha256}:
            return message("verification.seam-of-other-seal", role=labels.get(field.name, field.name))
    return None


def _images(view: View, widget: Value) -> Iterator[Stream]:
    """Give the images that a widget's normal look draws, those in forms within it included."""
    looks = view.dictionary(view.dictionary(widget).get("AP"))
    pending: list[tuple[Value, int]] = [(looks["N"], 0)] if "N" in looks else []
    count = 0
    while pending:
        item, depth = pending.pop()
        thing = view.resolve(item)
        count += 1
        if not isinstance(thing, Stream) or depth > _MAX_DEPTH or count > _MAX_IMAGES:
            raise ValueError("a look that is no seal's")
        if thing.dictionary.get("Subtype") == "Image":
            yield thing
            continue
        inner = view.dictionary(view.dictionary(thing.dictionary.get("Resources")).get("XObject"))
        pending.extend((one, depth + 1) for one in inner.values())


def _digest(view: View, image: Stream) -> str | None:
    try:
        return _picture(view, image).sha256
    except (StructureError, TypeError, ValueError):
        return None


def _picture(view: View, value: Value) -> SeamPicture:
    """Read an image of our kind.

    Raises:
        TypeError: It is no image.
        ValueError: It is of another kind.
        StructureError: It cannot be unpacked.
    """
    width, height, colours = _pixels(view, value, "DeviceRGB", frozenset({"SMask"}))
    mask = view.resolve(value).dictionary.get("SMask")
    opacity = (width, height, b"\xff" * (width * height))
    if mask is not None:
        opacity = _pixels(view, mask, "DeviceGray", frozenset())
    if opacity[:2] != (width, height):
        raise ValueError("a mask of another size")
    return SeamPicture(width, height, zlib.compress(colours, 1), zlib.compress(opacity[2], 1))


def _pixels(view: View, value: Value, colours: str, further: frozenset[str]) -> tuple[int, int, bytes]:
    image = view.resolve(value)
    if not isinstance(image, Stream):
        raise TypeError("no image")
    entries: dict[str, Any] = {key: view.resolve(one) for key, one in image.dictionary.items()}
    wanted = ("Image", 8, colours)
    found = tuple(entries.get(key) for key in ("Subtype", "BitsPerComponent", "ColorSpace"))
    sides = entries.get("Width"), entries.get("Height")
    if found != wanted or entries.get("Interpolate") or entries.keys() - _IMAGE - _PACKING - further:
        raise ValueError("an image of another kind")
    if not all(type(side) is int for side in sides):
        raise ValueError("an image without a size")
    return sides[0], sides[1], _expanded(view, image)  # type: ignore[return-value]  # both are whole numbers


def _expanded(view: View, stream: Stream) -> bytes:
    return view.file.expand(view.resolved_filters(stream))
