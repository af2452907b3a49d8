"""Small signed files, honest and prepared ones, that updates are appended to.

Their objects have fixed numbers, so that the generator can aim at each of them.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pyhanko.sign.fields import MDPPerm

from tests.attacks.increments import last_xref, stream
from tests.attacks.samples import ATTACKS
from tests.attacks.signer import sign, signed_again
from tests.differential.numbering import (
    CATALOG,
    CONTENT,
    FONT,
    FORM,
    INFO,
    LOOK,
    NOTE,
    NOTES,
    PAGE,
    PAGES,
    PERSON,
    REMARK,
    SPARE,
    UNIT,
    VALUE,
    Numbering,
)
from tests.differential.own_documents import own_documents

TEXT = b"BT /F1 12 Tf 20 120 Td (Party B pays 100 yuan to party A.) Tj ET"
DIGITS = b" 1.2 w 90 82 m 90 94 l S 127 82 6 12 re S"
"""A one and a nought as strokes, in the place of the text field."""
FORGED = b"BT /F1 12 Tf 20 120 Td (Party B pays 900 yuan to party A.) Tj ET"
REMARK_BOX = (20, 80, 160, 96)
TEXT_BOX = (18, 116, 220, 134)
FREE_BOX = (20, 20, 90, 50)
FORM_ENTRIES = b"/Type /XObject /Subtype /Form /BBox [0 0 240 160] /Resources << /Font << /F1 5 0 R >> >>"
_REMARK_ENTRIES = (
    b"<< /Type /Annot /Subtype /Widget /DA (/Helv 10 Tf 0 g) /Rect [20 80 160 96] /F 4 /P 3 0 R "
)
PROMISED = 12_000
"""The length that a prepared linearization dictionary states."""
_INDEX = "bases.json"
OWN = "own"
"""What the names of documents of ours begin with."""
_BYTE_RANGE = re.compile(rb"/ByteRange ?\[ ?0 \d+ (\d+) (\d+)")
_PREFIX = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
Objects = dict[int, bytes]


@dataclass(frozen=True, slots=True)
class Base:
    """A signed file.

    Attributes:
        name: What is special about it.
        data: Its bytes.
        signed: Length of the signed revision that it has to show; what follows was an attack already.
        numbering: Which of its objects are the parts that operations know; None where they have the
            known numbers.
    """

    name: str
    data: bytes
    signed: int
    numbering: Numbering | None = None

    @property
    def shown(self) -> bytes:
        """The signed revision."""
        return self.data[: self.signed]


def plain_objects() -> Objects:
    """Return the objects of the plainest base."""
    return {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>",
        PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 240 160] "
        b"/Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R /Annots 11 0 R >>",
        CONTENT: stream(TEXT),
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        FORM: b"<< /Fields [7 0 R 9 0 R 10 0 R] /DR << /Font << /Helv 5 0 R >> >> /DA (/Helv 0 Tf 0 g) >>",
        REMARK: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (remark) /V () /DA (/Helv 10 Tf 0 g) "
        b"/Rect [20 80 160 96] /F 4 /P 3 0 R /AP << /N 8 0 R >> >>",
        LOOK: stream(b"/Tx BMC EMC", b"/Type /XObject /Subtype /Form /BBox [0 0 140 16]"),
        UNIT: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (unit) /Rect [0 0 0 0] /F 132 /P 3 0 R >>",
        PERSON: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (person) /Rect [0 0 0 0] /F 132 /P 3 0 R >>",
        NOTES: b"[7 0 R 9 0 R 10 0 R 14 0 R]",
        INFO: b"<< /Title (Agreement) >>",
        SPARE: stream(FORGED, FORM_ENTRIES),
        NOTE: b"<< /Type /Annot /Subtype /Text /Rect [200 20 216 36] /F 4 /Contents (seen) /T (A) "
        b"/P 3 0 R >>",
    }


def file_of(objects: Mapping[int, bytes], *, before: bytes = b"", trailer: bytes = b"") -> bytes:
    """Write a file of one revision with a table; `before` stands behind the header and has no entries."""
    out, places = bytearray(_PREFIX + before), dict[int, int]()
    for number in sorted(objects):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    size, place = max(objects) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 12 0 R /ID [<%s> <%s>] %s>>\n" % (
        size, b"ab" * 16, b"ab" * 16, trailer,
    )  # fmt: skip
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % place)


def _with(number: int, old: bytes, new: bytes, more: Mapping[int, bytes] | None = None) -> bytes:
    objects = plain_objects()
    assert old in objects[number]
    objects[number] = objects[number].replace(old, new, 1)
    return file_of({**objects, **(more or {})})


def _saved(**options: object) -> bytes:
    with pikepdf.open(io.BytesIO(file_of(plain_objects()))) as pdf:
        target = io.BytesIO()
        pdf.save(target, static_id=True, **options)  # type: ignore[arg-type]  # its options, passed on
    return target.getvalue()


def _twin() -> bytes:
    """Another content under the same number stands before the right one; readers that rebuild may take it."""
    return file_of(plain_objects(), before=b"4 0 obj\n%s\nendobj\n" % stream(FORGED))


def _later_twin() -> bytes:
    data = file_of(plain_objects())
    place = data.index(b"xref\n0 ")
    twin = b"4 0 obj\n%s\nendobj\n" % stream(FORGED)
    moved = data[:place] + twin + data[place:]
    return moved.replace(b"startxref\n%d" % place, b"startxref\n%d" % (place + len(twin)))


def _promise() -> bytes:
    """A linearized file whose first section names another content, and a length that it has not yet."""
    lead = b"16 0 obj\n<< /Linearized 1 /L %d /H [ 400 10 ] /O 3 /E 1000 /N 1 /T 1000 >>\nendobj\n" % PROMISED
    objects = plain_objects()
    room = len(_PREFIX + lead)
    table_size = len(b"xref\n0 17\n") + 17 * 20
    tail = b"trailer\n<< /Size 17 /Root 1 0 R /Info 12 0 R /ID [<%s> <%s>] >>\nstartxref\n0\n%%%%EOF\n" % (
        b"ab" * 16, b"ab" * 16,
    )  # fmt: skip
    twin = b"4 0 obj\n%s\nendobj\n" % stream(FORGED)
    first = b" " * (table_size + len(tail)) + twin
    data = file_of({**objects, 16: b"null"}, before=lead + first)
    places = {int(m[1]): m.start() for m in re.finditer(rb"(?m)^(\d+) 0 obj", data)}
    rows = b"xref\n0 17\n0000000000 65535 f \n"
    for number in range(1, 17):
        place = places.get(number)
        if number == CONTENT:
            place = data.index(twin)
        elif number == 16:
            place = len(_PREFIX)
        rows += b"0000000000 00000 f \n" if place is None else b"%010d 00000 n \n" % place
    return data[:room] + rows + tail + data[room + len(rows) + len(tail) :]


def _hybrid() -> bytes:
    """A table that hides a form XObject, which the stream beside it names (ISO 32000-1, clause 7.5.8.4)."""
    objects = plain_objects()
    packed = objects.pop(INFO)
    body = b"12 0\n" + packed
    objects[17] = stream(body, b"/Type /ObjStm /N 1 /First 5")
    data = file_of(objects)
    place = data.index(b"xref\n0 ")
    rows = b"\x02" + (17).to_bytes(3, "big") + b"\x00"
    holder = b"18 0 obj\n%s\nendobj\n" % stream(rows, b"/Type /XRef /W [1 3 1] /Index [12 1] /Size 19")
    moved = data[:place] + holder + data[place:]
    moved = moved.replace(b"startxref\n%d" % place, b"startxref\n%d" % (place + len(holder)))
    return moved.replace(b"/Root 1 0 R", b"/Root 1 0 R /XRefStm %d" % place)


def _encrypted(revision: int) -> bytes:
    return _saved(encryption=pikepdf.Encryption(owner="owner", user="", R=revision))  # type: ignore[arg-type]


_TREE = {
    20: b"<< /Type /StructTreeRoot /K [21 0 R] /ParentTree 22 0 R >>",
    21: b"<< /Type /StructElem /S /P /P 20 0 R /Pg 3 0 R /K 0 >>",
    22: b"<< /Nums [0 [21 0 R]] >>",
}
_LAYER = {23: b"<< /Type /OCG /Name (draft) >>"}
_PREPARED: dict[str, Callable[[], bytes]] = {
    "plain": lambda: file_of(plain_objects()),
    "streams": lambda: _saved(object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "linearized": lambda: _saved(linearize=True),
    "promised length": _promise,
    "hybrid": _hybrid,
    "encrypted 4": lambda: _encrypted(4),
    "encrypted 6": lambda: _encrypted(6),
    "twin before": _twin,
    "twin behind": _later_twin,
    "inherited": lambda: file_of(
        {
            **plain_objects(),
            PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 240 160] /Rotate 0 "
            b"/Resources << /Font << /F1 5 0 R >> >> >>",
            PAGE: b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots 11 0 R >>",
        }
    ),
    "nested tree": lambda: file_of(
        {
            **plain_objects(),
            PAGES: b"<< /Type /Pages /Kids [24 0 R] /Count 1 >>",
            24: b"<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>",
            PAGE: plain_objects()[PAGE].replace(b"/Parent 2", b"/Parent 24"),
        }
    ),
    "page that is a note": lambda: _with(PAGE, b"/Type /Page ", b"/Type /Page /Subtype /Square /Kids [] "),
    "content in a form": lambda: file_of(
        {
            **plain_objects(),
            CONTENT: stream(b"/X1 Do"),
            24: stream(TEXT, FORM_ENTRIES),
            PAGE: plain_objects()[PAGE].replace(b"/Font <<", b"/XObject << /X1 24 0 R >> /Font <<"),
        }
    ),
    "hidden reference": lambda: file_of(
        {
            **plain_objects(),
            CONTENT: stream(b"/X1 Do"),
            24: stream(TEXT, FORM_ENTRIES),
            PAGE: plain_objects()[PAGE].replace(b"/Font <<", b"/XObject << /X1 24 00000 R >> /Font <<"),
        }
    ),
    "reference to nothing": lambda: _with(
        PAGE, b"/Font <<", b"/XObject << /X1 15 0 R >> /Font <<", {CONTENT: stream(TEXT + b" /X1 Do")}
    ),
    "other generation": lambda: _with(
        PAGE, b"/Contents 4 0 R", b"/Contents [13 1 R 4 0 R]"
    ),
    "contents in parts": lambda: _with(
        PAGE, b"/Contents 4 0 R", b"/Contents [4 0 R 24 0 R]", {24: stream(b"")}
    ),
    "content that is private data": lambda: _with(
        CATALOG, b"/AcroForm", b"/PieceInfo << /X << /Private 4 0 R >> >> /AcroForm"
    ),
    "content that is a certificate": lambda: _with(
        CATALOG, b"/AcroForm", b"/DSS << /Certs [4 0 R] >> /AcroForm"
    ),
    "value without look": lambda: file_of(
        {
            **plain_objects(),
            REMARK: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (remark) /V (900 yuan) "
            b"/Rect [20 80 160 96] /F 4 /P 3 0 R >>",
        }
    ),
    "value behind a reference": lambda: _with(REMARK, b"/V ()", b"/V 25 0 R", {VALUE: b"(100)"}),
    "value of a parent": lambda: file_of(
        {
            **plain_objects(),
            FORM: plain_objects()[FORM].replace(b"7 0 R", b"24 0 R"),
            24: b"<< /FT /Tx /T (above) /V 25 0 R /Kids [7 0 R] >>",
            VALUE: b"(100)",
            REMARK: _REMARK_ENTRIES + b"/T (remark) /Parent 24 0 R /AP << /N 8 0 R >> >>",
        }
    ),
    "value that says nothing": lambda: _with(REMARK, b"/V ()", b"/V <FEFF>"),
    "digits drawn": lambda: file_of({**plain_objects(), CONTENT: stream(TEXT + DIGITS)}),
    "digits drawn on a rule": lambda: file_of(
        {**plain_objects(), CONTENT: stream(TEXT + DIGITS + b" 0.5 w 20 81 m 160 81 l S")}
    ),
    "tagged": lambda: _with(
        CATALOG, b"/AcroForm", b"/MarkInfo << /Marked true >> /StructTreeRoot 20 0 R /AcroForm", _TREE
    ),
    "tree of pages and structure": lambda: _with(
        CATALOG,
        b"/AcroForm",
        b"/StructTreeRoot 2 0 R /AcroForm",
        {PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1 /K 3 0 R >>"},
    ),
    "layer": lambda: _with(
        CATALOG,
        b"/AcroForm",
        b"/OCProperties << /OCGs [23 0 R] /D << /OFF [23 0 R] >> >> /AcroForm",
        {
            **_LAYER,
            PAGE: plain_objects()[PAGE].replace(
                b"/Font <<", b"/Properties << /L 23 0 R >> /XObject << /X1 13 0 R >> /Font <<"
            ),
            CONTENT: stream(TEXT + b" /OC /L BDC /X1 Do EMC"),
        },
    ),
    "information shared": lambda: _with(PAGE, b"/Parent 2 0 R", b"/Parent 2 0 R /PieceInfo 12 0 R"),
    "turned": lambda: _with(PAGE, b"/MediaBox", b"/Rotate 90 /MediaBox"),
    "cropped": lambda: _with(PAGE, b"/MediaBox", b"/CropBox [10 10 230 150] /MediaBox"),
    "seal over text": lambda: _with(UNIT, b"/Rect [0 0 0 0]", b"/Rect [18 116 220 134]"),
}  # fmt: skip


_ENDS: dict[str, Callable[[bytes, int], bytes]] = {
    "end far away": lambda body, place: body + b"startxref" + b" " * 1100 + b"%d\n%%%%EOF\n" % place,
    "end with zero bytes": lambda body, place: body + b"startxref\x00\x00%d\n%%%%EOF\n" % place,
    "end on one line": lambda body, place: body + b"startxref %d %%%%EOF\n" % place,
    "end beside its place": lambda body, place: body + b"startxref\n%d\n%%%%EOF\n" % (place + 2),
    "short entries": lambda body, place: _end(body[:place] + body[place:].replace(b" \n", b"\n"), place),
    "empty range": lambda body, place: _end(body[: place + 5] + b"8388608 0\n" + body[place + 5 :], place),
    "small size": lambda body, place: _end(
        body[:place] + re.sub(rb"/Size \d+", b"/Size 5", body[place:]), place
    ),
    "hidden objects": lambda body, place: _end(
        body[:place] + b"% 4 0 obj " + stream(FORGED).replace(b"\n", b" ") + b"\n" + body[place:],
        place + len(b"% 4 0 obj \n" + stream(FORGED)),
    ),
}
"""Signed revisions that end otherwise than they should: from their last section's text and its place."""


