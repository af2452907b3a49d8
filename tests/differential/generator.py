"""File number K of seed S: a base with updates of any content in any form, always the same file."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tests.attacks.increments import last_xref, size_of, stream
from tests.attacks.updates import Form, write
from tests.differential.bases import FORGED, OWN, PROMISED, Base
from tests.differential.numbering import CONTENT, Numbering
from tests.differential.operations import HONEST, MISCHIEF, Change
from tests.differential.readers.shots import Box
from tests.differential.subtle_operations import SUBTLE

_RECTANGLE = re.compile(rb"/Rect\s*\[\s*" + rb"\s+".join([rb"(\d+(?:\.\d+)?)"] * 4) + rb"\s*\]")
_VALUE = re.compile(rb"/V\s*(\([^)]*\)|<[0-9A-Fa-f\s]*>)")
_MISCHIEF = 0.5
_ODD_FORMS = 0.25
_TAMPERED = 0.12
_ATTACKS = 0.06
_OWN = 0.02
_TWIN = b"%d 0 obj\n%s\nendobj\n" % (CONTENT, stream(FORGED))
_WHITE = (b"", b"\n", b"\r\n", b"\n\n", b" ", b"\t\n", b"\r", b"\x00", b"\x0c\n", b"\n" * 63, b"\n" * 70)
_COMMENTS = (b"%\xe2\xe3\xcf\xd3\n", b"%iText-5\n", b"%" + b"x" * 190 + b"\n", b"%" + b"x" * 260 + b"\n")
_WORDS = (
    b"obj",
    b"endobj",
    b"stream",
    b"endstream",
    b"xref",
    b"trailer",
    b"startxref",
    b"%%EOF",
    b"null",
    b"R",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A generated file.

    Attributes:
        index: Its number.
        base: What it was made from; its bytes are the beginning of the file.
        data: Its bytes.
        places: Where it may show something else on the first page, as the page counts.
        spots: The same places as they lie in the picture of the page.
        kinds: What was done to it, in words.
    """

    index: int
    base: Base
    data: bytes
    places: tuple[Box, ...]
    spots: tuple[Box, ...]
    kinds: tuple[str, ...]


def sample(seed: int, index: int, bases: Sequence[Base]) -> Sample:
    """Make one file."""
    chance = random.Random(f"{seed}:{index}")
    drawn = chance.random()
    kind = "attack" if drawn < _ATTACKS else OWN if drawn < _ATTACKS + _OWN else ""
    base = chance.choice([base for base in bases if _kind_of(base) == kind])
    data, places, kinds = base.data, list[Box](), list[str]()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        change = (
            _change(chance, data) if base.numbering is None else _own_change(chance, data, base.numbering)
        )
        form, label = _form(chance, data, change)
        data = write(data, change.objects, form)
        places += change.places
        kinds += [*change.kinds, label]
    if base.name.startswith("promised") and chance.random() < 0.8:
        data, label = _stretch(chance, data), "length kept"
        kinds.append(label)
    if chance.random() < _TAMPERED:
        written, data = data, _tampered(chance, data, base.signed)
        kinds.append("tampered")
        places += list(_moved(data[base.signed :], places))
        places += list(_filled(written[base.signed :], data[base.signed :]))
    spots = tuple(_in_picture(base.name, place) for place in places)
    return Sample(index, base, data, tuple(places), spots, tuple(kinds))


def _kind_of(base: Base) -> str:
    return next((kind for kind in ("attack", OWN) if base.name.startswith(kind)), "")


def _in_picture(name: str, place: Box) -> Box:
    """Return where a place of the page stands in the picture of it, in points from the lower left."""
    left, bottom, right, top = place
    if name == "cropped":
        return left - 10, bottom - 10, right - 10, top - 10
    return (bottom, 240 - right, top, 240 - left) if name == "turned" else place


def _change(chance: random.Random, data: bytes) -> Change:
    change = Change()
    mischief = chance.random() < _MISCHIEF
    for _ in range(chance.choice((1, 1, 2, 3))):
        operation = chance.choice((*MISCHIEF, *SUBTLE) if mischief and chance.random() < 0.8 else HONEST)
        try:
            operation(chance, data, change)
        except (IndexError, ValueError):
            # The object that it would change is packed, or is none of that kind.
            continue
        change.kinds.append(operation.__name__)
    return change


def _own_change(chance: random.Random, data: bytes, numbering: Numbering) -> Change:
    """Change a document of ours, whose parts have other numbers than the operations know."""
    change = _change(chance, numbering.listing(data))
    return Change(
        numbering.own_objects(change.objects), change.places, numbering.own(change.trailer), change.kinds
    )


