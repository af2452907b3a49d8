"""No attack passes, and no honest change is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agreegen.model.report import Coverage
from agreegen.pdf.limits import Limits
from agreegen.verification.examination import examine
from agreegen.verification.interface import COVERS_CONTENT, UNSIGNED_CONTENT, Options, Structure
from agreegen.verification.pictures.findings import SEAL_OVER_CONTENT
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.documents import certified, signed
from tests.attacks.honest import long_chain
from tests.attacks.samples import ATTACKS, COVERING, HONEST, UNSIGNED
from tests.attacks.signer import digest_holds


def _unaltered(data: bytes, structure: Structure) -> bool:
    digests = [digest_holds(data, signature) for signature in structure.signatures]
    return bool(digests) and all(digests) and structure.sound is True


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_attack_is_noticed(name: str) -> None:
    data = ATTACKS[name]()
    structure = scan_structure(data, Limits())
    assert not _unaltered(data, structure)
    assert structure.sound is False, "the structure alone has to show it"
    assert structure.signatures, "the signature is still named"
    told = [alarm.message for alarm in structure.alarms if alarm.alters]
    told += [reason for signature in structure.signatures for reason in signature.reasons]
    assert told, "somebody has to be told why"


@pytest.mark.parametrize("name", sorted(HONEST))
def test_honest_change_passes(name: str) -> None:
    data = HONEST[name]()
    structure = scan_structure(data, Limits())
    # That nobody signed what came last is another question.
    assert [alarm for alarm in structure.alarms if alarm.code != UNSIGNED_CONTENT] == []
    assert [signature.reasons for signature in structure.signatures] == [()] * len(structure.signatures)
    assert _unaltered(data, structure)
    assert structure.attachment == b'{"id": "X"}'


@pytest.mark.parametrize("name", sorted(UNSIGNED))
def test_words_that_nobody_signed_are_told(name: str) -> None:
    structure = scan_structure(UNSIGNED[name](), Limits())
    assert UNSIGNED_CONTENT in {alarm.code for alarm in structure.alarms}


@pytest.mark.parametrize("name", ["time in the metadata", "blank look on no place", "long chain"])
def test_time_and_program_say_nothing(name: str) -> None:
    structure = scan_structure(HONEST.get(name, long_chain)(), Limits())
    assert UNSIGNED_CONTENT not in {alarm.code for alarm in structure.alarms}


@pytest.mark.parametrize("name", sorted(COVERING))
def test_look_of_a_signature_over_text_is_for_a_person_to_judge(name: str) -> None:
    data, now = COVERING[name](), datetime.now(UTC)
    report = examine(name, data, Options(now=now))
    assert report.unaltered is None
    (covers,) = (alarm for alarm in report.alarms if alarm.code == COVERS_CONTENT)
    seen = frozenset({covers.picture_sha256 or ""})
    confirmed = examine(name, data, Options(now=now, seals_seen=seen))
    assert confirmed.unaltered is True
    assert COVERS_CONTENT not in {alarm.code for alarm in confirmed.alarms}
    assert [remark.code for remark in confirmed.remarks] == [SEAL_OVER_CONTENT]


def test_attacks_leave_signed_bytes_alone() -> None:
    """Else the digest would notice, and the table above would prove nothing about the structure."""
    kept = [name for name in ATTACKS if ATTACKS[name]().startswith((signed(), certified(), certified(3)))]
    assert len(kept) >= 25


def test_long_chain_is_read_in_order() -> None:
    structure = scan_structure(long_chain(), Limits())
    assert [s.kind.value for s in structure.signatures] == [
        "signature",
        "signature",
        "timestamp",
        "timestamp",
    ]
    assert structure.signatures[-1].coverage is Coverage.WHOLE_FILE
    assert structure.signatures[0].docmdp == 2
    assert len(structure.validation_data.certificates_der) == 2


@pytest.mark.parametrize("cut", [0, 1, 8, 20, 100, 1000, -1, -3, -8, -30, -200])
def test_truncated_file_has_an_answer(cut: int) -> None:
    data = signed()[:cut]
    structure = scan_structure(data, Limits())
    assert not _unaltered(data, structure) or structure.revisions == (len(data),)
