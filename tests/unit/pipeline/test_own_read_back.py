"""What reading back finds: each question has its own damage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from agreegen.conversion.interface import EngineChoice
from agreegen.errors import AgreegenError, SigningError
from agreegen.example_pki.maker import make_example_pki
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, build_document
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.pdf.plain import PlainPdf, items, reference
from agreegen.pipeline.making import DocumentMaker
from agreegen.pipeline.own_read_back import adds_only_a_signature, check_page, check_signed_bytes
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import SigningRequest
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import SigningIdentity


@pytest.fixture(scope="module")
def form() -> Form:
    return find_form("personal-pledge", forms_folder())


@pytest.fixture(scope="module")
def document(form: Form) -> Document:
    return build_document(form, {"pledger_name": "王秀英", "staff_no": "S1"})


Case = tuple[bytes, bytes, tuple[int, int]]


@pytest.fixture(scope="module")
def case(form: Form, document: Document, tmp_path_factory: pytest.TempPathFactory) -> Case:
    now = datetime.now(UTC).replace(microsecond=0)
    pki = make_example_pki(tmp_path_factory.mktemp("pki"), now=now, key_bits=2048, people=[("S1", "王秀英")])
    with DocumentMaker(form, engine=EngineChoice.COMPILED) as maker:
        before = maker.make(document).pdf
    credential = load_credential(pki.credential("unit-seal"))
    signer = BatchSigner(SigningIdentity.of(credential), SigningRequest("unit", PadesLevel.B_B, now))
    prepared = signer.prepare(before)
    signed = signer.finish(prepared, credential.signer.sign(prepared.attributes))
    credential.close()
    assert signed.hole is not None
    return before, signed.data, signed.hole


def test_a_right_file_passes(case: Case, form: Form, document: Document) -> None:
    check_signed_bytes(*case)
    assert adds_only_a_signature(case[0], case[1], "unit")
    check_page(case[1], form, document)


def _at(position: Callable[[Case], int]) -> Callable[[Case], bytes]:
    def damage(case: Case) -> bytes:
        data = bytearray(case[1])
        place = position(case)
        data[place] = ord("1") if data[place] != ord("1") else ord("2")
        return bytes(data)

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_at(lambda case: len(case[0]) // 2), "other bytes"),
        (_at(lambda case: case[1].rindex(b"/ByteRange") + 13), "ByteRange"),
        (lambda case: case[1] + b"\n", "ByteRange"),
        (_at(lambda case: case[2][0]), "no signature"),
        (_at(lambda case: case[2][1] - 2), "not right"),
        (_at(lambda case: len(case[1]) - 9), "not right"),
        (_at(lambda case: case[1].rindex(b"/Filter")), "not right"),
    ],
)
def test_damage_is_found(case: Case, damage: Callable[[Case], bytes], message: str) -> None:
    before, signed, hole = case
    with pytest.raises(SigningError, match=message):
        check_signed_bytes(before, damage(case), hole)
    check_signed_bytes(before, signed, hole)  # what it remembers of a right file lets no damage through
    with pytest.raises(SigningError, match=message):
        check_signed_bytes(before, damage(case), hole)


def test_another_persons_page_is_found(case: Case, form: Form) -> None:
    other = build_document(form, {"pledger_name": "王秀兰", "staff_no": "S1"})
    with pytest.raises(AgreegenError):
        check_page(case[1], form, other)


def _revision(signed: bytes, number: int, body: bytes) -> bytes:
    """Append a revision that replaces one object."""
    plain = PlainPdf.read(signed)
    data = signed + b"%d 0 obj\n%s\nendobj\n" % (number, body)
    trailer = {**plain.trailer, b"/Prev": b"%d" % plain.xref_at}
    entries = b" ".join(b"%s %s" % pair for pair in trailer.items())
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< %s >>\n" % (number, len(signed), entries)
    return data + table + b"startxref\n%d\n%%%%EOF\n" % len(data)


def _rewritten(case: Case, change: Callable[[PlainPdf], tuple[int, bytes, bytes]]) -> bytes:
    """Return the signed file with one object of its added revision changed in place."""
    plain = PlainPdf.read(case[1])
    number, old, new = change(plain)
    start = plain.offset(number)
    end = case[1].index(b"endobj", start)
    body = case[1][start:end]
    assert body.count(old) == 1
    assert len(old) == len(new)
    return case[1][:start] + body.replace(old, new) + case[1][end:]


def _root(plain: PlainPdf) -> int:
    return reference(plain.trailer[b"/Root"])


def _page(plain: PlainPdf) -> int:
    catalog, _ = plain.object(_root(plain))
    return reference(items(plain.dictionary(catalog[b"/Pages"])[b"/Kids"])[0])


def test_a_revision_that_replaces_a_page_adds_more_than_a_signature(case: Case) -> None:
    changed = _revision(case[1], _page(PlainPdf.read(case[1])), b"<< /Type /Page >>")
    assert not adds_only_a_signature(case[0], changed, "unit")
    assert not adds_only_a_signature(case[1], changed, "unit")


def test_another_catalog_adds_more_than_a_signature(case: Case) -> None:
    def change(plain: PlainPdf) -> tuple[int, bytes, bytes]:
        pages = plain.object(_root(plain))[0][b"/Pages"]
        return _root(plain), b"/Pages " + pages, b"/Pages " + b"9" + pages[1:]

    assert not adds_only_a_signature(case[0], _rewritten(case, change), "unit")


def test_another_field_than_the_roles_adds_more_than_a_signature(case: Case) -> None:
    assert not adds_only_a_signature(case[0], case[1], "pledger")


def test_a_moved_field_adds_more_than_a_signature(case: Case) -> None:
    def change(plain: PlainPdf) -> tuple[int, bytes, bytes]:
        catalog, _ = plain.object(_root(plain))
        fields = items(plain.dictionary(catalog[b"/AcroForm"])[b"/Fields"])
        number = next(reference(f) for f in fields if b"/V" in plain.object(reference(f))[0])
        place = plain.object(number)[0][b"/Rect"]
        return number, place, place.replace(b"1", b"2", 1) if b"1" in place else place.replace(b"0", b"1", 1)

    assert not adds_only_a_signature(case[0], _rewritten(case, change), "unit")


def test_a_damaged_page_is_no_signature_alone(case: Case) -> None:
    damaged = _at(lambda c: len(c[0]) // 2)(case)
    assert not adds_only_a_signature(case[0], damaged, "unit")
