"""Revisions, cross-references and what may go wrong with them."""

from __future__ import annotations

import io
import re
import zlib

import pikepdf
import pytest

from agreegen.model.report import Changes
from agreegen.pdf.document import PdfFile, open_file
from agreegen.pdf.encryption import unlock
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import LimitError, StructureError
from agreegen.pdf.xref import Entry
from agreegen.verification.pictures.interface import Reading
from agreegen.verification.structure.scan import scan_structure
from agreegen.verification.structure.second_parser import compare_parsers
from tests.attacks.documents import signed
from tests.attacks.increments import append, size_of, stream
from tests.attacks.signer import FREE_BOX, TEXT_BOX, base_document, sign

LIMITS = Limits()


def _saved(**options: object) -> bytes:
    pdf = pikepdf.open(io.BytesIO(base_document()))
    target = io.BytesIO()
    pdf.save(target, **options)  # type: ignore[arg-type]  # the options come from the table below
    return target.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"object_stream_mode": pikepdf.ObjectStreamMode.disable},
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
        {"linearize": True},
        {"linearize": True, "object_stream_mode": pikepdf.ObjectStreamMode.generate},
    ],
    ids=str,
)
def test_every_kind_of_file_is_one_revision(options: dict[str, object]) -> None:
    data = _saved(**options)
    file = open_file(data, LIMITS)
    view = file.views()[-1]
    assert [revision.end for revision in file.revisions] == [len(data)]
    assert view.catalog["Type"] == "Catalog"
    assert compare_parsers(file, view, None) == []
    assert open_file(sign(data), LIMITS).revisions[0].end == len(data)


@pytest.mark.parametrize("revision", [2, 3, 4, 6])
@pytest.mark.parametrize("password", ["", "open"])
def test_encrypted_files_are_read(revision: int, password: str) -> None:
    modern = revision >= 4
    encryption = pikepdf.Encryption(user=password, owner="owner", R=revision, aes=modern, metadata=modern)  # type: ignore[arg-type]
    mode = pikepdf.ObjectStreamMode.generate if modern else pikepdf.ObjectStreamMode.disable
    data = _saved(encryption=encryption, object_stream_mode=mode)
    file = open_file(data, LIMITS)
    assert unlock(file, password) == (True, True)
    view = file.views()[-1]
    titles = {
        view.dictionary(item)["T"] for item in view.array(view.dictionary(view.catalog["AcroForm"])["Fields"])
    }
    assert titles == {b"remark", b"unit", b"person"}
    assert unlock(open_file(data, LIMITS), "wrong") == (True, False)


def test_view_of_a_revision_knows_nothing_of_later_ones() -> None:
    data = append(signed(), {size_of(signed()): b"(later)"})
    first, last = (open_file(data, LIMITS).views()[index] for index in (1, 2))
    assert first.value(size_of(signed())) is None
    assert last.value(size_of(signed())) == b"later"


def _raises(data: bytes) -> str:
    with pytest.raises(StructureError) as caught:
        _read_everything(data)
    return caught.value.code


def _read_everything(data: bytes) -> None:
    view = open_file(data, LIMITS).views()[-1]
    for number in list(view.numbers()):
        view.value(number)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"%PDF-", b"%XYZ-", "not-a-pdf"),
        (b"%%EOF", b"%%EOT", "no-end"),
        (b"\nxref\n0 ", b"\nxrev\n0 ", "syntax"),
        (b"trailer", b"triller", "xref"),
        (b" 00000 n", b" 0000x n", "xref"),
        (b"\n3 0 obj", b"\n4 0 obj", "xref"),
        (b"endobj", b"endobi", "syntax"),
        (b"endstream", b"endstreem", "stream-length"),
    ],
)
def test_damage_has_a_code(old: bytes, new: bytes, code: str) -> None:
    data = base_document()
    assert old in data
    assert _raises(data.replace(old, new, 1)) == code


def test_chain_in_a_circle() -> None:
    data = signed()
    last = re.findall(rb"startxref\s+(\d+)", data)[-1]
    start = data.rindex(b"/Prev ")
    assert _raises(data[:start] + re.sub(rb"/Prev \d+", b"/Prev " + last, data[start:])) == "cycle"


def test_references_in_a_circle() -> None:
    free = size_of(signed())
    data = append(signed(), {free: b"%d 0 R" % (free + 1), free + 1: b"%d 0 R" % free})
    view = open_file(data, LIMITS).views()[-1]
    with pytest.raises(StructureError, match="circle"):
        view.resolve(view.value(free))


