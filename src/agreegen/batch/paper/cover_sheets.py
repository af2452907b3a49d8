"""Cover sheets: the unit, its people, and boxes to tick when a sheet goes out and comes back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from agreegen.register.interface import Registration
from agreegen.scanning.copies.lettering import Lettering
from agreegen.scanning.copies.stamp import PT_PER_MM, inline_picture, person_label, short_id
from agreegen.scanning.marks import draw_sheet_mark
from agreegen.yaml_text import packaged_words

_WORDS = packaged_words("agreegen.batch.paper")
COLUMNS: tuple[str, ...] = tuple(_WORDS["columns"])
"""Headers of the list, on the sheet and in its workbook."""

_LEFT_PT, _RIGHT_PT = 60.0, 535.0
_PLACES_PT = (60.0, 100.0, 210.0, 360.0, 445.0, 495.0)
_TITLE_PT, _UNIT_PT, _TEXT_PT = 14.0, 22.0, 10.5
_TOP_PT, _UNDER_HEAD_PT, _BOTTOM_PT = 770.0, 650.0, 60.0
_ROW_PT, _BOX_PT = 18.0, 9.0
_QR_MM = 14.0
_ROWS = int((_UNDER_HEAD_PT - _BOTTOM_PT) / _ROW_PT) - 1


def sheet_texts(title: str, unit: str) -> Iterator[str]:
    """Yield what the sheets of a unit say besides the lines of its people."""
    yield from (title, unit, _WORDS["count"], "0123456789", *COLUMNS)


def draw_sheets(
    title: str, unit: str, people: Iterable[Registration], total: int, lettering: Lettering
) -> Iterator[bytes]:
    """Yield the content streams of a unit's sheets.

    Args:
        title: The form's title.
        unit: Name of the unit.
        people: Its people, in the order in which their documents follow.
        total: Their number.
        lettering: Has all characters.
    """
    count, stream = max(1, -(-total // _ROWS)), iter(people)
    for number in range(count):
        first = number * _ROWS
        head = _head(
            title, unit, _WORDS["count"].format(people=total, number=number + 1, count=count), lettering
        )
        rows = [
            _row(place, first + place + 1, person, lettering)
            for place, person in enumerate(itertools.islice(stream, _ROWS))
        ]
        yield b"\n".join([head, *rows])


def _head(title: str, unit: str, count: str, lettering: Lettering) -> bytes:
    width = _RIGHT_PT - _LEFT_PT - _QR_MM * PT_PER_MM - 12
    side = _QR_MM * PT_PER_MM
    code = inline_picture(draw_sheet_mark())
    parts = [
        b"q 0 g %.2f 0 0 %.2f %.2f %.2f cm\n%b\nQ"
        % (side, side, _RIGHT_PT - side, _TOP_PT - side + 12, code),
        _text(title, _TITLE_PT, _LEFT_PT, _TOP_PT, lettering),
        *(
            _text(line, _UNIT_PT, _LEFT_PT, _TOP_PT - 34 - 28 * place, lettering)
            for place, line in enumerate(_broken(unit, width, lettering))
        ),
        _text(count, _TEXT_PT, _LEFT_PT, _UNDER_HEAD_PT + 22, lettering),
        *(
            _text(header, _TEXT_PT, place, _UNDER_HEAD_PT, lettering)
            for place, header in zip(_PLACES_PT, COLUMNS, strict=True)
        ),
        b"0.6 w %.1f %.1f m %.1f %.1f l S" % (_LEFT_PT, _UNDER_HEAD_PT - 5, _RIGHT_PT, _UNDER_HEAD_PT - 5),
    ]
    return b"\n".join(parts)


def _row(place: int, number: int, person: Registration, lettering: Lettering) -> bytes:
    baseline = _UNDER_HEAD_PT - (place + 1) * _ROW_PT
    cells = (str(number), person_label(person), person.name, short_id(person.id))
    widths = [right - left - 6 for left, right in itertools.pairwise(_PLACES_PT[:5])]
    parts = [
        _text(lettering.fit(cell, _TEXT_PT, width), _TEXT_PT, left, baseline, lettering)
        for cell, width, left in zip(cells, widths, _PLACES_PT[:4], strict=True)
    ]
    parts += [
        b"0.7 w %.1f %.1f %.1f %.1f re S" % (left + 8, baseline - 1, _BOX_PT, _BOX_PT)
        for left in _PLACES_PT[4:]
    ]
    return b"\n".join(parts)


def _text(text: str, size: float, left: float, baseline: float, lettering: Lettering) -> bytes:
    return b"BT %.2f %.2f Td %b ET" % (left, baseline, lettering.set(text, size).operators)


def _broken(text: str, width: float, lettering: Lettering) -> list[str]:
    """Break a name into at most three lines that fit."""
    lines = [""]
    for character in text:
        if lettering.set(lines[-1] + character, _UNIT_PT).width > width:
            lines.append("")
        lines[-1] += character
    return [*lines[:2], lettering.fit("".join(lines[2:]), _UNIT_PT, width)] if len(lines) > 3 else lines
