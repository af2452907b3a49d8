"""What breaks inside a foreign library stays with the bytes that broke it."""

from __future__ import annotations

from typing import NoReturn

import pikepdf
import pytest
from cryptography.hazmat.primitives import serialization

from agreegen.foreign import BreakdownError, contained
from agreegen.model.report import Changes, Integrity
from agreegen.pdf.limits import Limits
from agreegen.pki import signature_values
from agreegen.pki.trust.evidence import EvidencePool
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.documents import signed as signed_page
from tests.attacks.signer import FREE_BOX, sign
from tests.unit.verification.authority import NOW
from tests.unit.verification.conftest import Pki


class PanicException(BaseException):
    """Stands for the breakdown of a library in Rust, which is no `Exception`."""


def panic(*_: object, **__: object) -> NoReturn:
    raise PanicException("called `Option::unwrap()` on a `None` value")


def test_breakdown_is_an_ordinary_error() -> None:
    with pytest.raises(BreakdownError, match="PanicException"):
        contained(panic)()


@pytest.mark.parametrize("wish", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, KeyError])
def test_everything_else_passes(wish: type[BaseException]) -> None:
    def stop() -> NoReturn:
        raise wish

    with pytest.raises(wish):
        contained(stop)()


def test_key_that_breaks_the_library(monkeypatch: pytest.MonkeyPatch, signed: bytes, pki: Pki) -> None:
    monkeypatch.setattr(serialization, "load_der_public_key", panic)
    signature_values._load_key.cache_clear()
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())
    report = verify_bytes("x", signed, options)
    signature_values._load_key.cache_clear()
    assert report.unaltered is None
    assert [signature.integrity for signature in report.signatures] == [Integrity.UNSUPPORTED]


def test_evidence_that_breaks_the_judgement_does_not_hide_the_signature(
    monkeypatch: pytest.MonkeyPatch, signed: bytes, pki: Pki
) -> None:
    known = EvidencePool.ocsp_certificates
    broken: list[EvidencePool] = []

    def once(pool: EvidencePool) -> object:
        if not broken:
            broken.append(pool)
            panic()
        return known(pool)

    monkeypatch.setattr(EvidencePool, "ocsp_certificates", once)
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls())
    report = verify_bytes("x", signed, options)
    assert report.unaltered is True
    assert [signature.integrity for signature in report.signatures] == [Integrity.INTACT]
    assert "internal-error" in {alarm.code for alarm in report.alarms}
    assert report.verdict.value == "indeterminate"


def test_file_at_which_a_library_died_is_judged_without_it(
    monkeypatch: pytest.MonkeyPatch, signed: bytes, pki: Pki
) -> None:
    monkeypatch.setattr(pikepdf, "open", panic)
    careful = Options(
        now=NOW, anchors_der=(pki.root.holder.der,), crls_der=pki.crls(), limits=Limits(native=False)
    )
    report = verify_bytes("x", signed, careful)
    assert (report.unaltered, report.verdict.value) == (None, "indeterminate")
    assert [signature.indication.value for signature in report.signatures] == ["TOTAL-PASSED"]
    assert "limit" in {alarm.code for alarm in report.alarms}


def test_what_was_painted_is_not_guessed() -> None:
    """Without the drawing library a visible field is neither permitted nor forbidden."""
    data = sign(signed_page(), "other", box=FREE_BOX)
    structure = scan_structure(data, Limits(native=False))
    assert structure.signatures[0].changes is Changes.UNKNOWN
    assert structure.sound is None
