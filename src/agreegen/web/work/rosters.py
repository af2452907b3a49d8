"""Rosters: taken in as they were uploaded, and shown with what is wrong at its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from openpyxl.utils import coordinate_to_tuple

from agreegen.api import open_job_roster, read_job
from agreegen.files import write_atomically
from agreegen.model.complaint import Complaint, Severity
from agreegen.web.work.background_answers import Behind, Stamp, stamp_of
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.coverage_view import has_few_rows
from agreegen.web.work.uploads import Upload

_CONTEXT_ROWS, _MOST_ROWS = 6, 300
_ENDINGS = frozenset({".xlsx", ".xls", ".xlsb", ".ods", ".csv"})
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says.
        wrong: `error`, `warning`, or empty.
        complaints: What is wrong with it.
    """

    text: str
    wrong: str = ""
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: Its number in the file.
        cells: Its cells.
        complaints: What is wrong with the row as a whole.
    """

    number: int
    cells: tuple[Cell, ...]
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterView:
    """What the page shows of a roster.

    Attributes:
        header: Its header.
        rows: The first rows, and every row with a complaint up to a bound.
        total: Rows in all.
        failing: Rows that an error stops.
        general: Complaints about the file as a whole.
        more: Rows with complaints that are not shown.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    total: int
    failing: int
    general: tuple[Complaint, ...]
    more: int


def keep_roster(folder: BatchFolder, upload: Upload) -> str:
    """Keep an uploaded roster in the folder of its batch; return the name that it has there."""
    return _keep(folder, upload, "roster")


def keep_mended(folder: BatchFolder, upload: Upload) -> str:
    """Keep an uploaded `failed-rows` that was mended; return the name that it has there."""
    return _keep(folder, upload, "mended")


def _keep(folder: BatchFolder, upload: Upload, stem: str) -> str:
    """Write a file under a name of ours; what a name from outside says is never a path."""
    ending = PurePath(upload.name).suffix.lower()
    name = f"{stem}{ending if ending in _ENDINGS else '.xlsx'}"
    write_atomically(folder.path / name, upload.read(), mode=_OWNER_ONLY)
    return name


def view_roster(folder: Path) -> RosterView:
    """Read the roster of a batch and put each complaint to its cell; for 27,000 rows that takes seconds.

    Raises:
        InputError: It cannot be read, or a required column is missing.
    """
    roster = open_job_roster(read_job(BatchFolder(folder).job))
    shown: list[Row] = []
    failing = total = more = 0
    for row in roster.rows():
        total += 1
        failing += row.failed
        if not row.complaints and total > _CONTEXT_ROWS:
            continue
        if len(shown) < _MOST_ROWS:
            shown.append(_row(row.number, row.cells, row.complaints))
        else:
            more += 1
    return RosterView(roster.header, tuple(shown), total, failing, roster.warnings, more)


def _row(number: int, texts: Sequence[str], complaints: Sequence[Complaint]) -> Row:
    at: dict[int, list[Complaint]] = {}
    whole = []
    for complaint in complaints:
        cell = complaint.location.cell
        index = -1 if cell is None else coordinate_to_tuple(cell)[1] - 1
        if 0 <= index < len(texts):
            at.setdefault(index, []).append(complaint)
        else:
            whole.append(complaint)
    return Row(number, tuple(_cell(text, at.get(i, ())) for i, text in enumerate(texts)), tuple(whole))


def _cell(text: str, complaints: Sequence[Complaint]) -> Cell:
    if not complaints:
        return Cell(text)
    stops = any(complaint.severity is Severity.ERROR for complaint in complaints)
    return Cell(text, "error" if stops else "warning", tuple(complaints))


def _stamp(path: Path) -> Stamp:
    folder = BatchFolder(path)
    return stamp_of(folder.job, path / folder.roster_name())


def roster_views() -> Behind[RosterView]:
    """Return where the rosters of batches are read and kept."""
    return Behind(view_roster, _stamp, has_few_rows)
