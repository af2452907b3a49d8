"""A signature drawn by hand: what came from the pad, whether it is one, its file, and its picture.

Strokes say more of a person than a picture does, so only their hash goes into the document. They are never
called biometric: a mouse has one pressure throughout, and nobody compares them with others.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from typing import Any

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.model.document import canonical_json

MOST_STROKES, MOST_POINTS = 200, 12_000
_LEAST_SIDE, _MOST_SIDE = 600, 60_000
_MOST_PRESSURE, _MOST_MS = 1000, 3_600_000
_LEAST_POINTS = 8
_LEAST_SPAN, _LEAST_LENGTH = 0.10, 0.20
"""Of the pad's width: how far a drawing reaches from corner to corner, and how long its lines are."""
_PICTURE_WIDTH, _PICTURE_HEIGHT = 170.0, 71.0
"""Points: 60 mm by 25 mm, made smaller where the field is."""
_PEN = (0.8, 2.0)
"""Width of the line at no and at full pressure, in points."""
_MARGIN = 2.0

Point = tuple[int, int, int, int]
"""x and y in tenths of a pixel from the top left, pressure of 1000, milliseconds since the first point."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What was drawn on the pad.

    Attributes:
        width: Width of the pad in tenths of a pixel.
        height: Its height.
        strokes: Each from touching the pad to leaving it.
    """

    width: int
    height: int
    strokes: tuple[tuple[Point, ...], ...]

    @classmethod
    def from_json(cls, text: str) -> Drawing:
        """Read what the page sent.

        Raises:
            InputError: It is something else, or no drawing that could be a signature.
        """
        try:
            data = json.loads(text)
            strokes = tuple(tuple(_point(point) for point in stroke) for stroke in data["strokes"])
            drawing = cls(_whole(data["width"]), _whole(data["height"]), strokes)
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise InputError(
                message("device.drawing-unreadable"), hint=message("device.drawing.hint")
            ) from exc
        drawing._require_bounds()
        drawing._require_signature()
        return drawing

    def _require_bounds(self) -> None:
        points = list(itertools.chain.from_iterable(self.strokes))
        sides = all(_LEAST_SIDE <= side <= _MOST_SIDE for side in (self.width, self.height))
        few = len(self.strokes) <= MOST_STROKES and len(points) <= MOST_POINTS
        inside = all(
            0 <= x <= self.width and 0 <= y <= self.height and 0 <= pressure <= _MOST_PRESSURE
            for x, y, pressure, _ in points
        )
        times = [point[3] for point in points]
        ordered = times == sorted(times) and all(0 <= time <= _MOST_MS for time in times)
        if not (sides and few and inside and ordered and all(self.strokes)):
            raise InputError(message("device.drawing-off-pad"), hint=message("device.drawing.hint"))

    def _require_signature(self) -> None:
        """Refuse an empty pad, dots, and a touch in passing."""
        points = {(x, y) for x, y, _, _ in itertools.chain.from_iterable(self.strokes)} or {(0, 0)}
        columns, rows = zip(*points, strict=True)
        span = math.hypot(max(columns) - min(columns), max(rows) - min(rows))
        length = sum(math.dist(a[:2], b[:2]) for s in self.strokes for a, b in itertools.pairwise(s))
        enough = span >= _LEAST_SPAN * self.width and length >= _LEAST_LENGTH * self.width
        if len(points) < _LEAST_POINTS or not enough:
            raise InputError(message("device.no-signature"), hint=message("device.no-signature.hint"))

    def to_file(self, *, document_sha256: str, occasion: str) -> bytes:
        """Return the file of strokes, bound to one document and one occasion of signing.

        Args:
            document_sha256: SHA-256 of the file before the signature.
            occasion: What tells this act of signing from any other.
        """
        data: dict[str, Any] = {
            "document_sha256": document_sha256,
            "occasion": occasion,
            "height": self.height,
            "width": self.width,
            "strokes": [[list(point) for point in stroke] for stroke in self.strokes],
        }
        return canonical_json(data)

    def shape(self) -> bytes:
        """Return the strokes alone: the same ones twice are a copy, since no hand draws so."""
        return canonical_json([[list(point) for point in stroke] for stroke in self.strokes])

    def to_pdf(self) -> bytes:
        """Return the picture as a one-page PDF of lines, as wide as the pressure was."""
        points = [point for stroke in self.strokes for point in stroke]
        left, top = min(p[0] for p in points), min(p[1] for p in points)
        wide, high = max(p[0] for p in points) - left, max(p[1] for p in points) - top
        scale = min(_PICTURE_WIDTH / max(wide, 1), _PICTURE_HEIGHT / max(high, 1))
        width, height = wide * scale + 2 * _MARGIN, high * scale + 2 * _MARGIN

        def place(point: Point) -> str:
            across = (point[0] - left) * scale + _MARGIN
            return f"{across:.2f} {height - _MARGIN - (point[1] - top) * scale:.2f}"

        lines = ["1 J 1 j 0 0 0.25 RG"]
        for stroke in self.strokes:
            for a, b in itertools.pairwise(stroke if len(stroke) > 1 else (*stroke, *stroke)):
                pen = _PEN[0] + (_PEN[1] - _PEN[0]) * (a[2] + b[2]) / (2 * _MOST_PRESSURE)
                lines.append(f"{pen:.2f} w {place(a)} m {place(b)} l S")
        return _one_page(width, height, "\n".join(lines).encode())


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number is expected")
    return value


def _point(value: object) -> Point:
    if not isinstance(value, list) or len(value) != 4:
        raise TypeError("x, y, pressure and time are expected")
    x, y, pressure, time = map(_whole, value)
    return x, y, pressure, time


def _one_page(width: float, height: float, content: bytes) -> bytes:
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Resources << >> /Contents 4 0 R >>"
        % (width, height),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    )
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    return data + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer
