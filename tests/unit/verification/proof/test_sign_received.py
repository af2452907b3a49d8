"""Nobody signs what cannot be vouched for: another page than the form's, signatures nobody can judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pikepdf import Pdf

from agreegen.errors import SigningError
from agreegen.model.report import FileReport, PadesLevel
from agreegen.pipeline import signing
from agreegen.pipeline.own_read_back import SignedKinds
from agreegen.pipeline.read_back import read_back
from agreegen.pipeline.signing import sign_and_check
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.verification.examination import examine
from tests.unit.verification.authority import Authority, sign
from tests.unit.verification.own_files import OwnFiles
from tests.unit.verification.proof.test_compiled_comparison import changed
from tests.unit.verification.proof.test_lies import lying, no_roles, nobody_required, white_box

NOBODY = Trust((), (), example=False)


def received(own: OwnFiles, pdf: bytes, role: str = "pledger", trust: Trust = NOBODY) -> bytes:
    name = "unit-seal" if role == "unit" else "people/HN0001"
    credential = load_credential(own.pki.credential(name))
    try:
        request = SigningRequest(role, PadesLevel.B_B, own.now, trust)
        return sign_and_check(pdf, credential, request).pdf.data
    finally:
        credential.close()


def by_a_stranger(pdf: bytes) -> bytes:
    authority = Authority.root()
    return sign(pdf, authority.issue("A stranger"), authority.holder, field_name="unit")


def test_honest_files_are_signed(own: OwnFiles) -> None:
    assert received(own, own.unsigned)
    assert received(own, own.signed["unit"])
    assert received(own, own.signed["unit"], trust=own.trust)
    assert received(own, by_a_stranger(own.unsigned)), "without --trust nobody is asked who signed before"


def test_earlier_signer_that_the_anchors_reject(own: OwnFiles) -> None:
    with pytest.raises(SigningError, match="not trusted"):
        received(own, by_a_stranger(own.unsigned), trust=own.trust)


@pytest.mark.parametrize("change", [white_box])
def test_page_that_is_not_the_forms(own: OwnFiles, change: Callable[[Pdf], None]) -> None:
    """Before anybody has signed, and after."""
    data = changed(own, change)
    for pdf in (data, by_a_stranger(data)):
        with pytest.raises(SigningError, match="compiled form"):
            received(own, pdf)


@pytest.mark.parametrize("lie", [no_roles, nobody_required])
def test_roles_that_are_not_the_forms(own: OwnFiles, lie: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises(SigningError, match=r"released form|no signature role"):
        received(own, lying(own, lie))


def test_signatures_that_cannot_be_judged(own: OwnFiles) -> None:
    """The kind of an earlier signature is not known here; whether it holds nobody can tell."""
    data = own.signed["unit"].replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.unheard.", 1)
    with pytest.raises(SigningError):
        received(own, data)


def test_other_values_than_the_page_has(own: OwnFiles) -> None:
    other = replace(own.document, values={**own.document.values, "pledger_name": "张三"})
    data = changed(own, lambda pdf: pdf.Root.AF[0].EF.F.write(other.to_json()))
    with pytest.raises(SigningError):
        received(own, data)


@dataclass
class Table:
    """Signs as the unit, file after file; counts those that were read back wholly."""

    credential: Credential
    request: SigningRequest
    kinds: SignedKinds = field(default_factory=SignedKinds)
    whole: int = 0

    def sign(self, pdf: bytes) -> bytes:
        return sign_and_check(pdf, self.credential, self.request, kinds=self.kinds).pdf.data


@pytest.fixture
def table(own: OwnFiles, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    credential = load_credential(own.pki.credential("unit-seal"))
    made = Table(credential, SigningRequest("unit", PadesLevel.B_B, own.now, NOBODY))

    def counted(*arguments: Any, **named: Any) -> FileReport:
        made.whole += 1
        return read_back(*arguments, **named)

    monkeypatch.setattr(signing, "read_back", counted)
    yield made
    credential.close()


def test_of_many_files_of_a_kind_one_is_read_back_wholly(own: OwnFiles, table: Table) -> None:
    for _ in range(3):
        assert examine("x.pdf", table.sign(own.unsigned), own.options).unaltered is True
    assert table.whole == 1
    table.request = replace(table.request, role="pledger")
    with pytest.raises(SigningError, match="another holder"):
        table.sign(own.unsigned)


def test_what_was_not_made_again_is_read_back_wholly_each_time(own: OwnFiles, table: Table) -> None:
    table.sign(own.unsigned)
    for count in (2, 3):
        table.sign(own.unsigned + b"\n")
        assert table.whole == count


@pytest.mark.parametrize("place", [0.3, 0.99])
def test_a_damaged_file_is_found_whichever_it_is(
    own: OwnFiles, table: Table, monkeypatch: pytest.MonkeyPatch, place: float
) -> None:
    def damaged(*arguments: Any, **named: Any) -> SignedPdf:
        made = sign_pdf(*arguments, **named)
        data = bytearray(made.data)
        data[int(len(data) * place)] ^= 1
        return replace(made, data=bytes(data))

    table.sign(own.unsigned)
    table.sign(own.unsigned)
    monkeypatch.setattr(signing, "sign_pdf", damaged)
    with pytest.raises(SigningError):
        table.sign(own.unsigned)
