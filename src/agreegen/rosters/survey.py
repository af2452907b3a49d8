"""A first look at a roster: which of a form's fields its header names, and which it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agreegen.model.form import Field, Form
from agreegen.rosters.headers import HeaderMatcher
from agreegen.rosters.table_choice import choose_table


@dataclass(frozen=True, slots=True)
class RosterSurvey:
    """What the header of a roster says to a form.

    Attributes:
        form: The form.
        sheet: The sheet that fits; None for CSV.
        columns: Field name → header, as far as they are found.
        others: Headers that mean no field of this form.
    """

    form: Form
    sheet: str | None
    columns: Mapping[str, str]
    others: tuple[str, ...]

    @property
    def tells_rows_apart(self) -> bool:
        """Whether one of the form's row keys has a column."""
        return any(name in self.columns for name in self.form.row_keys)

    @property
    def missing(self) -> tuple[Field, ...]:
        """Required fields without a column."""
        return tuple(
            field
            for field in self.form.fields
            if field.required and field.default_from is None and field.name not in self.columns
        )


def survey_roster(
    path: Path, form: Form, *, sheet: int | str | None = None, columns: Mapping[str, str] | None = None
) -> RosterSurvey:
    """Match the header of a roster to a form, without asking whether that is enough.

    Args:
        path: The roster.
        form: The form.
        sheet: As for `open_roster`.
        columns: Field name → header, for headers that the form's aliases do not know.

    Raises:
        InputError: The file cannot be read, or no row of it names a field of the form.
    """
    table, _ = choose_table(path, HeaderMatcher(form, columns), sheet)
    header = table.header
    found = {name: header.texts[column] for name, column in header.columns.items()}
    return RosterSurvey(form, table.source.sheet, found, tuple(header.texts[i] for i in header.unknown))
