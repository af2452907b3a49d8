"""From the findings about a file to `unaltered` and the verdict, exactly as the interface defines them."""

from __future__ import annotations

from collections.abc import Sequence

from agreegen.model.report import (
    Alarm,
    Changes,
    Coverage,
    DocumentFacts,
    Indication,
    Integrity,
    SignatureKind,
    SignatureReport,
    Verdict,
)
from agreegen.pki.cms.signature_facts import SignatureFacts, TimestampFacts
from agreegen.verification.document_checks import BLOCKING
from agreegen.verification.interface import FoundSignature, Structure

_WRONG = {Integrity.BROKEN, Integrity.UNREADABLE}


def judge_unaltered(structure: Structure, facts: Sequence[SignatureFacts]) -> bool | None:
    """Say whether every signature is right, covers what it must, and nothing unexplained came after it.

    Trust, time, revocation and the strength of algorithms do not enter.

    Returns:
        False where one thing is wrong, None where there is no signature or one cannot be judged, else True.
    """
    if not structure.signatures:
        return None
    if structure.sound is False or any(alarm.alters for alarm in structure.alarms):
        return False
    integrity = set().union(*map(_integrities, facts))
    if integrity & _WRONG or any(map(_is_altered, structure.signatures)):
        return False
    explained = all(found.changes is not Changes.UNKNOWN for found in structure.signatures)
    whole = structure.sound is True and structure.readable and explained
    return True if whole and integrity <= {Integrity.INTACT} else None


def _integrities(fact: SignatureFacts) -> set[Integrity]:
    return {fact.integrity, *(stamp.integrity for stamp in fact.timestamps if not _proves_nothing(stamp))}


def _is_altered(found: FoundSignature) -> bool:
    partial = found.coverage is Coverage.PARTIAL and found.placed
    return partial or found.changes is Changes.FORBIDDEN


def _proves_nothing(stamp: TimestampFacts) -> bool:
    """A timestamp over the right bytes whose service is not named is as good as none: it gives no time."""
    missing = stamp.subindication == "NO_SIGNING_CERTIFICATE_FOUND"
    return missing and stamp.integrity is Integrity.UNSUPPORTED and stamp.use != "document"


def judge_file(
    structure: Structure,
    unaltered: bool | None,
    signatures: Sequence[SignatureReport],
    document: DocumentFacts | None,
    alarms: Sequence[Alarm],
    *,
    complete: bool,
) -> Verdict:
    """Draw the verdict. Every way to `valid` is written out; whatever is not listed is `indeterminate`.

    Args:
        structure: The structure scan.
        unaltered: From `judge_unaltered`.
        signatures: The reports on all signatures.
        document: What `agreegen.json` says, if there is one.
        alarms: All alarms about the file.
        complete: Whether missing roles matter.
    """
    if not structure.readable or not signatures:
        return _judge_without_signatures(structure)
    if unaltered is False or Indication.TOTAL_FAILED in {s.indication for s in signatures}:
        return Verdict.INVALID
    indications = {s.indication for s in signatures if s.kind is SignatureKind.SIGNATURE}
    if not indications:
        return Verdict.UNSIGNED
    passed = unaltered is True and indications == {Indication.TOTAL_PASSED}
    if passed and not _block(alarms) and not (complete and _lacks_roles(document)):
        return Verdict.VALID
    return Verdict.INDETERMINATE


def _block(alarms: Sequence[Alarm]) -> bool:
    return any(alarm.code in BLOCKING for alarm in alarms)


def _lacks_roles(document: DocumentFacts | None) -> bool:
    return document is not None and bool(document.missing_roles)


def _judge_without_signatures(structure: Structure) -> Verdict:
    """Draw the verdict on a file that cannot be read, or in which no signature was found."""
    if not structure.readable or any(alarm.code == "password-needed" for alarm in structure.alarms):
        return Verdict.UNREADABLE
    # Where a limit stopped the reading, there may be signatures that nobody has seen.
    return Verdict.INDETERMINATE if structure.sound is None else Verdict.UNSIGNED
