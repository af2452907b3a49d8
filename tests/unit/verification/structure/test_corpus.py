"""Third-party files: forged ones never pass, honest ones nearly always do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.pdf.limits import Limits
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.signer import digest_holds

FOLDER = Path(os.environ.get("AGREEGEN_PDF_CORPUS") or Path(__file__).parents[5] / "shared" / "pdf-corpus")
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of third-party PDFs is not there"),
]


def _files(kind: str) -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted((FOLDER / kind).glob("*.pdf")))


@pytest.mark.parametrize("kind", ["attack", "tampered"])
def test_changed_files_do_not_pass(kind: str) -> None:
    """Files whose cryptography alone is wrong are the other half's: here only digests are looked at."""
    passed = 0
    for data in _files(kind):
        structure = scan_structure(data, Limits())
        passed += structure.sound is True and all(digest_holds(data, s) for s in structure.signatures)
    assert passed <= {"attack": 0, "tampered": 1}[kind]


def test_honest_files_pass() -> None:
    # A note with text of its own was put on one of them after the signature, against its makers' label.
    verdicts = [scan_structure(data, Limits()).sound for data in _files("intact")]
    assert verdicts.count(False) <= 2
    assert verdicts.count(True) >= 0.93 * len(verdicts)


def test_every_file_has_its_signatures_named() -> None:
    for kind in ("attack", "tampered", "malformed", "intact"):
        for data in _files(kind):
            structure = scan_structure(data, Limits())
            codes = {alarm.code for alarm in structure.alarms}
            assert structure.signatures or "placeholder-signature" in codes


def test_unsigned_files_have_no_signature() -> None:
    assert [scan_structure(data, Limits()).signatures for data in _files("unsigned")] == [()]
