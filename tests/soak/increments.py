"""Revisions that mutations append: any, forbidden, and hostile ones."""

from __future__ import annotations

import functools
import random
import re
import zlib
from collections.abc import Mapping, Sequence

from tests.soak.containers import damage_der
from tests.soak.seeds import Seed

_STARTXREF = re.compile(rb"startxref\s+(\d+)")
_ROOT = re.compile(rb"/Root\s+(\d+)\s+(\d+)\s+R")
_SIZE = re.compile(rb"/Size\s+(\d{1,9})")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,9})\s+(\d{1,5})\s+obj\b(.{0,4000}?)endobj", re.DOTALL)
_BOMB_BYTES = 256 << 20
_DEPTHS = (50, 199, 200, 201, 1000, 20_000, 200_000)


def append(
    data: bytes, objects: Mapping[int, bytes], *, trailer: bytes = b"", prev: bytes | None = None
) -> bytes:
    """Append a revision with a classic cross-reference table."""
    result = bytearray(data if data.endswith(b"\n") else data + b"\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(result)
        result += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    place = len(result)
    result += b"xref\n"
    for number in sorted(offsets):
        result += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    roots, places = _ROOT.findall(data), _STARTXREF.findall(data)
    root = b"%s %s R" % roots[-1] if roots else b"1 0 R"
    before = prev if prev is not None else places[-1][:20] if places else b"0"
    size = max([int(number) for number in _SIZE.findall(data)] + [number + 1 for number in offsets] + [1])
    result += b"trailer\n<< /Size %d /Root %s /Prev %s %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, root, before, trailer, place,
    )  # fmt: skip
    return bytes(result)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return the text of a stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def body_of(data: bytes, number: int) -> bytes | None:
    """Return the text of the newest version of a small object."""
    found = [match[3] for match in _OBJECT.finditer(data) if int(match[1]) == number]
    return found[-1].strip() if found else None


def any_update(chance: random.Random, seed: Seed) -> bytes:
    """Append objects of the file again, changed or under another number, or new ones."""
    known = _OBJECT.findall(seed.data)
    objects: dict[int, bytes] = {}
    for _ in range(chance.choice((1, 1, 2, 5))):
        if known and chance.random() < 0.8:
            number, _, body = chance.choice(known)
            body = _tweak(chance, body.strip())
            objects[int(chance.choice(known)[0]) if chance.random() < 0.2 else int(number)] = body
        else:
            objects[chance.choice((1, 2, 3, 500, 999_999))] = chance.choice(
                (b"null", b"<<>>", b"[]", b"<< /Type /Annot /Subtype /Widget /FT /Sig >>", stream(b"q Q"))
            )
    trailer = chance.choice((b"", b"", b"/Encrypt 1 0 R", b"/ID [<00> <00>]", b"/XRefStm 10", b"/Info 1 0 R"))
    if chance.random() < 0.1:
        return append(seed.data, objects, trailer=trailer, prev=chance.choice((b"0", b"-5", b"99999999999")))
    return append(seed.data, objects, trailer=trailer)


def _tweak(chance: random.Random, body: bytes) -> bytes:
    if chance.random() < 0.2:
        return body
    numbers = list(re.finditer(rb"(?<![\w.])\d+(?![\w.])", body))
    names = list(re.finditer(rb"/[A-Za-z0-9]+", body))
    if numbers and chance.random() < 0.5:
        one = chance.choice(numbers)
        return body[: one.start()] + str(chance.randrange(2000)).encode() + body[one.end() :]
    if names:
        one = chance.choice(names)
        word = chance.choice(
            [n[0] for n in names] + [b"/Annots", b"/AP", b"/V", b"/Kids", b"/Parent", b"/Rect"]
        )
        return body[: one.start()] + word + body[one.end() :]
    return body + b" "


def forbidden_update(chance: random.Random, seed: Seed) -> tuple[bytes, bool]:
    """Append a revision that repaints, covers or replaces the first page; say whether that was possible."""
    numbers = seed.numbers
    page = body_of(seed.data, numbers["page"]) if "page" in numbers else None
    if "content" in numbers and chance.random() < 0.5:
        paint = b"1 0 0 rg 50 50 %d 300 re f" % chance.randrange(100, 500)
        return append(seed.data, {numbers["content"]: stream(paint)}), True
    if page is None or not page.startswith(b"<<") or b"stream" in page:
        return any_update(chance, seed), False
    extra = chance.choice((b"/Contents 900000 0 R", b"/Rotate 90", b"/MediaBox [0 0 10 10]"))
    key = extra.split()[0]
    if key == b"/Contents":
        page = re.sub(rb"/Contents\s*(\d+\s+\d+\s+R|\[[^\]]*\])", b"", page)
    elif re.search(re.escape(key) + rb"\b", page):
        return any_update(chance, seed), False
    objects = {numbers["page"]: b"<< %s %s" % (extra, page[2:])}
    if key == b"/Contents":
        objects[900_000] = stream(b"0 0 1 rg 0 0 500 500 re f")
    return append(seed.data, objects), True


