"""A table in a sheet: the header, then the rows of people, merged cells filled downwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.rosters.formats.cell_addresses import MergedRange
from agreegen.rosters.formats.sheet_source import Source
from agreegen.rosters.headers import Header, HeaderMatcher, list_headers
from agreegen.rosters.skipped_rows import first_text, is_footer, is_note, is_total
from agreegen.values.problem import RawValue
from agreegen.values.text import is_empty

_HEADER_WITHIN_ROWS = 40


class Table:
    """A header and the rows below it.

    Args:
        source: The sheet.
        matcher: Knows which headers mean which fields.
        where: File and sheet, for messages.

    Raises:
        InputError: No row within the first forty names a field, or the header is ambiguous.
    """

    def __init__(self, source: Source, matcher: HeaderMatcher, where: str) -> None:
        self.source = source
        self._matcher = matcher
        self.header = self._find_header(where)
        self.notes: list[int] = []
        self.overlong: list[int] = []

    def rows(self) -> Iterator[tuple[int, list[RawValue]]]:
        """Yield number and cells of every row of a person.

        Empty rows, totals, repeated headers and notes are left out; notes are remembered in `notes`, and rows
        with cells beyond the last header in `overlong`.
        """
        self.notes, self.overlong = [], []
        read = sorted(self.header.columns.values())
        width = len(self.header.texts)
        for number, own, filled in fill_down(self.source):
            if number <= self.header.row or not self._is_person(number, own, _pick(own, read)):
                continue
            if len(own) > width and not all(map(is_empty, own[width:])):
                self.overlong.append(number)
            yield number, [*filled[:width], *([None] * (width - len(filled)))]

    def _is_person(self, number: int, own: Sequence[RawValue], cells: Sequence[RawValue]) -> bool:
        """Tell rows of persons from all others, and remember notes."""
        given = sum(not is_empty(cell) for cell in cells)
        if given == 0 or self._repeats_header(own):
            return False
        first = first_text(own)
        if is_total(first) or is_total(first_text(cells)):
            return False
        if is_note(first) and (given == 1 or is_footer(own)):
            self.notes.append(number)
            return False
        return True

    def _repeats_header(self, row: Sequence[RawValue]) -> bool:
        columns = self.header.columns
        return all(
            column < len(row) and self._matcher.field_of(row[column]) == name
            for name, column in columns.items()
        )

    def _find_header(self, where: str) -> Header:
        best: tuple[int, int, list[RawValue]] | None = None
        seen: list[str] = []
        for number, _, filled in itertools.islice(fill_down(self.source), _HEADER_WITHIN_ROWS):
            score = self._matcher.score(filled)
            if not seen:
                seen = [str(cell) for cell in filled if not is_empty(cell)]
            if score and (best is None or score > best[0] or self._below(best, score, number)):
                best = (score, number, filled)
        if best is None:
            raise InputError(
                message("rosters.no-header-row-was-found-first", where=where, seen=list_headers(seen)),
                hint=message("rosters.put-headers-such-above-people-or"),
            )
        return self._matcher.match(best[1], best[2], where)

    def _below(self, best: tuple[int, int, list[RawValue]], score: int, number: int) -> bool:
        """Tell whether a row is the lower half of a header whose cells are merged downwards."""
        return score == best[0] and any(
            merge.first_row <= best[1] and merge.last_row >= number for merge in self.source.facts.merges
        )


def fill_down(source: Source) -> Iterator[tuple[int, Sequence[RawValue], list[RawValue]]]:
    """Yield row number, own cells, and cells with the value of ranges that are merged downwards.

    A merged cell means its value for every row that it spans.
    Ranges merged sideways keep it in their first column.
    """
    pending = sorted(
        (merge for merge in source.facts.merges if merge.last_row > merge.first_row),
        key=lambda merge: merge.first_row,
    )
    position = 0
    active: list[tuple[MergedRange, RawValue]] = []
    for number, own in enumerate(source.rows(), start=1):
        filled = list(own)
        active = [(merge, value) for merge, value in active if merge.last_row >= number]
        for merge, value in active:
            column = merge.first_column
            filled.extend([None] * (column + 1 - len(filled)))
            if is_empty(filled[column]):
                filled[column] = value
        while position < len(pending) and pending[position].first_row <= number:
            merge = pending[position]
            position += 1
            if merge.first_row == number and merge.first_column < len(own):
                active.append((merge, own[merge.first_column]))
        yield number, own, filled


def _pick(row: Sequence[RawValue], columns: Sequence[int]) -> list[RawValue]:
    return [row[column] for column in columns if column < len(row)]
