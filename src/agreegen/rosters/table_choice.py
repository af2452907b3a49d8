"""Choosing the sheet, or the separator, that holds the roster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.rosters.formats.confined_sheets import open_confined
from agreegen.rosters.formats.sheet_source import Source
from agreegen.rosters.headers import HeaderMatcher
from agreegen.rosters.table import Table


def choose_table(
    path: Path, matcher: HeaderMatcher, sheet: int | str | None
) -> tuple[Table, list[Complaint]]:
    """Open a file and return its roster table, with warnings about other sheets.

    Args:
        path: The file.
        matcher: Knows which headers mean which fields.
        sheet: Name, or number among the visible sheets from 1; None for the first that has a header.

    Raises:
        InputError: There is no such sheet, or no header.
    """
    sources = open_confined(path)
    if sources[0:1] and sources[0].sheet is None:
        return _best(path, matcher, sources), []
    visible = [source for source in sources if source.visible]
    if not visible:
        raise InputError(
            message("rosters.has-no-visible-worksheet", path=path),
            hint=message("rosters.show-sheet-roster-save-run-again"),
        )
    if sheet is None:
        return _first_with_header(path, matcher, visible)
    chosen = _named_sheet(path, sources, visible, sheet)
    warnings = []
    if chosen.sheet != sheet and not isinstance(sheet, int):
        warnings.append(
            _warn(path, chosen, message("rosters.only-sheet-read-although-job-names", sheet=sheet))
        )
    return Table(chosen, matcher, _where(path, chosen)), warnings


def _named_sheet(
    path: Path, sources: Sequence[Source], visible: Sequence[Source], sheet: int | str
) -> Source:
    number = int(sheet) if str(sheet).isascii() and str(sheet).isdigit() else 0
    numbered = visible[number - 1] if 1 <= number <= len(visible) else None
    named = next((source for source in sources if str(source.sheet).strip() == str(sheet).strip()), None)
    found = (numbered or named) if isinstance(sheet, int) else (named or numbered)
    if found is not None:
        return found
    if len(visible) == 1:  # `failed-rows.xlsx` has one sheet, and the job that names another still runs it
        return visible[0]
    names = "、".join(str(source.sheet) for source in visible)
    raise InputError(
        message("rosters.has-no-sheet", path=path, sheet=sheet),
        hint=message("rosters.its-sheets", names=names),
    )


def _first_with_header(
    path: Path, matcher: HeaderMatcher, visible: Sequence[Source]
) -> tuple[Table, list[Complaint]]:
    tables: list[Table] = []
    first_error: InputError | None = None
    for source in visible:
        try:
            tables.append(Table(source, matcher, _where(path, source)))
        except InputError as exc:
            first_error = first_error or exc
    if not tables:
        raise first_error or InputError(
            message("rosters.has-no-worksheet", path=path), hint=message("rosters.choose-file-roster")
        )
    best = max(len(table.header.columns) for table in tables)
    chosen = next(table for table in tables if len(table.header.columns) == best)
    others = [table.source for table in tables if table is not chosen and len(table.header.columns) > 1]
    return chosen, [
        _warn(path, source, message("rosters.looks-like-roster-too-not-read")) for source in others
    ]


def _best(path: Path, matcher: HeaderMatcher, sources: Sequence[Source]) -> Table:
    """Return the table of the separator whose header names most fields."""
    tables: list[Table] = []
    first_error: InputError | None = None
    for source in sources:
        try:
            tables.append(Table(source, matcher, str(path)))
        except InputError as exc:
            first_error = first_error or exc
    if not tables:
        raise first_error or InputError(
            message("rosters.holds-no-table", path=path), hint=message("rosters.choose-file-roster")
        )
    return max(tables, key=lambda table: len(table.header.columns))


def _where(path: Path, source: Source) -> str:
    return ", ".join(part for part in (str(path), source.sheet) if part)


def _warn(path: Path, source: Source, problem: Message) -> Complaint:
    location = Location(file=str(path), sheet=source.sheet)
    return Complaint(location, problem, message("rosters.state-sheet-job"), Severity.WARNING)