def store_update(chance: random.Random, seed: Seed, material: Sequence[tuple[str, bytes]]) -> bytes | None:
    """Append a document security store with damaged content (EN 319 142-1, 5.4.2.2)."""
    catalog = body_of(seed.data, seed.numbers["catalog"]) if "catalog" in seed.numbers else None
    if catalog is None or not catalog.startswith(b"<<") or not material:
        return None
    objects: dict[int, bytes] = {}
    listed: dict[str, list[int]] = {"/Certs": [], "/CRLs": [], "/OCSPs": []}
    for number in range(700_000, 700_000 + chance.randrange(1, 9)):
        kind, data = chance.choice(material)
        for _ in range(chance.choice((0, 1, 1, 2))):
            data = damage_der(chance, data)
        kind = chance.choice(list(listed)) if chance.random() < 0.1 else kind
        listed[kind].append(number)
        packed = chance.random() < 0.5
        objects[number] = stream(zlib.compress(data) if packed else data, b"/Filter /FlateDecode" * packed)
    entries = b" ".join(
        b"%s [%s]" % (kind.encode(), b" ".join(b"%d 0 R" % number for number in numbers))
        for kind, numbers in listed.items()
    )
    catalog = re.sub(rb"/DSS\s*\d+\s+\d+\s+R", b"", catalog)
    objects[seed.numbers["catalog"]] = b"<< /DSS << %s >> %s" % (entries, catalog[2:])
    return append(seed.data, objects)


@functools.lru_cache(maxsize=2)
def _bomb(layers: int) -> bytes:
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    data = b"".join(packer.compress(block) for _ in range(_BOMB_BYTES >> 20)) + packer.flush()
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    return data


def hostile_update(chance: random.Random, seed: Seed) -> bytes:
    """Append deep nesting, a circle, or a stream that swells."""
    numbers = seed.numbers
    target = numbers.get(chance.choice(("page", "content", "catalog", "form")), 1)
    return chance.choice((_nest, _nest_pages, _circle, _circle, _circle, _swell, _loop))(chance, seed, target)


def _nest(chance: random.Random, seed: Seed, target: int) -> bytes:
    depth = chance.choice(_DEPTHS)
    opening, closing = chance.choice(
        ((b"[", b"]"), (b"<</A ", b">>"), (b"[<</K[", b"]>>]"), (b"(", b")"), (b"[", b""))
    )
    return append(seed.data, {target: opening * depth + b" 0 " + closing * depth})


def _nest_pages(chance: random.Random, seed: Seed, target: int) -> bytes:
    depth = chance.choice((100, 1000, 5000))
    kind = chance.choice((b"/Kids [%d 0 R]", b"/Parent %d 0 R", b"/Length %d 0 R", b"/Next %d 0 R"))
    objects = {800_000 + n: b"<< /Type /Pages " + kind % (800_001 + n) + b" >>" for n in range(depth)}
    objects[target] = b"<< /Type /Catalog /Pages 800000 0 R /AcroForm << /Fields [800000 0 R] >> >>"
    return append(seed.data, objects)


def _circle(chance: random.Random, seed: Seed, target: int) -> bytes:
    body = chance.choice(
        (
            b"%d 0 R" % target,
            b"[%d 0 R %d 0 R]" % (target, target),
            b"<< /Type /Page /Parent %d 0 R /Contents %d 0 R /Annots %d 0 R >>" % (target, target, target),
            b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>" % (target, target),
            b"<< /Type /Catalog /Pages %d 0 R /AcroForm %d 0 R /Fields [%d 0 R] >>"
            % (target, target, target),
            b"<< /Fields [%d 0 R] /Kids [%d 0 R] /FT /Sig /T (x) >>" % (target, target),
            b"<< /Length %d 0 R >>\nstream\nq Q\nendstream" % target,
            b"<< /Length 3 /Filter %d 0 R /DecodeParms %d 0 R >>\nstream\nq Q\nendstream" % (target, target),
            b"<< /Type /ObjStm /N 1 /First 4 /Extends %d 0 R /Length 6 >>\nstream\n%d 0 [] \nendstream"
            % (target, target),
            b"<< /Names << /EmbeddedFiles %d 0 R >> /Kids [%d 0 R] /DSS %d 0 R >>" % (target, target, target),
        )
    )
    return append(seed.data, {target: body})


def _swell(chance: random.Random, seed: Seed, target: int) -> bytes:
    layers = chance.choice((1, 1, 2))
    filters = b"/Filter [%s]" % (b"/FlateDecode " * layers)
    kind = chance.choice(
        (b"", b"/Type /ObjStm /N 4 /First 20", b"/Type /XRef /W [1 4 2] /Size 9 /Root 1 0 R")
    )
    return append(seed.data, {target: stream(_bomb(layers), filters + kind)})


def _loop(chance: random.Random, seed: Seed, target: int) -> bytes:
    grown = append(seed.data, {target: b"null"})
    place = int(_STARTXREF.findall(grown)[-1])
    return append(
        seed.data, {target: b"null"}, prev=chance.choice((b"%d" % place, b"%d" % (place + 1), b"1"))
    )
