"""The picture of a seal or of a handwritten signature on the page, at true size (ISO 32000-2, 12.5.5).

An appearance is a list of ready PDF objects that need only their numbers, made once for a picture and a size.
Nothing in it breaks PDF/A-3b (ISO 19005-3): colours are DeviceRGB under the document's output intent, and
there is no border.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf

from agreegen.errors import CredentialError
from agreegen.signing.picture_checks import pdfa_problem

_REFERENCE = re.compile(rb"@(\d+)@")
_MAX_PIXELS = 40_000_000
_DEFAULT_DPI = 300.0
_POINTS_PER_INCH = 72.0


@dataclass(frozen=True, slots=True)
class Appearance:
    """PDF objects that refer to each other by `@index@`; the first is the form XObject.

    Attributes:
        objects: Their bodies.
    """

    objects: tuple[bytes, ...]

    @property
    def count(self) -> int:
        """How many object numbers it takes."""
        return len(self.objects)

    def bodies(self, first: int) -> list[bytes]:
        """Return the bodies with real references, when the first object gets number `first`."""
        return [_number(body, first) for body in self.objects]


AppearanceMaker = Callable[[float, float], Appearance]
"""Makes an appearance for a field of this width and height in points."""


def _number(body: bytes, first: int) -> bytes:
    # Only the dictionary before a stream holds references; its data may hold anything.
    head, keyword, data = body.partition(b"\nstream\n")
    return _REFERENCE.sub(lambda match: b"%d 0 R" % (first + int(match[1])), head) + keyword + data


def stream_body(entries: bytes, data: bytes) -> bytes:
    """Return a stream object's body, deflated."""
    packed = zlib.compress(data, 9)
    return b"<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (entries, len(packed), packed)


def form_body(width: float, height: float, resources: bytes, content: bytes) -> bytes:
    """Return the body of a form XObject with a bounding box from the origin (ISO 32000-2, 8.10.2)."""
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 %s %s] /Resources << %s >>"
    return stream_body(entries % (number(width), number(height), resources), content)


def number(value: float) -> bytes:
    """Write a number as PDF does: no exponent, at most four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".").encode() or b"0"


def picture(image: Path) -> AppearanceMaker:
    """Return the maker for a PNG or a one-page PDF, centred at true size, made smaller where it does not fit.

    Raises:
        CredentialError: The picture cannot be read.
    """
    try:
        stamp = image.stat()
    except OSError as exc:
        raise CredentialError(f"the picture {image} cannot be read: {exc.strerror}") from None
    return functools.partial(_picture, str(image), stamp.st_mtime_ns)


def _cause(exc: Exception) -> str:
    from PIL import UnidentifiedImageError  # noqa: PLC0415 - with the pictures only

    # Pillow's own sentence names the object in memory that it could not read.
    return "it is neither" if isinstance(exc, UnidentifiedImageError) else str(exc)


@functools.lru_cache(maxsize=64)
def _picture(name: str, _version: int, width: float, height: float) -> Appearance:
    path = Path(name)
    data = path.read_bytes()
    try:
        if data.startswith(b"%PDF-"):
            own_width, own_height, objects = _from_pdf(data)
        else:
            own_width, own_height, objects = _from_image(data)
    except (OSError, ValueError, KeyError, TypeError, SyntaxError, pikepdf.PdfError) as exc:
        raise CredentialError(
            f"the picture {path} cannot be used ({_cause(exc)})", hint="a PNG or a one-page PDF is expected"
        ) from exc
    scale = min(1.0, width / own_width, height / own_height)
    shown_width, shown_height = own_width * scale, own_height * scale
    left, bottom = (width - shown_width) / 2, (height - shown_height) / 2
    # Multiply keeps the text under a seal readable, as ink does on paper.
    content = b"q /Ink gs %s 0 0 %s %s %s cm /Picture Do Q" % tuple(
        map(number, (*_matrix(data, shown_width, shown_height, scale), left, bottom))
    )
    resources = b"/ExtGState << /Ink << /BM /Multiply >> >> /XObject << /Picture @1@ >>"
    return Appearance((form_body(width, height, resources, content), *objects))


def _matrix(data: bytes, width: float, height: float, scale: float) -> tuple[float, float]:
    # An image fills the unit square; a form XObject has its own size.
    return (scale, scale) if data.startswith(b"%PDF-") else (width, height)


def _from_image(data: bytes) -> tuple[float, float, Sequence[bytes]]:
    from PIL import Image  # noqa: PLC0415 - verification reads this module and makes no pictures

    with Image.open(BytesIO(data)) as image:
        if image.width * image.height > _MAX_PIXELS:
            raise ValueError("too many pixels")
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
            raise ValueError("it has more than one page")
        form = source.pages[0].as_form_xobject()
        problem = pdfa_problem(form)
        if problem is not None:
            raise ValueError(f"{problem}, which breaks PDF/A")
        left, bottom, right, top = (float(edge) for edge in form["/BBox"])
        # The page's own origin becomes the origin of the field.
        form["/Matrix"] = pikepdf.Array([1, 0, 0, 1, -left, -bottom])
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