def _form(chance: random.Random, data: bytes, change: Change) -> tuple[Form, str]:
    """Choose how an update is spelled: canonical in its variants, or odd in one or two things."""
    streams = b"/Type /XRef" in data or b"/Type/XRef" in data
    section = chance.choice(
        ("stream", "stream", "table") if streams else ("table", "table", "stream", "hybrid")
    )
    form = Form(section=section, section_entries=change.trailer)
    if section == "stream" and chance.random() < 0.5:
        plain = {number for number, text in change.objects.items() if b"stream" not in text}
        form = replace(form, packed=frozenset(plain))
    form = chance.choice(_CANONICAL)(form)
    if chance.random() >= _ODD_FORMS:
        return form, section
    names = []
    for _ in range(chance.choice((1, 1, 1, 2))):
        odd = chance.choice(_ODD)
        form = odd(chance, data, form)
        names.append(odd.__name__.strip("_"))
    return form, f"{section}, {' and '.join(names)}"


def _carriage_returns(form: Form) -> Form:
    lined = replace(form, line=b"\r", mark=b"startxref\r%d\r%%%%EOF\r")
    return replace(lined, head=b"%d %d obj\r", tail=b"\rendobj\r", entry=b"%010d %05d n \r")


_CANONICAL: tuple[Callable[[Form], Form], ...] = (
    lambda form: form,
    lambda form: form,
    lambda form: form,
    lambda form: replace(form, head=b"%d %d obj\r\n", tail=b"\r\nendobj\r\n", entry=b"%010d %05d n\r\n"),
    _carriage_returns,
    lambda form: replace(form, gap=b"\n", opening=b"\n"),
    lambda form: replace(form, gap=b"\n", opening=b"\n", aim=-1),
    lambda form: replace(form, opening=_COMMENTS[0]),
    lambda form: replace(form, closing=_COMMENTS[1]),
    lambda form: replace(form, trailing=b"\n"),
    lambda form: replace(form, lists_itself=False),
    lambda form: replace(form, size=3),
    lambda form: replace(form, head=b"%d %d obj "),
    lambda form: replace(form, mark=b"startxref\r\n%d\r\n%%%%EOF\r\n"),
    lambda form: replace(form, mark=b"startxref\n%d\n%%%%EOF"),
)


