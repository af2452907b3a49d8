"""What reading back finds: each question has its own damage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from agreegen.batch.reading import check_page, check_signed_bytes
from agreegen.errors import AgreegenError, SigningError
from agreegen.example_pki.maker import make_example_pki
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, build_document
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.pipeline import DocumentMaker, EngineChoice
from agreegen.signing.credentials import load_credential
from agreegen.signing.interface import SigningRequest
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import Prepared, SigningIdentity


@pytest.fixture(scope="module")
def form() -> Form:
    return find_form("personal-pledge", forms_folder())


@pytest.fixture(scope="module")
def document(form: Form) -> Document:
    return build_document(form, {"pledger_name": "王秀英", "staff_no": "S1"})


Case = tuple[bytes, bytes, Prepared]


@pytest.fixture(scope="module")
def case(form: Form, document: Document, tmp_path_factory: pytest.TempPathFactory) -> Case:
    now = datetime.now(UTC).replace(microsecond=0)
    pki = make_example_pki(tmp_path_factory.mktemp("pki"), now=now, key_bits=2048, people=[("S1", "王秀英")])
    with DocumentMaker(form, engine=EngineChoice.COMPILED) as maker:
        before = maker.make(document).pdf
    credential = load_credential(pki.credential("unit-seal"))
    signer = BatchSigner(SigningIdentity.of(credential), SigningRequest("unit", PadesLevel.B_B, now))
    prepared = signer.prepare(before)
    signed = signer.finish(prepared, credential.signer.sign(prepared.attributes)).data
    credential.close()
    return before, signed, prepared


def test_a_right_file_passes(case: Case, form: Form, document: Document) -> None:
    check_signed_bytes(*case)
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
        (_at(lambda case: case[2].start), "no signature"),
        (_at(lambda case: case[2].end - 2), "not right"),
        (_at(lambda case: len(case[1]) - 9), "not right"),
        (_at(lambda case: case[1].rindex(b"/Filter")), "not right"),
    ],
)
def test_damage_is_found(case: Case, damage: Callable[[Case], bytes], message: str) -> None:
    before, _, prepared = case
    with pytest.raises(SigningError, match=message):
        check_signed_bytes(before, damage(case), prepared)


def test_another_persons_page_is_found(case: Case, form: Form) -> None:
    other = build_document(form, {"pledger_name": "王秀兰", "staff_no": "S1"})
    with pytest.raises(AgreegenError):
        check_page(case[1], form, other)
