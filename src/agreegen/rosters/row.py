"""One row of a roster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agreegen.messages import Message, join_sentences, message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.model.document import Value
from agreegen.model.form import Form
from agreegen.model.row_key import RowKey, find_number, find_personal_id, find_row_key
from agreegen.values.masking import mask


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row of a roster, as it stands and as it was read.

    Attributes:
        number: One-based row number in the file.
        cells: The cells as text, in the order of the roster's header; for `failed-rows`.
        values: The values that could be read, by field name; whole only if `failed` is false.
        complaints: What is wrong or odd in this row.
        key: What tells this row from others, where it could be read.
        staff_no: The number that people know the row by: a staff number, for agreements a contract's or a
            company's number.
        id_number: The resident ID number, where it could be read.
        subject: The person or party, where it could be read; else empty.
        doubled: Whether another row has a number that this one may not share.
        mended: Whether it was read as it was mended elsewhere, while its cells are as they were.
    """

    number: int
    cells: tuple[str, ...]
    values: Mapping[str, Value]
    complaints: tuple[Complaint, ...] = ()
    key: RowKey | None = None
    staff_no: str | None = None
    id_number: str | None = None
    subject: str = ""
    doubled: bool = False
    mended: bool = False

    @classmethod
    def of(
        cls,
        form: Form,
        number: int,
        cells: tuple[str, ...],
        values: Mapping[str, Value],
        complaints: tuple[Complaint, ...],
    ) -> RosterRow:
        """Make a row; what tells it apart and whom it is about follow from its values."""
        return cls(
            number=number,
            cells=cells,
            values=values,
            complaints=complaints,
            key=find_row_key(form, values),
            staff_no=find_number(form, values),
            id_number=find_personal_id(form, values),
            subject=form.subject_of(values),
        )

    @property
    def label(self) -> str:
        """What people call this row: its number, else the masked ID number, else the name."""
        return self.staff_no or mask(self.id_number or "") or self.subject

    @property
    def failed(self) -> bool:
        """Whether an error stops this row."""
        return any(complaint.severity is Severity.ERROR for complaint in self.complaints)

    @property
    def reason(self) -> Message | None:
        """All errors of the row in one line, for the reason column of `failed-rows`."""
        return join_sentences(_reason(c) for c in self.complaints if c.severity is Severity.ERROR)


def _reason(complaint: Complaint) -> Message:
    reason, spot = complaint.problem, _spot(complaint.location)
    if complaint.remedy:
        reason = message("rosters.reason-with-remedy", reason=reason, remedy=complaint.remedy)
    return message("rosters.reason-at", spot=spot, reason=reason) if spot else reason


def _spot(location: Location) -> str:
    return " ".join(part for part in (location.label or location.field, location.cell) if part)
