"""`unaltered` and the verdict: a table of every combination that the interface names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agreegen.messages import foreign_text
from agreegen.model.report import (
    Alarm,
    Changes,
    Coverage,
    DocumentFacts,
    Indication,
    Integrity,
    PadesLevel,
    Revocation,
    SignatureKind,
    SignatureReport,
    TimeSource,
    TrustStatus,
)
from agreegen.pki.cms.signature_facts import SignatureFacts, TimestampFacts
from agreegen.verification.interface import FoundSignature, Structure
from agreegen.verification.verdict import judge_file, judge_unaltered

FOUND = FoundSignature(
    field="a",
    kind=SignatureKind.SIGNATURE,
    subfilter="ETSI.CAdES.detached",
    byte_range=(0, 1, 2, 3),
    contents=b"",
    revision=0,
    coverage=Coverage.WHOLE_FILE,
    changes=Changes.NONE,
)
RIGHT = SignatureFacts(Integrity.INTACT)
REPORT = SignatureReport(
    field="a",
    role=None,
    signer="A",
    kind=SignatureKind.SIGNATURE,
    indication=Indication.TOTAL_PASSED,
    subindication=None,
    integrity=Integrity.INTACT,
    coverage=Coverage.WHOLE_FILE,
    changes_after=Changes.NONE,
    trust=TrustStatus.TRUSTED,
    revocation=Revocation.CLEAR,
    level=PadesLevel.B_B,
    time=None,
    time_source=TimeSource.CLAIMED,
)


def structure(*signatures: FoundSignature, **options: object) -> Structure:
    return Structure(revisions=(10,), signatures=signatures, **options)  # type: ignore[arg-type]


def stamped(integrity: Integrity, use: str = "signature", why: str | None = None) -> SignatureFacts:
    return replace(RIGHT, timestamps=(TimestampFacts(use, None, integrity, subindication=why),))


@pytest.mark.parametrize(
    ("found", "facts", "options", "expected"),
    [
        (FOUND, RIGHT, {}, True),
        (replace(FOUND, coverage=Coverage.REVISION, changes=Changes.PERMITTED), RIGHT, {}, True),
        (FOUND, stamped(Integrity.UNSUPPORTED, why="NO_SIGNING_CERTIFICATE_FOUND"), {}, True),
        (FOUND, stamped(Integrity.UNSUPPORTED, "document", "NO_SIGNING_CERTIFICATE_FOUND"), {}, None),
        (FOUND, stamped(Integrity.UNSUPPORTED, why="GENERIC"), {}, None),
        (FOUND, stamped(Integrity.BROKEN, why="NO_SIGNING_CERTIFICATE_FOUND"), {}, False),
        (FOUND, SignatureFacts(Integrity.BROKEN), {}, False),
        (FOUND, SignatureFacts(Integrity.UNREADABLE), {}, False),
        (FOUND, SignatureFacts(Integrity.UNSUPPORTED), {}, None),
        (replace(FOUND, coverage=Coverage.PARTIAL), RIGHT, {}, False),
        (replace(FOUND, coverage=Coverage.PARTIAL), SignatureFacts(Integrity.UNSUPPORTED), {}, False),
        (replace(FOUND, changes=Changes.FORBIDDEN), RIGHT, {}, False),
        (replace(FOUND, changes=Changes.UNKNOWN), RIGHT, {}, None),
        (FOUND, stamped(Integrity.BROKEN), {}, False),
        (FOUND, stamped(Integrity.UNREADABLE), {}, False),
        (FOUND, stamped(Integrity.UNSUPPORTED), {}, None),
        (FOUND, stamped(Integrity.INTACT), {}, True),
        (FOUND, RIGHT, {"sound": False}, False),
        (FOUND, RIGHT, {"sound": None}, None),
        (FOUND, RIGHT, {"alarms": (Alarm("x", foreign_text("x"), alters=True),)}, False),
        (FOUND, RIGHT, {"alarms": (Alarm("x", foreign_text("x")),)}, True),
        (FOUND, RIGHT, {"readable": False}, None),
    ],
)
def test_unaltered(
    found: FoundSignature, facts: SignatureFacts, options: dict[str, object], expected: bool | None
) -> None:
    assert judge_unaltered(structure(found, **options), (facts,)) is expected


def test_nothing_to_judge() -> None:
    assert judge_unaltered(structure(), ()) is None


def test_one_broken_signature_outweighs_one_that_cannot_be_judged() -> None:
    facts = (SignatureFacts(Integrity.UNSUPPORTED), SignatureFacts(Integrity.BROKEN))
    assert judge_unaltered(structure(FOUND, FOUND), facts) is False


STAMP = replace(REPORT, kind=SignatureKind.TIMESTAMP)
DOUBT = replace(REPORT, indication=Indication.INDETERMINATE, subindication="TRY_LATER")
FAILED = replace(REPORT, indication=Indication.TOTAL_FAILED, subindication="REVOKED")
COMPLETE = DocumentFacts("1", "f", ())
MISSING = DocumentFacts("1", "f", ("b",))


@pytest.mark.parametrize(
    ("reports", "unaltered", "document", "alarms", "complete", "expected"),
    [
        ((REPORT,), True, None, (), False, "valid"),
        ((REPORT, REPORT), True, COMPLETE, (), True, "valid"),
        ((REPORT,), True, MISSING, (), False, "valid"),
        ((REPORT,), True, MISSING, (), True, "indeterminate"),
        ((REPORT,), False, None, (), False, "invalid"),
        ((REPORT,), None, None, (), False, "indeterminate"),
        ((REPORT, DOUBT), True, None, (), False, "indeterminate"),
        ((REPORT, FAILED), True, None, (), False, "invalid"),
        ((STAMP,), True, None, (), False, "unsigned"),
        ((STAMP,), False, None, (), False, "invalid"),
        ((REPORT, replace(DOUBT, kind=SignatureKind.TIMESTAMP)), True, None, (), False, "valid"),
        ((REPORT,), True, None, ("wrong-signer",), False, "indeterminate"),
        ((REPORT,), True, None, ("text-differs",), False, "indeterminate"),
        ((REPORT,), True, None, ("register-unknown",), False, "indeterminate"),
        ((REPORT,), True, None, ("wrong-order", "example-trust"), False, "valid"),
        ((), None, None, (), False, "unsigned"),
    ],
)
def test_verdict(
    reports: tuple[SignatureReport, ...],
    unaltered: bool | None,
    document: DocumentFacts | None,
    alarms: tuple[str, ...],
    complete: bool,
    expected: str,
) -> None:
    found = tuple(Alarm(code, foreign_text(code)) for code in alarms)
    verdict = judge_file(structure(FOUND), unaltered, reports, document, found, complete=complete)
    assert verdict.value == expected


def test_unreadable() -> None:
    assert judge_file(structure(readable=False), None, (), None, (), complete=False).value == "unreadable"


def test_file_that_was_not_read_to_its_end_is_not_called_unsigned() -> None:
    assert judge_file(structure(sound=None), None, (), None, (), complete=False).value == "indeterminate"