def _end(body: bytes, place: int) -> bytes:
    return body + b"startxref\n%d\n%%%%EOF\n" % place


def _odd_ends() -> Iterator[tuple[str, bytes]]:
    """Sign the file with a twin of its content, end it otherwise, and make the signature right again."""
    for twin in (_twin, _later_twin):
        data = sign(twin(), "unit", strict=False, reserved=4096)
        body, place = data[: data.rindex(b"startxref")], last_xref(data)
        for name, end in _ENDS.items():
            yield f"{name}, {twin.__name__.strip('_')}", signed_again(end(body, place))


def _signatures(name: str, data: bytes) -> list[tuple[str, bytes]]:
    """Sign a prepared file: approvals of all, certifications and second signatures of the plainer ones."""
    password = "" if name.startswith("encrypted") else None
    found = [(name, sign(data, "unit", strict=False, password=password, reserved=4096))]
    if name in ("plain", "streams", "inherited", "value without look", "tagged"):
        for level in (1, 2, 3):
            signed = sign(data, "unit", certify=MDPPerm(level), strict=False, reserved=4096)
            found.append((f"{name}, certified {level}", signed))
    if name in ("plain", "streams"):
        found.append((f"{name}, signed twice", sign(found[0][1], "person", strict=False, reserved=4096)))
        found.append((f"{name}, lock", sign(data, "lock", lock=True, strict=False, reserved=4096)))
    return found


