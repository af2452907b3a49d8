"""Complaints about input: what is wrong, where it stands, what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from agreegen.errors import InputError

_VARYING = re.compile(r"“[^”]*”|[0-9]+(?:, [0-9]+)*")
_SPOTS_NAMED = 5


class Severity(StrEnum):
    """Whether a complaint stops its row or only asks for a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in an input file, as precisely as it is known.

    Attributes:
        file: The file's path as the user gave it.
        sheet: Worksheet name, for workbooks.
        row: One-based row (or line) number.
        cell: Spreadsheet address such as `C4`.
        label: The field's label in the language of the form.
        field: The field's name.
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    cell: str | None = None
    label: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        spot = self.cell or (f"row {self.row}" if self.row is not None else None)
        name = None
        if self.label and self.field:
            name = f"{self.label} ({self.field})"
        elif self.label or self.field:
            name = self.label or self.field
        return ", ".join(part for part in (self.file, self.sheet, spot, name) if part)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with the input.

    Attributes:
        location: Where it stands.
        problem: What is wrong, with personal IDs masked.
        remedy: What would be right.
        severity: An error stops the row, a warning does not.
    """

    location: Location
    problem: str
    remedy: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = str(self.location)
        text = f"{where}: {self.problem}" if where else self.problem
        return f"{text}; {self.remedy}" if self.remedy else text


def sort_and_merge(complaints: Sequence[Complaint]) -> list[str]:
    """Write complaints for people: warnings of one kind in one line, then errors, each by itself.

    Two warnings are of one kind where they differ only in what they quote, in numbers and in the cell.
    """
    kinds: dict[tuple[str | None, ...], list[Complaint]] = {}
    errors = [f"error: {complaint}" for complaint in complaints if complaint.severity is Severity.ERROR]
    for complaint in complaints:
        if complaint.severity is Severity.WARNING:
            place = complaint.location
            said = _VARYING.sub("#", complaint.problem)
            kind = (place.file, place.sheet, place.field, said, complaint.remedy)
            kinds.setdefault(kind, []).append(complaint)
    return [*(f"warning: {_merged(alike)}" for alike in kinds.values()), *errors]


def _merged(alike: Sequence[Complaint]) -> str:
    first = alike[0]
    if len(alike) == 1:
        return str(first)
    spots = [place.cell or f"row {place.row}" for place in (c.location for c in alike[:_SPOTS_NAMED])]
    more = ", …" if len(alike) > _SPOTS_NAMED else ""
    where = str(replace(first.location, row=None, cell=", ".join(spots) + more + f" ({len(alike)} in all)"))
    same = all(complaint.problem == first.problem for complaint in alike)
    return str(
        replace(first, location=Location(file=where), problem=("" if same else "e.g. ") + first.problem)
    )


_MOST_SHOWN = 1_000


class ComplaintsError(InputError):
    """Input with one or more errors; carries every complaint at once."""

    def __init__(self, message: str, complaints: Sequence[Complaint], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.complaints = tuple(complaints)

    def __str__(self) -> str:
        shown = [f"  {complaint}" for complaint in self.complaints[:_MOST_SHOWN]]
        if len(self.complaints) > _MOST_SHOWN:
            shown.append(f"  … and {len(self.complaints) - _MOST_SHOWN} more")
        return "\n".join([self.message, *shown])
