"""What a check of the four properties says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agreegen.messages import Message


class Property(StrEnum):
    """真实性, 完整性, 可用性, 安全性."""

    AUTHENTICITY = "authenticity"
    INTEGRITY = "integrity"
    USABILITY = "usability"
    SAFETY = "safety"


class Outcome(StrEnum):
    """What came of a check; what was not done is neither good nor bad, and says why."""

    PASSED = "passed"
    FAILED = "failed"
    REMARK = "remark"
    NOT_DONE = "not-done"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        property: What it is about.
        code: Stable, lower-case, hyphenated code.
        subject: What was looked at.
        basis: By what standard or record.
        outcome: What came of it.
        detail: Counts, and what is wrong.
    """

    property: Property
    code: str
    subject: Message
    basis: Message
    outcome: Outcome
    detail: Message


def outcome_of(checks: Sequence[Check], which: Property) -> Outcome:
    """Return what a property comes to: failed where one check failed, else passed where one passed."""
    found = {check.outcome for check in checks if check.property is which}
    for outcome in (Outcome.FAILED, Outcome.PASSED, Outcome.REMARK):
        if outcome in found:
            return outcome
    return Outcome.NOT_DONE
