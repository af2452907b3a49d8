"""Numbers written again that differ by very little, where very little is everything.

A drawing may be made a million times smaller by one matrix and larger again within: then 0.000001 and
0.000006 are two sizes. And what moves by little from revision to revision goes a long way in many of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import pairwise

from tests.attacks.documents import content_number, page_number
from tests.attacks.increments import append, body_of, number_of, size_of, stream
from tests.attacks.signer import base_document, sign

Sample = Callable[[], bytes]
_FURTHER_PAGES = 31
"""So many that pictures are made only of pages that show an object which is taken for changed."""
_CLAUSE = b"BT /F1 12 Tf 72 640 Td (Clause 7 does not apply.) Tj ET"


def _prepared(matrix: bytes, scale: int) -> bytes:
    """Sign a document of many pages, one sentence of which is drawn by a form with a matrix of its own."""
    data = base_document()
    page, tree, free = page_number(data), number_of(data, b"/Type /Pages"), size_of(data)
    text = body_of(data, content_number(data))
    shown = text[text.index(b"stream") + 7 : text.rindex(b"endstream")].strip() + b" /Clause Do"
    font = b"/Font << /F1 %d 0 R >>" % number_of(data, b"/Helvetica")
    box = b"/BBox [0 0 %d %d]" % (595 * scale, 842 * scale)
    form = b"/Type /XObject /Subtype /Form %s /Resources << %s >> /Matrix [%s] " % (box, font, matrix)
    further = range(free + 1, free + 1 + _FURTHER_PAGES)
    kids = b" ".join(b"%d 0 R" % number for number in (page, *further))
    blank = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] >>" % tree
    resources = b"/Resources << /XObject << /Clause %d 0 R >> " % free
    objects = dict.fromkeys(further, blank) | {
        content_number(data): stream(shown),
        free: stream(b"%d 0 0 %d 0 0 cm " % (scale, scale) + _CLAUSE, form),
        tree: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (1 + _FURTHER_PAGES, kids),
        page: body_of(data, page).replace(b"/Resources <<", resources),
    }
    return sign(append(data, objects))


def _rewritten(*matrices: bytes, scale: int = 1) -> bytes:
    """Write the form again with each of the matrices but the first, which was signed."""
    data = _prepared(matrices[0], scale)
    number = number_of(data, b"/Matrix")
    for before, after in pairwise(matrices):
        body = body_of(data, number)
        assert before in body
        data = append(data, {number: body.replace(before, after)})
    return data


def _moving(steps: int) -> list[bytes]:
    return [b"1 0 0 1 %.4f 0" % (300 + 0.0017 * step) for step in range(steps)]


_TINY = b"0.000001 0 0 0.000001 0 0"
ATTACKS: dict[str, Sample] = {
    "sentence made six times larger": lambda: _rewritten(
        _TINY, b"0.000006 0 0 0.000006 0 0", scale=1_000_000
    ),
    "sentence made nothing": lambda: _rewritten(_TINY, b"0 0 0 0 0 0", scale=1_000_000),
    "sentence that moves by little": lambda: _rewritten(*_moving(40)),
    "digits that come": lambda: _rewritten(b"1 0 0 1 300 0", b"1 0 0 1 300.0017 0"),
}
HONEST: dict[str, Sample] = {
    "six digits of a longer number": functools.partial(
        _rewritten, b"1 0 0 1 300.123456 0.333333333", b"1 0 0 1 300.123 0.333333"
    ),
    "the same numbers": functools.partial(_rewritten, b"1.0 0 0 1 300.50 0", b"1 0.0 0 1 300.5 0"),
}
