"""The seam to file formats: a sheet as a stream of numbered rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Protocol

from agreegen.rosters.formats.cell_addresses import MergedRange
from agreegen.values.problem import RawValue


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What a sheet says besides its cells' values.

    Attributes:
        merges: Merged ranges.
        broken: One-based row and zero-based column of cells without a usable value → the error that they
            show, empty for a formula without a stored result.
        shown: Row and column of numbers that look longer than they are → what the cell shows, e.g. `000001`
            for a stored 1.
        hidden_rows: One-based numbers of rows that a user does not see, such as those that a filter hides.
        counts_from_1904: Whether the workbook's dates count from 1 January 1904 (ISO/IEC 29500-1, 18.17.4.1).
    """

    merges: tuple[MergedRange, ...] = ()
    broken: Mapping[tuple[int, int], str] = field(default_factory=dict)
    shown: Mapping[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: tuple[int, ...] = ()
    counts_from_1904: bool = False


class Source(Protocol):
    """One sheet of a file, read from the start as often as it is asked for.

    Attributes:
        sheet: The sheet's name; None for formats without sheets.
        visible: Whether a user sees it.
        facts: What it says besides its cells' values.
    """

    @property
    def sheet(self) -> str | None: ...

    @property
    def visible(self) -> bool: ...

    @property
    def facts(self) -> SheetFacts: ...

    def rows(self) -> Iterator[Sequence[RawValue]]:
        """Yield every row from the first on, empty ones too.

        Raises:
            InputError: The file is damaged.
        """
        ...


def clean_cell(value: object) -> RawValue:
    """Turn a spreadsheet library's cell value into a raw value."""
    if value is None or isinstance(value, str | bool | int | float | date):
        return None if value == "" else value
    if isinstance(value, time | timedelta):
        return str(value)
    return str(value)


def cell_text(raw: RawValue) -> str:
    """Write a raw value as text that reads back as the same value.

    A number that lost digits stays in scientific notation, so that it is refused again and never taken for
    an ID number.
    """
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, int | float):
        whole = abs(raw) < 10**15 and raw == int(raw)
        return str(int(raw)) if whole else f"{raw:.5E}" if abs(raw) >= 10**15 else repr(raw)
    if isinstance(raw, date):
        return raw.isoformat().removesuffix("T00:00:00")
    return "\n".join(raw) if isinstance(raw, tuple) else raw
