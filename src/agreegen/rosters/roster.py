"""A roster: one row a person, read twice, so that shared numbers are known before anything is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import any_of, first_few, message
from agreegen.model.complaint import Complaint, ComplaintsError, Location, Severity
from agreegen.model.form import FieldType, Form
from agreegen.rosters.formats.cell_addresses import cell_address
from agreegen.rosters.formats.sheet_source import cell_text
from agreegen.rosters.headers import HeaderMatcher, list_headers
from agreegen.rosters.row import RosterRow
from agreegen.rosters.row_identity import RowIdentities
from agreegen.rosters.table import Table
from agreegen.rosters.table_choice import choose_table
from agreegen.values.dates import date_from_1904
from agreegen.values.masking import mask_numbers
from agreegen.values.parse import parse_value, parse_values
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import is_empty, is_stroke, shown_error

_MOST_ROWS_NAMED = 10


def open_roster(
    path: Path,
    form: Form,
    *,
    sheet: int | str | None = None,
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, RawValue] | None = None,
    limit: int | None = None,
) -> Roster:
    """Open a roster and match its header to a form.

    Args:
        path: XLSX, XLS, XLSB, ODS or CSV file; told by its content, not its name.
        form: The form that the rows fill.
        sheet: Name, or number among the visible sheets from 1; otherwise the first that has a header.
        columns: Field name → header, for headers that the form's aliases do not know.
        defaults: Field name → value for rows whose cell is empty or whose column is missing.
        limit: Greatest number of rows that `rows` yields; duplicates are looked for in all.

    Raises:
        InputError: The file cannot be read, or a required column is missing; says which headers were found.
        ComplaintsError: A default value cannot be read.
    """
    matcher = HeaderMatcher(form, columns)
    checked = _check_defaults(form, defaults or {})
    table, warnings = choose_table(path, matcher, sheet)
    return Roster(path, form, table, defaults=checked, limit=limit, warnings=warnings)


class Roster:
    """An opened roster; see `open_roster`.

    Attributes:
        path: The file.
        sheet: The sheet that is read; None for CSV.
        header: Header texts in column order, without the reason column of an earlier run.
    """

    def __init__(
        self,
        path: Path,
        form: Form,
        table: Table,
        *,
        defaults: Mapping[str, RawValue],
        limit: int | None,
        warnings: Sequence[Complaint],
    ) -> None:
        self.path = path
        self.sheet = table.source.sheet
        self._form = form
        self._table = table
        self._defaults = defaults
        self._limit = limit
        self._fields = {field.name: field for field in form.fields}
        self._columns = table.header.columns
        self._facts = table.source.facts
        optional = {field.name for field in form.fields if not (field.required or field.printed)}
        self._unprinted = optional - set(form.row_keys)
        self._strokes = optional
        self._kept = [i for i in range(len(table.header.texts)) if i != table.header.reason]
        self.header = tuple(table.header.texts[index] for index in self._kept)
        self._refuse_missing_columns()
        self._warnings = [*warnings, *self._unknown_columns()]
        self._stamp = self._file_stamp()
        self._identities: RowIdentities | None = None
        self._count = 0

    @property
    def count(self) -> int:
        """How many rows `rows` yields; reads the file once if that was not done yet."""
        self._index()
        return self._count if self._limit is None else min(self._count, self._limit)

    @property
    def warnings(self) -> tuple[Complaint, ...]:
        """What is odd about the file as a whole: unknown columns, other sheets, notes that were skipped."""
        self._index()
        notes = [
            Complaint(
                self.place_of(number), message("rosters.looks-like-note-not-read"), None, Severity.WARNING
            )
            for number in self._table.notes
        ]
        return (*self._warnings, *notes, *self._overlong_rows(), *self._hidden_rows())

    def rows(self) -> Iterator[RosterRow]:
        """Yield the rows of people in file order, good and bad; memory stays flat.

        Raises:
            InputError: The file is damaged, or changed since it was opened.
        """
        self._index()
        for done, (number, cells) in enumerate(self._table.rows()):
            if self._limit is not None and done >= self._limit:
                return
            yield self._read_row(number, cells)
        self._refuse_changed()

    def check(self) -> list[Complaint]:
        """Read everything and return every complaint about the file and its rows."""
        complaints = list(self.warnings)
        if not self._count:
            location = Location(file=str(self.path), sheet=self.sheet)
            complaints.append(
                Complaint(
                    location,
                    message("rosters.no-rows-below-header"),
                    message("rosters.enter-least-one-person"),
                )
            )
        for row in self.rows():
            complaints.extend(row.complaints)
        return complaints

    def _read_row(self, number: int, cells: Sequence[RawValue]) -> RosterRow:
        raw: dict[str, RawValue] = dict(self._defaults)
        complaints: list[Complaint] = []
        broken: set[str | None] = set()
        for name, column in self._columns.items():
            if (shown := self._facts.broken.get((number, column))) is not None:
                broken.add(name)
                complaints.append(self._lenient(_broken(self.locate(number, name), shown)))
            elif not is_empty(cells[column]) and not self._means_nothing(name, cells[column]):
                raw[name] = self._dated(name, cells[column])
        parsed = parse_values(self._form, raw, lambda name: self.locate(number, name))
        complaints.extend(self._lenient(c) for c in parsed.complaints if c.location.field not in broken)
        complaints.extend(self._padded(number))
        assert self._identities is not None  # `rows` reads the file for keys first
        place, doubles = self.place_of(number), self._identities.doubles(number, parsed.values)
        complaints.extend(
            self._identities.complaints(number, raw, parsed.values, doubles, broken, self.locate, place)
        )
        texts = tuple(cell_text(cells[index]) for index in self._kept)
        row = RosterRow.of(self._form, number, texts, parsed.values, tuple(complaints))
        return replace(row, doubled=True) if doubles else row

    def stated(self, row: RosterRow) -> dict[str, str]:
        """Return what the cells of a row say, by field, as they stand in the file."""
        return {name: row.cells[self._kept.index(column)] for name, column in self._columns.items()}

    def _lenient(self, complaint: Complaint) -> Complaint:
        """Turn what is wrong with a value that is optional and never printed into a warning."""
        if complaint.location.field not in self._unprinted or complaint.severity is Severity.WARNING:
            return complaint
        remedy = (
            message("rosters.left-empty-2", remedy=complaint.remedy)
            if complaint.remedy
            else message("rosters.left-empty")
        )
        return replace(complaint, remedy=remedy, severity=Severity.WARNING)

    def _means_nothing(self, name: str, cell: RawValue) -> bool:
        """Tell whether a cell holds a stroke, with which people fill what they leave open."""
        return name in self._strokes and isinstance(cell, str) and is_stroke(cell)

    def _dated(self, name: str, cell: RawValue) -> RawValue:
        dated = self._facts.counts_from_1904 and self._fields[name].type is FieldType.DATE
        return date_from_1904(cell) if dated else cell

    def _padded(self, number: int) -> Iterator[Complaint]:
        """Warn of numbers that look longer than they are, such as 000001 for a stored 1."""
        for name, column in self._columns.items() if self._facts.shown else ():
            if (shown := self._facts.shown.get((number, column))) is not None:
                yield Complaint(
                    self.locate(number, name),
                    message("rosters.cell-shows-but-another-number-stored", shown=mask_numbers(shown)),
                    message("rosters.format-column-text-enter-meant"),
                    Severity.WARNING,
                )

    def _index(self) -> None:
        """Read the file once for its keys."""
        if self._identities is not None:
            return
        self._refuse_changed()
        identities = RowIdentities(self._form, self._columns)
        count = 0
        for number, cells in self._table.rows():
            count += 1
            identities.add(number, {name: cells[column] for name, column in self._columns.items()})
        self._refuse_changed()
        self._identities, self._count = identities, count

    def locate(self, number: int, name: str) -> Location:
        """Say where the value of a field stands: file, sheet, row, cell, label."""
        column = self._columns.get(name)
        return Location(
            file=str(self.path),
            sheet=self.sheet,
            row=number,
            cell=None if column is None else cell_address(number, column),
            label=self._fields[name].label_zh,
            field=name,
        )

    def place_of(self, number: int) -> Location:
        """Say where a row stands: file, sheet, row."""
        return Location(file=str(self.path), sheet=self.sheet, row=number)

    def _refuse_missing_columns(self) -> None:
        where = ", ".join(part for part in (str(self.path), self.sheet) if part)
        found = message(
            "rosters.headers-found-row", row=self._table.header.row, header=list_headers(self.header)
        )
        missing = [
            field.label_and_name
            for field in self._form.fields
            if field.required
            and field.name not in self._columns
            and field.name not in self._defaults
            and field.default_from is None
        ]
        if missing:
            raise InputError(
                message("rosters.required-columns-missing", where=where, missing=tuple(missing), found=found),
                hint=message("rosters.add-them-or-state-right-headers"),
            )
        if not any(name in self._columns for name in self._form.row_keys):
            wanted = [self._fields[name].label_and_name for name in self._form.row_keys]
            raise InputError(
                message("rosters.no-column-tells-rows-apart", where=where, found=found),
                hint=message("rosters.add-column", wanted=any_of(wanted))
                if wanted
                else message("rosters.form-not-made-rosters", id=self._form.id),
            )

    def _overlong_rows(self) -> Iterator[Complaint]:
        """Warn of rows with more cells than there are headers, which in a CSV an unquoted comma makes."""
        if rows := self._table.overlong:
            yield Complaint(
                Location(file=str(self.path), sheet=self.sheet),
                message("rosters.cells-stand-beyond-last-header-not", rows=first_few(rows, _MOST_ROWS_NAMED)),
                message("rosters.look-whether-comma-within-value-has"),
                Severity.WARNING,
            )

    def _hidden_rows(self) -> Iterator[Complaint]:
        """Say that rows which a user does not see are read."""
        rows = [number for number in self._facts.hidden_rows if number > self._table.header.row]
        if rows:
            yield Complaint(
                Location(file=str(self.path), sheet=self.sheet),
                message(
                    "rosters.hidden-rows-read-like-others-rows",
                    count=len(rows),
                    rows=first_few(rows, _MOST_ROWS_NAMED),
                ),
                message("rosters.show-all-rows-look-them-delete"),
                Severity.WARNING,
            )

    def _unknown_columns(self) -> list[Complaint]:
        header = self._table.header
        told = {
            column: message(
                "rosters.column-not-field-not-read", texts=header.texts[column], form=self._form.title
            )
            for column in header.unknown
        }
        for column, better in header.displaced.items():
            told[column] = message(
                "rosters.column-not-read-because", texts=header.texts[column], texts2=header.texts[better]
            )
        return [
            Complaint(
                Location(str(self.path), self.sheet, header.row, cell_address(header.row, column)),
                problem,
                None,
                Severity.WARNING,
            )
            for column, problem in sorted(told.items())
        ]

    def _file_stamp(self) -> tuple[int, int, int]:
        status = self.path.stat()
        return status.st_size, status.st_mtime_ns, status.st_ino

    def _refuse_changed(self) -> None:
        if self._file_stamp() != self._stamp:
            raise InputError(
                message("rosters.changed-while-was-read", path=self.path),
                hint=message("rosters.run-again-when-nobody-editing"),
            )


def _check_defaults(form: Form, defaults: Mapping[str, RawValue]) -> dict[str, RawValue]:
    """Refuse default values that no row could use."""
    fields = {field.name: field for field in form.fields}
    complaints = []
    for name, raw in defaults.items():
        if name not in fields:
            problem, remedy = (
                message("rosters.has-no-field-name", id=form.id),
                message("rosters.fields-2", fields=tuple(fields)),
            )
            complaints.append(Complaint(Location(field=f"defaults.{name}"), problem, remedy))
        elif name in form.row_keys:
            complaints.append(
                Complaint(
                    Location(field=f"defaults.{name}"),
                    message("rosters.tells-rows-apart"),
                    message("rosters.give-each-row"),
                )
            )
        elif not is_empty(raw):
            try:
                parse_value(fields[name], raw)
            except ValueProblem as exc:
                location = Location(label=fields[name].label_zh, field=f"defaults.{name}")
                complaints.append(Complaint(location, exc.problem, exc.remedy))
    if complaints:
        raise ComplaintsError(
            message("rosters.default-values-cannot-used"),
            complaints,
            hint=message("rosters.mend-defaults-job"),
        )
    return {name: raw for name, raw in defaults.items() if not is_empty(raw)}


def _broken(location: Location, shown: str) -> Complaint:
    if shown:
        error = shown_error(shown)
        return Complaint(location, error.problem, error.remedy)
    remedy = message("rosters.open-file-excel-or-wps-save")
    return Complaint(location, message("rosters.formula-without-stored-result"), remedy)