def load_bases(folder: Path) -> list[Base]:
    """Load the bases of a run, making and signing them when the folder is new."""
    index = folder / _INDEX
    if not index.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        names: list[tuple[str, int]] = []
        for name, make in _PREPARED.items():
            for label, data in _signatures(name, make()):
                (folder / f"{len(names)}.pdf").write_bytes(data)
                names.append((label, len(data)))
        for name, data in _odd_ends():
            (folder / f"{len(names)}.pdf").write_bytes(data)
            names.append((name, len(data)))
        for name, attack in sorted(ATTACKS.items()):
            data = attack()
            (folder / f"{len(names)}.pdf").write_bytes(data)
            names.append((f"attack {name}", _signed_length(data)))
        for name, data in own_documents():
            (folder / f"{len(names)}.pdf").write_bytes(data)
            names.append((f"{OWN} {name}", len(data)))
        index.write_text(json.dumps(names), encoding="utf-8")
    names = json.loads(index.read_text(encoding="utf-8"))
    files = [(folder / f"{at}.pdf").read_bytes() for at in range(len(names))]
    return [
        Base(name, data, length, Numbering.of(data) if name.startswith(OWN) else None)
        for (name, length), data in zip(names, files, strict=True)
    ]


def _signed_length(data: bytes) -> int:
    """Return where the first signed revision ends, line end included; the whole length where none is seen."""
    found = _BYTE_RANGE.search(data)
    end = int(found[1]) + int(found[2]) if found else len(data)
    return end + 1 if data[end : end + 1] == b"\n" else min(end, len(data))
