"""Trees that say where the words of a page belong, in which readers find different answers.

Some read a whole tree, others look for a key by halves, as order and limits tell them (ISO 32000-1, 7.9.7).
"""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.increments import append, body_of, number_of, size_of
from tests.attacks.prepared import tagged
from tests.attacks.signer import base_document, sign

Sample = Callable[[], bytes]


def _prepared() -> bytes:
    """Sign a page with two elements, one of which says something else, and names for both."""
    data = tagged(base_document())
    root, free = number_of(data, b"/Type /StructTreeRoot"), size_of(data)
    element = body_of(data, number_of(data, b"/ActualText (kept)"))
    other = element.replace(b"(kept)", b"(I sell the data.)").replace(b"/K 0", b"/K 1")
    names = b"<< /Names [ (a) %d 0 R (b) %d 0 R ] >>" % (number_of(data, b"/ActualText (kept)"), free)
    held = body_of(data, root).replace(b"/K [", b"/IDTree %d 0 R /K [ " % (free + 1))
    kids = held.replace(b"0 R ] /ParentTree", b"0 R %d 0 R ] /ParentTree" % free)
    assert kids != held
    return sign(append(data, {root: kids, free: other, free + 1: names}))


def _parents(tree: bytes, *leaves: bytes) -> bytes:
    """Write the parent tree again; `@E`: the element, `@O`: the other, `@1`: the first leaf."""
    data = _prepared()
    return _rewritten(data, number_of(data, b"/Nums"), tree, leaves)


def _names(tree: bytes, *leaves: bytes) -> bytes:
    data = _prepared()
    return _rewritten(data, number_of(data, b"/Names [ (a)"), tree, leaves)


def _rewritten(data: bytes, number: int, tree: bytes, leaves: tuple[bytes, ...]) -> bytes:
    named = {
        b"@E": number_of(data, b"/ActualText (kept)"),
        b"@O": number_of(data, b"(I sell the data.)"),
        b"@1": size_of(data),
        b"@2": size_of(data) + 1,
    }
    bodies = [tree, *leaves]
    for mark, target in named.items():
        bodies = [body.replace(mark, b"%d 0 R" % target) for body in bodies]
    return append(data, {number: bodies[0]} | dict(enumerate(bodies[1:], size_of(data))))


ATTACKS: dict[str, Sample] = {
    "marks named a second time": lambda: _parents(b"<< /Nums [ 0 [ @E ] 0 [ @O ] ] >>"),
    "marks named a second time in another leaf": lambda: _parents(
        b"<< /Kids [ @1 @2 ] >>", b"<< /Limits [0 0] /Nums [0 [@E]] >>", b"<< /Limits [0 0] /Nums [0 [@O]] >>"
    ),
    "marks out of order": lambda: _parents(b"<< /Nums [ 7 @O 0 [ @E ] ] >>"),
    "marks out of their limits": lambda: _parents(
        b"<< /Kids [ @1 ] >>", b"<< /Limits [5 9] /Nums [0 [@E]] >>"
    ),
    "name given a second time": lambda: _names(b"<< /Names [ (a) @E (a) @O (b) @O ] >>"),
    "names out of order": lambda: _names(b"<< /Names [ (b) @O (a) @E ] >>"),
    "names out of their limits": lambda: _names(
        b"<< /Kids [ @1 ] >>", b"<< /Limits [(c) (d)] /Names [(a) @E (b) @O] >>"
    ),
}
HONEST: dict[str, Sample] = {
    "tree with further leaves": lambda: _parents(
        b"<< /Kids [ @1 @2 ] >>", b"<< /Limits [0 0] /Nums [0 [@E]] >>", b"<< /Limits [7 7] /Nums [7 @O] >>"
    ),
    "limits of what was there": lambda: _parents(
        b"<< /Kids [ @1 ] >>", b"<< /Limits [0 0] /Nums [0 [@E] 7 @O] >>"
    ),
    "names with a further one": lambda: _names(b"<< /Names [ (a) @E (b) @O (c) @O ] >>"),
}
