"""Tables whose rows need nothing that tells them apart: entries of a ledger, points of an inspection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.model.complaint import Complaint, Location
from agreegen.model.document import Value
from agreegen.model.form import Field, FieldType, Form
from agreegen.rosters.formats.cell_addresses import cell_address
from agreegen.rosters.headers import HeaderMatcher, list_headers
from agreegen.rosters.table import Table
from agreegen.rosters.table_choice import choose_table
from agreegen.values.dates import date_from_1904
from agreegen.values.parse import parse_values
from agreegen.values.problem import RawValue
from agreegen.values.text import is_empty, is_stroke


@dataclass(frozen=True, slots=True)
class Record:
    """One row.

    Attributes:
        number: One-based number of the row in the file.
        values: The values that could be read, by field name.
        complaints: What is wrong or odd in it.
    """

    number: int
    values: Mapping[str, Value]
    complaints: tuple[Complaint, ...]


class Records:
    """An opened table; see `open_records`."""

    def __init__(self, path: Path, form: Form, table: Table) -> None:
        self._path = path
        self._form = form
        self._table = table
        self._columns = table.header.columns
        self._facts = table.source.facts

    def rows(self) -> Iterator[Record]:
        """Yield the rows in file order.

        Raises:
            InputError: The file is damaged.
        """
        for number, cells in self._table.rows():
            yield self._read(number, cells)

    def locate(self, number: int, name: str) -> Location:
        """Say where the value of a field stands; the row alone where it has no column."""
        column = self._columns.get(name)
        cell = None if column is None else cell_address(number, column)
        label = self._form.field(name).label_zh if name in self._names else None
        return Location(str(self._path), self._table.source.sheet, number, cell, label, name)

    @property
    def _names(self) -> set[str]:
        return {field.name for field in self._form.fields}

    def _read(self, number: int, cells: Sequence[RawValue]) -> Record:
        raw: dict[str, RawValue] = {}
        complaints: list[Complaint] = []
        for name, column in self._columns.items():
            cell = cells[column]
            if (shown := self._facts.broken.get((number, column))) is not None:
                told = (
                    message("rosters.cell-shows", shown=shown)
                    if shown
                    else message("rosters.cell-holds-formula-without-result")
                )
                complaints.append(
                    Complaint(self.locate(number, name), told, message("rosters.enter-value-itself"))
                )
            elif not is_empty(cell) and not (isinstance(cell, str) and is_stroke(cell)):
                raw[name] = self._dated(name, cell)
        parsed = parse_values(self._form, raw, lambda name: self.locate(number, name))
        broken = {complaint.location.field for complaint in complaints}
        complaints += [each for each in parsed.complaints if each.location.field not in broken]
        return Record(number, parsed.values, tuple(complaints))

    def _dated(self, name: str, cell: RawValue) -> RawValue:
        dated = self._facts.counts_from_1904 and self._form.field(name).type is FieldType.DATE
        return date_from_1904(cell) if dated else cell


def open_records(path: Path, name: str, columns: Sequence[Field]) -> Records:
    """Open a table by its headers.

    Args:
        path: XLSX, XLS, ODS or CSV file; told by its content, not its name.
        name: What the rows are, for messages.
        columns: The columns that are read.

    Raises:
        InputError: The file cannot be read, or a required column is missing; says which headers were found.
    """
    form = Form(name, "", name, name, "", Path(), "", "", tuple(columns), ())
    table, _ = choose_table(path, HeaderMatcher(form), None)
    missing = [
        field.label_zh for field in columns if field.required and field.name not in table.header.columns
    ]
    if missing:
        raise InputError(
            message(
                "rosters.columns-missing-headers-found-row",
                path=path,
                missing=tuple(missing),
                row=table.header.row,
                texts=list_headers(table.header.texts),
            ),
            hint=message("rosters.name-columns-so"),
        )
    return Records(path, form, table)
