"""Which documents are printed: those in force for the rows of the roster as it is now, by unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from agreegen.batch.interface import Job, PrintSettings
from agreegen.batch.job.job_roster import open_job_roster
from agreegen.batch.planning.document_identity import under_known_id
from agreegen.batch.planning.mended_rows import MendedRows
from agreegen.batch.planning.planner import conditions_for
from agreegen.batch.planning.row_seams import seams_of_row
from agreegen.errors import InputError
from agreegen.messages import Message, message
from agreegen.model.document import build_document, encode_value
from agreegen.register.coverage import is_signed
from agreegen.register.interface import DocumentRow
from agreegen.register.store import Register
from agreegen.rosters.row import RosterRow
from agreegen.yaml_text import packaged_words

_NO_UNIT: str = packaged_words("agreegen.batch.paper")["no_unit"]
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Chosen:
    """A document to print; what the register knows of it stays there, for there may be a hundred thousand.

    Attributes:
        row: Number of the row in the roster.
        id: Its id.
    """

    row: int
    id: str


@dataclass(slots=True)
class Choice:
    """The documents, by unit in the order in which the roster first names them.

    Attributes:
        units: Unit → documents in the order of the roster.
        signed_already: Rows left out because their person has signed.
        skipped: Reason why a row is not printed, by row number.
        mended: Numbers of the rows that count as they were mended, while the roster has the old cells.
    """

    units: dict[str, list[Chosen]] = field(default_factory=dict)
    signed_already: int = 0
    skipped: dict[int, Message] = field(default_factory=dict)
    mended: list[int] = field(default_factory=list)


def choose(job: Job, register: Register, settings: PrintSettings) -> Choice:
    """Choose the documents.

    Raises:
        InputError: A unit or number that was asked for is not in the roster.
    """
    choice = Choice()
    units: dict[str, None] = {}
    missing = set(settings.staff_nos)
    for row, unit in _rows(job, register):
        units[unit] = None
        if settings.units and unit not in settings.units:
            continue
        if settings.staff_nos and row.staff_no not in settings.staff_nos:
            continue
        missing.discard(row.staff_no or "")
        if row.mended:
            choice.mended.append(row.number)
        _choose_row(job, register, settings, row, unit, choice)
    _refuse_unknown_units(job, settings, units)
    if missing:
        listed = tuple(sorted(missing))
        raise InputError(
            message("batch.nobody-has-number", file=job.roster.file, listed=listed),
            hint=message("batch.see-roster-numbers"),
        )
    return choice


def _rows(job: Job, register: Register) -> Iterator[tuple[RosterRow, str]]:
    roster = open_job_roster(job)
    for row in MendedRows(job.form, [register], roster).rows():
        unit = row.values.get("unit")
        yield row, _NO_UNIT if unit is None else str(encode_value(unit))


def _choose_row(
    job: Job, register: Register, settings: PrintSettings, row: RosterRow, unit: str, choice: Choice
) -> None:
    if row.failed:
        choice.skipped[row.number] = row.reason or message("batch.told-before")
        return
    assert row.key is not None  # a row that nothing tells apart has failed
    current = register.current(register.row_key(row.key))
    if current is None:
        choice.skipped[row.number] = message("batch.has-no-document-yet")
    elif current.registration.id != _document_id(job, register, row, current):
        choice.skipped[row.number] = message("batch.row-was-changed-after-its-document")
    elif not settings.everything and has_signed(job, current):
        choice.signed_already += 1
    else:
        choice.units.setdefault(unit, []).append(Chosen(row.number, current.registration.id))


def _document_id(job: Job, register: Register, row: RosterRow, current: DocumentRow) -> str:
    document = build_document(
        job.form,
        row.values,
        conditions=conditions_for(job, row.values),
        register_secret=register.secret,
        aliases=job.aliases,
        seams=seams_of_row(job, row.values).seals,
    )
    return under_known_id(job, register, current, document).id


def has_signed(job: Job, document: DocumentRow) -> bool:
    """Whether nobody has to sign by hand any more: every role of the person is fulfilled, somehow."""
    return is_signed(document, [role.id for role in job.form.subject_roles])


def _refuse_unknown_units(job: Job, settings: PrintSettings, units: dict[str, None]) -> None:
    unknown = [unit for unit in settings.units if unit not in units]
    if not unknown:
        return
    names = list(units)
    rest = len(names) - _SHOWN
    more = message("batch.and-more-units", count=rest) if rest > 0 else ""
    raise InputError(
        message("batch.no-row-names-unit", file=job.roster.file, unknown=tuple(unknown)),
        hint=message("batch.its-units", names=tuple(names[:_SHOWN]), more=more),
    )
