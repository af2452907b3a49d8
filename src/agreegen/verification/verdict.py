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
from agreegen.verification.interface import Structure

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
    integrity = [fact.integrity for fact in facts]
    integrity += [s.integrity for fact in facts for s in fact.timestamps if not _proves_nothing(s)]
    if any(one in _WRONG for one in integrity):
        return False
    for found in structure.signatures:
        partial = found.coverage is Coverage.PARTIAL and found.placed
        if partial or found.changes is Changes.FORBIDDEN:
            return False
    unjudged = any(one is not Integrity.INTACT for one in integrity)
    unexplained = any(found.changes is Changes.UNKNOWN for found in structure.signatures)
    return None if unjudged or unexplained or structure.sound is None or not structure.readable else True


def _proves_nothing(stamp: TimestampFacts) -> bool:
    """A timestamp over the right bytes whose service is not named is as good as none: it gives no time."""
    missing = stamp.subindication == "NO_SIGNING_CERTIFICATE_FOUND"
    return missing and stamp.integrity is Integrity.UNSUPPORTED and stamp.use != "document"


def judge_file(  # noqa: PLR0911 - one way out for each line of the definition
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
    locked = any(alarm.code == "password-needed" for alarm in structure.alarms)
    if not structure.readable or (locked and not signatures):
        return Verdict.UNREADABLE
    if not signatures:
        # Where a limit stopped the reading, there may be signatures that nobody has seen.
        return Verdict.INDETERMINATE if structure.sound is None else Verdict.UNSIGNED
    if unaltered is False or any(s.indication is Indication.TOTAL_FAILED for s in signatures):
        return Verdict.INVALID
    signers = [s for s in signatures if s.kind is SignatureKind.SIGNATURE]
    if not signers:
        return Verdict.UNSIGNED
    if unaltered is not True or any(s.indication is not Indication.TOTAL_PASSED for s in signers):
        return Verdict.INDETERMINATE
    if any(alarm.code in BLOCKING for alarm in alarms):
        return Verdict.INDETERMINATE
    if complete and document is not None and document.missing_roles:
        return Verdict.INDETERMINATE
    return Verdict.VALID
