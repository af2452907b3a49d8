"""Complaints about input: what is wrong, where it stands, what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from agreegen.errors import InputError
from agreegen.messages import Message, foreign_text, message, translate

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
        file: The file's path as the user gave it, or a place in it that has no rows.
        sheet: Worksheet name, for workbooks.
        row: One-based row (or line) number.
        cell: Spreadsheet address such as `C4`.
        label: The field's label in the language of the form.
        field: The field's name.
        spots: Several rows or cells in words, in place of one.
    """

    file: Message | str | None = None
    sheet: str | None = None
    row: int | None = None
    cell: str | None = None
    label: str | None = None
    field: str | None = None
    spots: Message | None = None

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """Return the place in words."""
        spot = self.spots or self.cell
        if spot is None and self.row is not None:
            spot = message("model.row", row=self.row)
        name: Message | str | None = self.label or self.field
        if self.label and self.field:
            name = message("model.label-and-field", label=self.label, field=self.field)
        parts: list[Message | str] = [part for part in (self.file, self.sheet, spot, name) if part]
        return translate(reduce(_within, parts), language) if parts else ""


def _within(outer: Message | str, inner: Message | str) -> Message:
    return message("model.place-within", outer=outer, inner=inner)


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
    problem: Message
    remedy: Message | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """Return place, problem and remedy in a reader's language."""
        text: Message = self.problem
        if translate(self.location, language):
            text = message("model.place-and-problem", place=self.location, problem=text)
        if self.remedy:
            text = message("model.problem-and-remedy", problem=text, remedy=self.remedy)
        return translate(text, language)


def sort_and_merge(complaints: Sequence[Complaint]) -> list[str]:
    """Write complaints for people, in the reader's language: warnings of a kind in one line, then errors.

    Two warnings are of one kind where they say the same sentence of other cells and other values.
    """
    kinds: dict[tuple[object, ...], list[Complaint]] = {}
    errors = [
        translate(message("model.error", complaint=complaint))
        for complaint in complaints
        if complaint.severity is Severity.ERROR
    ]
    for complaint in complaints:
        if complaint.severity is Severity.WARNING:
            place = complaint.location
            kind = (place.file, place.sheet, place.field, _kind(complaint.problem), _kind(complaint.remedy))
            kinds.setdefault(kind, []).append(complaint)
    warnings = [translate(message("model.warning", complaint=_merged(alike))) for alike in kinds.values()]
    return [*warnings, *errors]


def _kind(text: Message | None) -> object:
    """Return what a text says, whatever it says it of: its code and those of the messages in it."""
    if text is None:
        return None
    if text.code == foreign_text("").code:
        return _VARYING.sub("#", str(text))
    return text.code, *(_kind(value) for _, value in text.values if isinstance(value, Message))


def _merged(alike: Sequence[Complaint]) -> Complaint:
    first = alike[0]
    if len(alike) == 1:
        return first
    spots: list[Message | str] = [
        place.cell or message("model.row", row=place.row)
        for place in (complaint.location for complaint in alike[:_SPOTS_NAMED])
    ]
    if len(alike) > _SPOTS_NAMED:
        spots.append("…")
    where = message("model.in-all", spots=tuple(spots), count=len(alike))
    same = all(complaint.problem == first.problem for complaint in alike)
    problem = first.problem if same else message("model.for-example", problem=first.problem)
    return replace(first, location=replace(first.location, row=None, cell=None, spots=where), problem=problem)


_MOST_SHOWN = 1_000


class ComplaintsError(InputError):
    """Input with one or more errors; carries every complaint at once."""

    def __init__(
        self, sentence: Message, complaints: Sequence[Complaint], *, hint: Message | None = None
    ) -> None:
        super().__init__(sentence, hint=hint)
        self.complaints = tuple(complaints)

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """Return what the input is refused for, one complaint a line."""
        shown = [f"  {translate(complaint, language)}" for complaint in self.complaints[:_MOST_SHOWN]]
        if len(self.complaints) > _MOST_SHOWN:
            more = message("model.and-more", count=len(self.complaints) - _MOST_SHOWN)
            shown.append(f"  {translate(more, language)}")
        return "\n".join([translate(self.sentence, language), *shown])
