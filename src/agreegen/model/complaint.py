"""Complaints about input: what is wrong, where it stands, what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agreegen.errors import InputError


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


class ComplaintsError(InputError):
    """Input with one or more errors; carries every complaint at once."""

    def __init__(self, message: str, complaints: Sequence[Complaint], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.complaints = tuple(complaints)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {complaint}" for complaint in self.complaints)])