def _odd_head(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    heads = (
        b"%d  %d obj\n", b"%d\n%d obj\n", b"%d %d  obj\n", b"0%d %d obj\n", b"%d 0%d obj\n",
        b"%d %d obj%%x\n",
        b"%d %d%%x\nobj\n", b"%d %d\x00obj\n", b" %d %d obj\n", b"%d %d obj\r", b"+%d %d obj\n",
    )  # fmt: skip
    return replace(form, head=chance.choice(heads))


def _odd_tail(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    tails = (
        b"\n",
        b"\nendobj ",
        b"endobj\n",
        b"\nendobj",
        b"\nendobj%x\n",
        b"\nendstream\nendobj\n",
        b"\x00endobj\n",
    )
    return replace(form, tail=chance.choice(tails))


def _odd_gap(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    comment = b"%" + chance.choice(_WORDS) + b"\n"
    text = chance.choice((*_WHITE, *_COMMENTS, comment, _TWIN, chance.choice(_WORDS)))
    return chance.choice(
        (
            replace(form, gap=text),
            replace(form, opening=text),
            replace(form, closing=text),
            replace(form, trailing=text),
        )
    )


def _odd_entry(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    entries = (
        b"%010d %05d n\n", b"%010d %05d n \r\n", b"%09d %05d n \n", b"%d %d n \n", b"%010d %05d n  \n",
        b"%010d %05d N \n", b"%010d\t%05d n \n", b"%010d %05d n\x00\n", b"+%09d %05d n \n",
    )  # fmt: skip
    return replace(form, entry=chance.choice(entries))


def _odd_mark(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    marks = (
        b"startxref\x00%d\n%%%%EOF\n", b"startxref %d %%%%EOF\n", b"startxref\n%d %%%%EOF\n",
        b"startxref\n0%d\n%%%%EOF\n",
        b"startxref\n+%d\n%%%%EOF\n", b"startxref\n%d.0\n%%%%EOF\n", b"startxref\n%d\n%%EOF\n",
        b"startxref\n%%x\n%d\n%%%%EOF\n",
        b"\nstartxref\n%d\n%%%%EOF\n", b"xstartxref\n%d\n%%%%EOF\n", b"startxref\n%d\n\n%%%%EOF\n",
        b"startxref\n%d\n",
    )  # fmt: skip
    return replace(form, mark=chance.choice(marks))


def _far_mark(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    size = chance.choice((64, 65, 500, 985, 990, 1000, 1010, 1024, 1100, 2048, 4096))
    return replace(form, trailing=chance.choice((b"\n", b" ", b"\x00", b"\r\n", b"%\n")) * size)


def _odd_prev(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    return replace(
        form, prev=chance.choice((b"%d.0", b"0%d", b"+%d", b"%d 0 R", b"[%d]", b"%d.", b"%d /Prev 0"))
    )


def _odd_size(chance: random.Random, data: bytes, form: Form) -> Form:
    huge = chance.choice((-1, -3, -size_of(data), 1 << 20, 1 << 22, 1 << 23, 1 << 31, 1 << 33))
    return replace(form, size=huge)


def _odd_aim(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    if chance.random() < 0.5:
        return replace(form, aim=chance.choice((-3, -2, -1, 1, 2, 7)))
    return replace(form, aim_section=chance.choice((-9, -2, -1, 1, 2, 4)))


def _odd_entries(chance: random.Random, data: bytes, form: Form) -> Form:
    """List, free or forget objects that are not written."""
    number = chance.choice((CONTENT, 1, 2, 3, 5, 8, 13, 15, 30))
    choice = chance.randrange(4)
    if choice == 0:
        return replace(form, freed=frozenset({number}))
    if choice == 1:
        return replace(form, unlisted=frozenset({number}))
    return replace(form, listed={number: chance.choice((0, 15, last_xref(data), len(data), len(data) // 2))})


def _odd_generation(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    return replace(form, generation=chance.choice((1, 2, 65535)))


def _odd_container(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    if chance.random() < 0.5:
        return replace(
            form,
            container_entries=chance.choice((b"/Extends 1 0 R ", b"/Type /X ", b"/N 9 ", b"/Subtype /Form ")),
        )
    return replace(form, surplus_members={chance.choice((CONTENT, 3, 8, 15, 40)): b"<< >>"})


def _odd_rows(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    return chance.choice(
        (
            replace(form, surplus=b"\x00" * chance.choice((1, 7))),
            replace(form, widths=chance.choice(((1, 3, 1), (2, 4, 2), (1, 8, 1), (1, 9, 2), (1, 4, 4)))),
            replace(form, section="hybrid", hybrid_rows=chance.choice((-1, 1, 30))),
            replace(form, section="hybrid", lists_itself=False),
        )
    )


def _odd_trailer(chance: random.Random, data: bytes, form: Form) -> Form:
    del data
    more = chance.choice(
        (b"/Root 1 0 R ", b"/Root 13 0 R ", b"/Encrypt null ", b"/ID [<00> <00>] ", b"/XRefStm 15 ",
         b"/X 4 0 R ",
         b"/Prev 15 ", b"/Size 99 ", b"/Info 4 0 R ", b"% x\n", b"/Type /XRef ")
    )  # fmt: skip
    return replace(form, section_entries=form.section_entries + more)


Odd = Callable[[random.Random, bytes, Form], Form]
_ODD: tuple[Odd, ...] = (
    _odd_head, _odd_tail, _odd_gap, _odd_gap, _odd_entry, _odd_mark, _far_mark, _far_mark, _odd_prev,
    _odd_size,
    _odd_aim, _odd_entries, _odd_entries, _odd_generation, _odd_container, _odd_rows, _odd_trailer,
)  # fmt: skip


def _stretch(chance: random.Random, data: bytes) -> bytes:
    """Append one more update, so long that the file has the promised length, or nearly."""
    free = size_of(data)
    bare = write(data, {free: stream(b"")})
    room = PROMISED - len(bare) + chance.choice((0, 0, 0, 1, -1, 2, 16))
    if room < 10:
        return bare
    return write(data, {free: stream(b"x" * (room - len(b"%d" % room) + 1))})


def _moved(tail: bytes, places: Sequence[Box]) -> Iterator[Box]:
    """Yield permitted places of which tampering has written one coordinate otherwise: nobody signed it."""
    for match in _RECTANGLE.finditer(tail):
        left, bottom, right, top = (float(number) for number in match.groups())
        found = left, bottom, right, top
        if any(sum(one == two for one, two in zip(found, place, strict=True)) == 3 for place in places):
            yield found


def _filled(written: bytes, tail: bytes) -> Iterator[Box]:
    """Yield the places of fields to which tampering has given another value: that is filling in."""
    before = dict(_values(written))
    for place, value in _values(tail):
        if before.get(place, value) != value:
            yield place


def _values(tail: bytes) -> Iterator[tuple[Box, bytes]]:
    for text in tail.split(b"endobj"):
        place, value = _RECTANGLE.search(text), _VALUE.search(text)
        if place and value:
            left, bottom, right, top = (float(number) for number in place.groups())
            yield (left, bottom, right, top), value[1]


def _tampered(chance: random.Random, data: bytes, start: int) -> bytes:
    """Change a few bytes behind the signed ones."""
    tail = bytearray(data[start:])
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(max(1, len(tail)))
        choice = chance.randrange(5)
        if choice == 0:
            tail[at : at + 1] = chance.choice(_WHITE)
        elif choice == 1:
            tail[at : at + 1] = b"%d" % chance.randrange(10)
        elif choice == 2:
            del tail[at : at + chance.choice((1, 1, 2, 20))]
        elif choice == 3:
            tail[at:at] = chance.choice((*_WORDS, _TWIN, b"<<", b">>", b"%", b"(", b")"))
        else:
            digits = [place for place, byte in enumerate(tail) if 48 <= byte <= 57]
            if digits:
                tail[chance.choice(digits)] = 48 + chance.randrange(10)
    return data[:start] + bytes(tail)
