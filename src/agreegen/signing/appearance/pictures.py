"""The picture of a seal or of a handwritten signature on the page, at true size (ISO 32000-2, 12.5.5).

An appearance is a list of ready PDF objects that need only their numbers, made once for a picture and a size.
Nothing in it breaks PDF/A-3b (ISO 19005-3): colours are DeviceRGB under the document's output intent, and
there is no border.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agreegen.errors import CredentialError
from agreegen.foreign.confinement import ConfinedError, shared
from agreegen.foreign.limits import Limits
from agreegen.messages import message
from agreegen.pdf.pictures.sources import PictureSource, read_picture
from agreegen.pdf.pictures.streams import stream_body

_REFERENCE = re.compile(rb"@(\d+)@")


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


INK = b"/ExtGState << /Ink << /BM /Multiply >> >>"
"""The resource `/Ink`, with which a look hides nothing that stands under it, as ink does on paper."""

AppearanceMaker = Callable[[float, float], Appearance]
"""Makes an appearance for a field of this width and height in points."""


def _number(body: bytes, first: int) -> bytes:
    # Only the dictionary before a stream holds references; its data may hold anything.
    head, keyword, data = body.partition(b"\nstream\n")
    return _REFERENCE.sub(lambda match: b"%d 0 R" % (first + int(match[1])), head) + keyword + data


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
        raise CredentialError(message("signing.picture-cannot-read", image=image, exc=exc)) from None
    return functools.partial(_place, str(image), stamp.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _place(name: str, version: int, width: float, height: float) -> Appearance:
    source = read_source(name, version)
    scale = min(1.0, width / source.width, height / source.height)
    shown_width, shown_height = source.width * scale, source.height * scale
    left, bottom = (width - shown_width) / 2, (height - shown_height) / 2
    # An image fills the unit square; a form XObject has its own size.
    across, up = (shown_width, shown_height) if source.is_image else (scale, scale)
    content = b"q /Ink gs %s 0 0 %s %s %s cm /Picture Do Q" % tuple(map(number, (across, up, left, bottom)))
    resources = INK + b" /XObject << /Picture @1@ >>"
    return Appearance((form_body(width, height, resources, content), *source.objects))


@functools.lru_cache(maxsize=16)
def read_source(name: str, _version: int) -> PictureSource:
    """Read a picture in a confined process, once for each name and time of change.

    Raises:
        CredentialError: It cannot be used.
    """
    path = Path(name)
    try:
        return shared(Limits()).call(read_picture, path)
    except ConfinedError as exc:
        raise CredentialError(
            message("signing.picture-cannot-used-2", path=path, exc=exc),
            hint=message("signing.png-or-one-page-pdf-expected"),
        ) from exc
