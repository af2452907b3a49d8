"""Training and inspection: attendance from a roster, the yearly self-inspection from its sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import Note, OwnKind
from agreegen.ledger.words import without_unit
from agreegen.messages import message
from agreegen.model.complaint import Complaint, ComplaintsError, Location, Severity
from agreegen.recording.ledger.workbook import columns_of
from agreegen.rosters.records import Record, open_records

Row = TypeVar("Row")


def read_attendance(roster: Path, day: date, topic: str, by: str) -> Note:
    """Read who of a roster took part in a training; without a column that says so, everybody did.

    Raises:
        ComplaintsError: Something is wrong; every complaint at once, by cell.
        InputError: The file cannot be read.
    """
    people = _read(roster, "attendance", _person)
    stated = any("attended" in person for person in people)
    attended = [{**person, "attended": person.get("attended", not stated)} for person in people]
    return Note(OwnKind.TRAINING, day, {"topic": topic, "held_by": by, "people": attended})


def read_inspection(sheet: Path, day: date, by: str) -> Note:
    """Read a self-inspection sheet that was filled in.

    Raises:
        ComplaintsError: Something is wrong; every complaint at once, by cell.
        InputError: The file cannot be read.
    """
    points = _read(sheet, "inspection", _point)
    facts = {
        "held_by": by,
        "points": points,
        "full": sum(point["points"] for point in points),
        "score": sum(point["score"] for point in points),
    }
    return Note(OwnKind.INSPECTION, day, facts)


def _read(path: Path, columns: str, convert: Callable[[Record], Row]) -> list[Row]:
    records = open_records(path, columns, columns_of(columns))
    found: list[Row] = []
    complaints: list[Complaint] = []
    for record in records.rows():
        errors = [each for each in record.complaints if each.severity is Severity.ERROR]
        complaints += errors
        try:
            found += [] if errors else [convert(record)]
        except Refused as exc:
            where = records.locate(record.number, exc.field)
            complaints.append(Complaint(where, exc.problem, exc.remedy))
    if not found and not complaints:
        complaints.append(Complaint(Location(str(path)), message("ledger.no-rows")))
    if complaints:
        raise ComplaintsError(
            message("ledger.nothing-entered", path=path, count=len(complaints)),
            complaints,
            hint=message("ledger.nothing-entered.hint"),
        )
    return found


def _person(record: Record) -> dict[str, Any]:
    texts = {name: str(record.values.get(name, "")) for name in ("name", "staff_no", "unit")}
    told = record.values.get("attended")
    return texts if told is None else {**texts, "attended": bool(told)}


def _point(record: Record) -> dict[str, Any]:
    points, score = _whole(record, "points"), _whole(record, "score")
    if score > points:
        raise Refused("score", message("ledger.score-too-high", score=score, points=points))
    texts = {name: str(record.values.get(name, "")) for name in ("content", "problem", "mending")}
    if score < points and not texts["problem"]:
        raise Refused("problem", message("ledger.no-problem-told", missing=points - score))
    return {**texts, "points": points, "score": score}


def _whole(record: Record, name: str) -> int:
    text = without_unit(str(record.values.get(name, "")).removesuffix(".0"), "points")
    if not (text.isascii() and text.isdigit() and len(text) <= len("1000")):
        raise Refused(name, message("ledger.bad-points", text=text))
    return int(text)
