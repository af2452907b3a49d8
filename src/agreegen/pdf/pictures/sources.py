"""Reading the picture of a seal into PDF objects; runs in a confined process, since a picture may be hostile.

A PNG of kilobytes may unpack to gigabytes, and the libraries that decode pictures are written in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf

from agreegen.errors import CredentialError, SpokenValueError
from agreegen.files import read_limited
from agreegen.messages import Message, foreign_text, message
from agreegen.pdf.pictures.pdfa import pdfa_problem
from agreegen.pdf.pictures.streams import stream_body

_MAX_FILE_BYTES = 32 << 20
_MAX_PIXELS = 20_000_000
_DEFAULT_DPI = 300.0
_POINTS_PER_INCH = 72.0
_FORMATS = ("PNG", "JPEG")
"""Other formats bring decoders that nobody needs; for EPS, a library would even start another program."""


@dataclass(frozen=True, slots=True)
class PictureSource:
    """A picture as PDF objects, for any size of field.

    Attributes:
        width: Its own width in points.
        height: Its own height in points.
        objects: Bodies with references `@index@`, the picture itself being 1.
        is_image: Whether that is an image, else a form XObject.
    """

    width: float
    height: float
    objects: tuple[bytes, ...]
    is_image: bool


def read_picture(path: Path) -> PictureSource:
    """Read a PNG, a JPEG or a one-page PDF.

    Raises:
        CredentialError: It is none of these, too large, or must not stand in a PDF/A document.
    """
    try:
        data = read_limited(path, _MAX_FILE_BYTES)
        own = _from_pdf(data) if data.startswith(b"%PDF-") else _from_image(data)
    except MemoryError:
        raise
    except Exception as exc:  # whatever a decoder raises: all mean the same to the user
        raise CredentialError(
            message("signing.picture-cannot-used", path=path, exc=_cause(exc)),
            hint=message("signing.png-or-one-page-pdf-expected"),
        ) from None
    width, height, objects = own
    return PictureSource(width, height, tuple(objects), not data.startswith(b"%PDF-"))


def _cause(exc: Exception) -> Message:
    from PIL import UnidentifiedImageError  # noqa: PLC0415 - with the pictures only

    # Pillow's own sentence names the object in memory that it could not read.
    return message("signing.neither") if isinstance(exc, UnidentifiedImageError) else foreign_text(exc)


def _from_image(data: bytes) -> tuple[float, float, Sequence[bytes]]:
    from PIL import Image  # noqa: PLC0415 - takes long to load, and PDFs do not need it

    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > _MAX_PIXELS:
            raise SpokenValueError(message("pdf.picture-too-many-pixels"))
        across, down = image.info.get("dpi", (_DEFAULT_DPI, _DEFAULT_DPI))
        pixels = image.convert("RGBA")
    width, height = pixels.size
    size = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8" % (width, height)
    colours = stream_body(
        size + b" /ColorSpace /DeviceRGB /Interpolate false /SMask @2@", pixels.convert("RGB").tobytes()
    )
    mask = stream_body(
        size + b" /ColorSpace /DeviceGray /Interpolate false", pixels.getchannel("A").tobytes()
    )
    return (
        width / max(float(across), 1.0) * _POINTS_PER_INCH,
        height / max(float(down), 1.0) * _POINTS_PER_INCH,
        (colours, mask),
    )


def _from_pdf(data: bytes) -> tuple[float, float, Sequence[bytes]]:
    with pikepdf.open(BytesIO(data)) as source:
        if len(source.pages) != 1:
            raise SpokenValueError(message("pdf.picture-more-than-one-page"))
        form = source.pages[0].as_form_xobject()
        problem = pdfa_problem(form)
        if problem is not None:
            raise SpokenValueError(message("pdf.picture-breaks-pdfa", problem=problem))
        left, bottom, right, top = (float(edge) for edge in form["/BBox"])
        # The page's own origin becomes the origin of the field.
        form["/Matrix"] = pikepdf.Array([1, 0, 0, 1, -left, -bottom])
        # As a group of its own it is laid on the page as one sheet of ink, however it mixes colours itself.
        form["/Group"] = pikepdf.Dictionary(Type=pikepdf.Name.Group, S=pikepdf.Name.Transparency, I=True)
        copier = _Copier()
        copier.copy(form)
        return right - left, top - bottom, copier.bodies


class _Copier:
    """Writes an object and all that it refers to with references `@index@`, the first one being 1."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._numbers: dict[tuple[int, int], int] = {}

    def copy(self, thing: pikepdf.Object) -> int:
        """Write an object once and return its index."""
        identity = thing.objgen
        if identity != (0, 0) and identity in self._numbers:
            return self._numbers[identity]
        index = len(self.bodies) + 1
        self._numbers[identity] = index
        self.bodies.append(b"")
        if isinstance(thing, pikepdf.Stream):
            raw = thing.read_raw_bytes()
            entries = b" ".join(
                key.encode() + b" " + self._write(value)
                for key, value in thing.stream_dict.items()
                if key != "/Length"
            )
            body = b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(raw), raw)
        else:
            body = self._write_direct(thing)
        self.bodies[index - 1] = body
        return index

    def _write(self, value: object) -> bytes:
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            return b"@%d@" % self.copy(value)
        return self._write_direct(value)

    def _write_direct(self, value: object) -> bytes:
        if isinstance(value, pikepdf.Dictionary):
            # A page among the resources would bring the whole seal file along.
            items = [
                (key, item) for key, item in value.items() if key not in ("/Parent", "/P", "/StructParents")
            ]
            return b"<< " + b" ".join(k.encode() + b" " + self._write(v) for k, v in items) + b" >>"
        if isinstance(value, pikepdf.Array):
            return b"[" + b" ".join(self._write(item) for item in value) + b"]"
        if isinstance(value, pikepdf.Object):
            return bytes(value.unparse())
        if value is None or isinstance(value, bool):
            return {None: b"null", True: b"true", False: b"false"}[value]
        return str(value).encode()  # pikepdf gives numbers as int and Decimal
