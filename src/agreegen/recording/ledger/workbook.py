"""Entries from a workbook: hundreds at once, all or nothing, complaints by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import Movement
from agreegen.ledger.words import Word, group
from agreegen.messages import message
from agreegen.model.complaint import Complaint, ComplaintsError, Location, Severity
from agreegen.model.form import Field, FieldType
from agreegen.recording.ledger.drafting import Drafter
from agreegen.recording.ledger.writer import LedgerWriter, Settled
from agreegen.register.store import Register
from agreegen.rosters.records import Record, Records, open_records
from agreegen.values.parse import parse_value
from agreegen.values.problem import ValueProblem

_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class _Wish:
    movement: Movement
    row: int


def columns_of(name: str) -> tuple[Field, ...]:
    """Return the columns of a table that is read, as `words.yaml` names them."""
    return tuple(map(_column, group(name)))


def read_entries(writer: LedgerWriter, path: Path, register: Register | None = None) -> Settled:
    """Read entries from a workbook and settle them together.

    Args:
        writer: The ledger.
        path: XLSX, XLS, ODS or CSV file.
        register: Where documents that are named as signatures must stand; None for not asking.

    Raises:
        ComplaintsError: Something is wrong; every complaint at once, by cell. Nothing was recorded.
        InputError: The file cannot be read.
    """
    records = open_records(path, "ledger entries", columns_of("entry"))
    drafter = Drafter(writer.holdings().items, writer.today, path.parent, register)
    wishes: list[_Wish] = []
    complaints: list[Complaint] = []
    for record in records.rows():
        errors = [each for each in record.complaints if each.severity is Severity.ERROR]
        complaints += errors
        if not errors:
            wishes += _drafted(drafter, record, records, complaints)
    if not wishes and not complaints:
        complaints.append(Complaint(Location(str(path)), message("ledger.no-rows")))
    settled = writer.settle([wish.movement for wish in wishes])
    for number, refused in settled.refused:
        complaints.append(_complaint(refused, records.locate(wishes[number].row, refused.field)))
    if complaints:
        raise _error(str(path), complaints)
    return settled


def read_fields(values: Mapping[str, str | date]) -> dict[str, str | date]:
    """Read the fields of one entry like the cells of a workbook.

    Raises:
        Refused: One holds what no entry may hold, or is none that an entry has.
    """
    columns = {column.name: column for column in columns_of("entry")}
    read: dict[str, str | date] = {}
    for name, value in values.items():
        if name not in columns:
            raise Refused(name, message("ledger.no-field", name=name, names=list(columns)))
        if isinstance(value, date) or not value.strip():
            read |= {name: value} if isinstance(value, date) else {}
            continue
        try:
            parsed = parse_value(columns[name], value)
        except ValueProblem as exc:
            raise Refused(name, exc.problem, exc.remedy) from exc
        read[name] = parsed if isinstance(parsed, date) else str(parsed)
    return read


def settle_or_complain(writer: LedgerWriter, *movements: Movement) -> Settled:
    """Settle entries that were made by hand or by a command.

    Raises:
        ComplaintsError: Something is wrong with one.
    """
    settled = writer.settle(movements)
    if settled.refused:
        raise _error(
            str(writer.ledger.path),
            [_complaint(refused, _place_of(refused)) for _, refused in settled.refused],
        )
    return settled


def _drafted(
    drafter: Drafter, record: Record, records: Records, complaints: list[Complaint]
) -> Iterator[_Wish]:
    values = {name: value if isinstance(value, date) else str(value) for name, value in record.values.items()}
    try:
        yield _Wish(drafter.draft(values), record.number)
    except Refused as exc:
        complaints.append(_complaint(exc, records.locate(record.number, exc.field)))


def _place_of(refused: Refused) -> Location:
    labels = {column.name: column.label_zh for column in columns_of("entry")}
    return Location(label=labels.get(refused.field), field=refused.field)


def _complaint(refused: Refused, where: Location) -> Complaint:
    return Complaint(where, refused.problem, refused.remedy)


def _error(path: str, complaints: list[Complaint]) -> ComplaintsError:
    return ComplaintsError(
        message("ledger.nothing-entered", path=path, count=len(complaints)),
        complaints,
        hint=message("ledger.nothing-entered.hint"),
    )


def _column(word: Word) -> Field:
    return Field(
        name=word.code,
        label_zh=word.zh[0],
        label_en=word.en,
        type=FieldType(word.type),
        required=word.required,
        max_length=_MAX_TEXT,
        aliases=word.zh,
    )
