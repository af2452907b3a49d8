"""From raw values to typed ones: one field, or all fields of a form at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.model.document import Value
from agreegen.model.form import Field, FieldType, Form
from agreegen.values.codes import parse_division_code, parse_staff_no
from agreegen.values.credit_code import parse_credit_code
from agreegen.values.dates import parse_date
from agreegen.values.lists import parse_list
from agreegen.values.names import parse_organisation_name, parse_person_name
from agreegen.values.phone import parse_phone
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.resident_id import parse_resident_id, resident_id_warnings
from agreegen.values.scripts import script_warnings
from agreegen.values.text import is_empty, parse_text
from agreegen.values.yes_no import parse_yes_no


@dataclass(frozen=True, slots=True)
class ParsedValues:
    """What came out of parsing the fields of a form.

    Attributes:
        values: The values that could be read, by field name; absent fields are absent.
        complaints: Everything that is wrong or odd.
    """

    values: Mapping[str, Value]
    complaints: tuple[Complaint, ...]


def _ignoring_field(parse: Callable[[RawValue], Value]) -> Callable[[Field, RawValue], Value]:
    return lambda _field, raw: parse(raw)


_PARSERS: dict[FieldType, Callable[[Field, RawValue], Value]] = {
    FieldType.PERSON_NAME: parse_person_name,
    FieldType.ORGANISATION_NAME: parse_organisation_name,
    FieldType.RESIDENT_ID: _ignoring_field(parse_resident_id),
    FieldType.CREDIT_CODE: _ignoring_field(parse_credit_code),
    FieldType.PHONE: _ignoring_field(parse_phone),
    FieldType.DATE: _ignoring_field(parse_date),
    FieldType.TEXT: parse_text,
    FieldType.LIST: parse_list,
    FieldType.YES_NO: parse_yes_no,
    FieldType.STAFF_NO: _ignoring_field(parse_staff_no),
    FieldType.DIVISION_CODE: _ignoring_field(parse_division_code),
}
"""Every type of field and what reads it; a test holds that none is missing."""


def parse_value(field: Field, raw: RawValue) -> Value:
    """Parse and normalise one value that is not empty.

    Args:
        field: The field that says what is expected.
        raw: The value as the file holds it.

    Raises:
        ValueProblem: The value cannot be read; personal IDs are masked in what it says.
    """
    return _PARSERS[field.type](field, raw)


def warn_about(field: Field, value: Value) -> tuple[Message, ...]:
    """Name what is odd about a valid value, such as an ID number of an unknown region."""
    if field.type is FieldType.RESIDENT_ID:
        return resident_id_warnings(str(value))
    if field.type is FieldType.PERSON_NAME:
        short = (message("values.name-has-single-character"),) if len(str(value)) == 1 else ()
        return (*short, *script_warnings(str(value)))
    return ()


def parse_values(form: Form, raw: Mapping[str, RawValue], locate: Callable[[str], Location]) -> ParsedValues:
    """Parse all fields of a form and collect every complaint.

    Applies `required`, then `default_from`, then `differs_from`. A name in `raw` that is no field of the
    form is the caller's affair: an error in a parameter file, a warning in a roster.

    Args:
        form: The form.
        raw: Raw values by field name; missing and empty ones count as not given.
        locate: Gives the place of a field's value, called only where there is something to say.
    """
    values: dict[str, Value] = {}
    complaints: list[Complaint] = []
    bad: set[str] = set()
    for field in form.fields:
        given = raw.get(field.name)
        if is_empty(given):
            continue
        try:
            value = values[field.name] = parse_value(field, given)
        except ValueProblem as exc:
            bad.add(field.name)
            complaints.append(Complaint(locate(field.name), exc.problem, exc.remedy))
            continue
        for text in warn_about(field, value):
            advice = message("values.compare-original")
            complaints.append(Complaint(locate(field.name), text, advice, Severity.WARNING))
    for field in form.fields:
        if field.name not in values and field.name not in bad:
            complaints.extend(_complete(field, values, bad, locate))
    complaints.extend(_compare(form, values, locate))
    return ParsedValues(values, tuple(complaints))


def _complete(
    field: Field, values: dict[str, Value], bad: set[str], locate: Callable[[str], Location]
) -> list[Complaint]:
    """Take a missing value from its default field, or complain where it is required."""
    source = field.default_from
    if source is not None and source in values:
        values[field.name] = values[source]
    elif field.required and source not in bad:
        remedy = (
            message("values.enter-example", example=field.example)
            if field.example and not field.identifying
            else message("values.enter-it")
        )
        return [Complaint(locate(field.name), message("values.required-missing"), remedy)]
    return []


def _compare(
    form: Form, values: Mapping[str, Value], locate: Callable[[str], Location]
) -> Iterator[Complaint]:
    """Complain, once for each pair, where a value equals the one that it must differ from."""
    told: set[frozenset[str]] = set()
    for field in form.fields:
        other = field.differs_from
        if other is None or not _same(values.get(field.name), values.get(other)):
            continue
        pair = frozenset({field.name, other})
        if pair in told:
            continue
        told.add(pair)
        text = message("values.same", label_zh=form.field(other).label_zh, other=other)
        yield Complaint(locate(field.name), text, message("values.enter-another"))


def _same(one: Value | None, other: Value | None) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return "".join(one.split()).casefold() == "".join(other.split()).casefold()
    return one is not None and one == other
