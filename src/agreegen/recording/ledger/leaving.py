"""Leavers: nobody leaves while a copy is out or the leaving pledge is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agreegen.errors import InputError, UsageError
from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import Kind, Note, OwnKind, Signature, SignedBy
from agreegen.ledger.names import may_be
from agreegen.ledger.people import Clearance, Grade, add_months, clear
from agreegen.ledger.store import Content
from agreegen.ledger.timeline import replay
from agreegen.messages import message
from agreegen.recording.ledger.signatures import keep_signature
from agreegen.recording.ledger.writer import LedgerWriter
from agreegen.register.store import Register

LEAVING_FORM, _ROLE = "leaving-pledge", "pledger"


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is recorded of people who leave.

    Attributes:
        day: Their last day.
        grade: Grade of their posts.
        months: Length of the period after leaving; None for the shortest that the grade allows.
        post: Their post.
        note: Anything else.
    """

    day: date
    grade: Grade = Grade.NONE
    months: int | None = None
    post: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        shortest, longest = self.grade.months
        if self.months is not None and not shortest <= self.months <= longest:
            raise UsageError(
                message("ledger.bad-months", shortest=shortest, longest=longest, months=self.months),
                hint=message("ledger.bad-months.hint"),
            )

    @property
    def bound_until(self) -> date | None:
        """The last day of the period after leaving; None where there is none."""
        months = self.grade.months[0] if self.months is None else self.months
        return add_months(self.day, months) if months else None


def find_pledge(register: Register, name: str) -> Signature | None:
    """Return the leaving pledge in force that somebody has signed, by a register; None for none.

    Args:
        register: The register.
        name: The name; a number in brackets behind it tells people of one name apart.
    """
    for document in register.documents():
        known = document.registration
        numbered = f"{known.name}({known.staff_no})" if known.staff_no else known.name
        signed = document.in_force and document.fulfilment(_ROLE) is not None
        if known.form_id == LEAVING_FORM and signed and may_be(name, numbered):
            return Signature(SignedBy.DOCUMENT, known.id)
    return None


def examine_leavers(
    content: Content,
    names: Sequence[str],
    *,
    register: Register | None = None,
    pledge: Signature | None = None,
) -> tuple[Clearance, ...]:
    """Say of each name what stands against leaving.

    Args:
        content: The ledger's entries.
        names: Who leaves.
        register: Where their leaving pledges are asked for; None for taking the caller's word.
        pledge: Where the pledge of the only one is found, where no register knows it.

    Raises:
        Refused: The entries do not fit each other.
    """
    holdings = replay(content.movements, content.left)
    asked = {name: None if register is None else find_pledge(register, name) for name in names}
    return tuple(clear(holdings, name, asked[name] or pledge) for name in names)


def leaver_notes(writer: LedgerWriter, clearances: Sequence[Clearance], leaving: Leaving) -> tuple[Note, ...]:
    """Return the entries that record people's leaving; the caller has seen that nothing stands against it.

    Raises:
        InputError: One of them still took copies over after that day.
    """
    assert not any(each.open for each in clearances)
    leavers = {each.name: leaving.day for each in clearances}
    try:
        replay(writer.content.movements, {**writer.content.left, **leavers})
    except Refused as exc:
        raise InputError(message("ledger.left-too-early", day=leaving.day, problem=exc.problem)) from exc
    until, root = leaving.bound_until, writer.ledger.path.parent
    kept = {each.name: keep_signature(each.pledge, root) for each in clearances}
    return tuple(
        Note(
            OwnKind.LEAVER,
            leaving.day,
            {
                "name": each.name,
                "post": leaving.post,
                "grade": leaving.grade.value,
                "pledge": _stored(kept[each.name]),
                "returned": _returned(writer.content, each.name),
                "bound_until": None if until is None else until.isoformat(),
                "note": leaving.note,
            },
        )
        for each in clearances
    )


def _stored(pledge: Signature | None) -> dict[str, str]:
    assert pledge is not None  # nobody leaves without one
    return pledge.to_dict()


def _returned(content: Content, name: str) -> int:
    """Count the copies that somebody ever gave back."""
    return sum(each.count for each in content.movements if each.kind is Kind.RETURN and each.giver == name)
