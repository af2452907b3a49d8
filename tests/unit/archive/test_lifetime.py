"""What the proof of a bag rests on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ObjectIdentifier

from agreegen.archive.evidence.lifetime import endings_of
from agreegen.pki.device_certificates import EVIDENCE_DIGEST, evidence_extension
from agreegen.pki.trust.policy import BUILT_IN
from tests.unit.pki.trust.certificate_maker import Plan, issue
from tests.unit.verification.authority import NOW

DEVICE = (x509.UnrecognizedExtension(ObjectIdentifier(EVIDENCE_DIGEST), evidence_extension("0" * 64)), False)


@pytest.mark.parametrize(
    ("plan", "listed"),
    [
        (Plan("张伟", extensions=(DEVICE,), start=NOW, end=NOW + timedelta(minutes=10)), False),
        (Plan("张伟", extensions=(DEVICE,), start=NOW, end=NOW + timedelta(days=3000)), True),
        (Plan("张伟", start=NOW, end=NOW + timedelta(minutes=10)), True),
    ],
)
def test_a_certificate_for_one_signature_has_ended_as_it_must(
    tmp_path: Path, plan: Plan, listed: bool
) -> None:
    """Else the bag of an office whose people sign on devices is told as ended, with nothing to be done."""
    (tmp_path / "manifest-sha256.txt").touch()
    (tmp_path / "data/certificates").mkdir(parents=True)
    (tmp_path / "data/certificates/one.cer").write_bytes(issue(plan).der)
    found = [each.kind for each in endings_of(tmp_path, BUILT_IN)]
    assert ("certificate" in found) is listed