def test_too_many_objects() -> None:
    with pytest.raises(LimitError):
        open_file(base_document(), Limits(max_objects=3))


def test_cross_reference_bomb() -> None:
    body = zlib.compress(bytes(40 << 20))
    head = b"%PDF-1.5\n"
    stream = b"1 0 obj\n<< /Type /XRef /W [1 2 1] /Size 9 /Filter /FlateDecode /Length %d >>\nstream\n" % len(
        body
    )
    data = head + stream + body + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    with pytest.raises(LimitError):
        open_file(data, Limits(max_stream_bytes=1 << 20))


def test_hybrid_file_like_those_of_word() -> None:
    """The table frees what the hybrid stream holds; both parsers have to find it there."""
    base = base_document()
    free = size_of(base)
    body = base + b"%d 0 obj\n<< /Type /Note >>\nendobj\n" % free
    place, note = len(body), len(base)
    row = bytes([1]) + note.to_bytes(4, "big") + bytes([0])
    entries = b"/Type /XRef /W [1 4 1] /Index [%d 1] /Size %d" % (free, free + 2)
    body += b"%d 0 obj\n%s\nendobj\n" % (free + 1, stream(row, entries))
    table = len(body)
    previous, root = re.findall(rb"startxref\s+(\d+)", base)[-1], re.findall(rb"/Root (\d+)", base)[-1]
    body += b"xref\n0 1\n0000000000 65535 f \n%d 1\n0000000000 65535 f \n" % free
    body += b"trailer\n<< /Size %d /Root %s 0 R /Prev %s /XRefStm %d >>\n" % (free + 2, root, previous, place)
    body += b"startxref\n%d\n%%%%EOF\n" % table
    file = open_file(body, LIMITS)
    view = file.views()[-1]
    assert view.value(free) == {"Type": "Note"}
    assert compare_parsers(file, view, None) == []


def test_parsers_that_see_different_objects_are_noticed() -> None:
    """The second parser reads the real file; the first one is shown a table that leads elsewhere."""
    data = base_document()
    file: PdfFile = open_file(data, LIMITS)
    view = file.views()[-1]
    assert compare_parsers(file, view, None) == []
    one, two = (next(n for n in view.numbers() if view.value(n) != {} and n != skip) for skip in (0, 1))
    file.revisions[0].entries[one] = Entry(0, 0, 0)
    view = file.views()[-1]
    alarms = compare_parsers(file, view, None)
    assert one != two
    assert [(alarm.code, alarm.alters) for alarm in alarms] == [("parsers-differ", True)]


def test_refusal_by_one_parser_alone_proves_nothing() -> None:
    data = base_document()
    file = open_file(data, LIMITS)
    file.data = b"not a PDF"
    alarms = compare_parsers(file, file.views()[-1], None)
    assert [(alarm.code, alarm.alters) for alarm in alarms] == [("second-parser-refuses", False)]


def _encrypted_twice_signed(password: str) -> bytes:
    encryption = pikepdf.Encryption(user=password, owner="owner", R=6)
    data = _saved(encryption=encryption, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return sign(sign(data, password=password), "new", box=FREE_BOX, password=password)


@pytest.mark.parametrize("password", ["", "open"])
def test_encrypted_file_is_judged_with_its_password(password: str) -> None:
    structure = scan_structure(_encrypted_twice_signed(password), LIMITS, password)
    assert structure.encrypted
    assert structure.alarms == ()
    assert structure.sound is True
    assert [s.changes for s in structure.signatures] == [Changes.PERMITTED, Changes.NONE]
    assert structure.attachment == b'{"id": "X"}'


def test_encrypted_file_stays_undecided_without_its_password() -> None:
    structure = scan_structure(_encrypted_twice_signed("open"), LIMITS, "wrong")
    assert structure.sound is None
    assert [s.changes for s in structure.signatures] == [Changes.UNKNOWN, Changes.NONE]
    assert "password-needed" in {alarm.code for alarm in structure.alarms}


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_free_places_are_found_on_turned_pages(angle: int) -> None:
    pdf = pikepdf.open(io.BytesIO(base_document()))
    pdf.pages[0].Rotate = angle
    target = io.BytesIO()
    pdf.save(target)
    data = sign(target.getvalue())
    assert scan_structure(sign(data, "new", box=FREE_BOX), LIMITS).sound is True
    (seal,) = scan_structure(sign(data, "new", box=TEXT_BOX), LIMITS).seals
    assert seal.reading is Reading.COVERED
