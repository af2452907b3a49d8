"""Which rows of a roster are the same person or party: shared numbers are errors, shared names a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agreegen.messages import Message, any_of, message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.model.document import Value
from agreegen.model.form import Field, FieldType, Form
from agreegen.rosters.duplicate_index import DuplicateIndex
from agreegen.values.parse import parse_value
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import is_empty, is_stroke

_MOST_ROWS_FOR_NAMES = 100_000
_TELLING = {FieldType.ORGANISATION_NAME, FieldType.TEXT, FieldType.DIVISION_CODE}
_SEPARATOR = "\0"

Locate = Callable[[int, str], Location]


@dataclass(slots=True)
class _Names:
    """Names of people with what else a row says of them, apart for rows with and without an ID number."""

    with_id: DuplicateIndex = field(default_factory=DuplicateIndex)
    without_id: DuplicateIndex = field(default_factory=DuplicateIndex)

    def add(self, text: str, number: int, *, has_id: bool) -> None:
        (self.with_id if has_id else self.without_id).add(text, number)

    def others(self, text: str, number: int, *, has_id: bool) -> tuple[int, ...]:
        """Return rows of the same name that may be the same person: two ID numbers tell two people apart."""
        found = self.without_id.others(text, number)
        return found if has_id else (*found, *self.with_id.others(text, number))


def _asked_subject(form: Form, columns: Mapping[str, int]) -> Field | None:
    """Return the field with the name of a row's person, where the roster has it."""
    found = next((field for field in form.fields if field.name == form.subject), None)
    if found is None or found.type is not FieldType.PERSON_NAME or found.name not in columns:
        return None
    return found


class RowIdentities:
    """Remembers the keys and names of all rows: 12 bytes a row and key.

    The first row key, and every personal number, must be unique. A further key, such as the name of a party,
    must be so among the rows that nothing before it tells apart: one company may sign several contracts.

    Args:
        form: The form.
        columns: Field name → column, as the roster has them.
    """

    def __init__(self, form: Form, columns: Mapping[str, int]) -> None:
        self._fields = {item.name: item for item in form.fields}
        self._keys = tuple(name for name in form.row_keys if name in columns)
        self._labels = [self._fields[name].label_zh for name in self._keys]
        self._indexes = {name: DuplicateIndex() for name in self._keys}
        self._personal = tuple(name for name in self._keys if self._fields[name].identifying)
        self._subject = _asked_subject(form, columns)
        others = columns.keys() - set(self._keys)
        self._telling = tuple(f.name for f in form.fields if f.type in _TELLING and f.name in others)
        self._names: _Names | None = None if self._subject is None else _Names()
        self._count = 0

    def add(self, number: int, raw: Mapping[str, RawValue]) -> None:
        """Remember one row, by the raw values of its cells."""
        self._count += 1
        keys = self._parsed(raw, self._keys)
        for name, key in self._unique_keys(keys):
            self._indexes[name].add(key, number)
        if self._count > _MOST_ROWS_FOR_NAMES:
            self._names = None  # among so many people, equal names say nothing
        if self._names is None or self._subject is None:
            return
        name_text = _comparable(self._subject, raw.get(self._subject.name))
        if name_text is not None:
            self._names.add(self._with_details(name_text, raw), number, has_id=self._has_id(keys))

    def doubles(self, number: int, values: Mapping[str, Value]) -> dict[str, tuple[int, ...]]:
        """Return the other rows that have a number which a row may not share, by its field.

        Args:
            number: The row.
            values: Its parsed values.
        """
        found = (
            (n, self._indexes[n].others(key, number)) for n, key in self._unique_keys(self._read(values))
        )
        return {name: others for name, others in found if others}

    def complaints(
        self,
        number: int,
        raw: Mapping[str, RawValue],
        values: Mapping[str, Value],
        doubles: Mapping[str, Sequence[int]],
        unread: set[str | None],
        locate: Locate,
        row: Location,
    ) -> Iterator[Complaint]:
        """Complain of a row that nothing tells apart, or that shares a number or a name with another one.

        Args:
            number: The row.
            raw: Its cells.
            values: Its parsed values.
            doubles: From `doubles`.
            unread: Fields whose cells could not be read.
            locate: Gives the place of a field.
            row: The place of the row.
        """
        if not any(name in raw or name in unread for name in self._keys):
            yield Complaint(
                row,
                message("rosters.nothing-tells-row-from-others"),
                message("rosters.enter", labels=any_of(self._labels)),
            )
        for name, others in doubles.items():
            remedy = message("rosters.give-each-person-one-row-number")
            if self._subject is None:
                remedy = message("rosters.enter-each-agreement-once-number-where")
            yield Complaint(locate(number, name), self._shared(name, others), remedy)
        if self._names is None or self._subject is None or self._subject.name not in values:
            return
        text = self._with_details(str(values[self._subject.name]).casefold(), raw)
        if others := self._names.others(text, number, has_id=self._has_id(values)):
            yield Complaint(
                locate(number, self._subject.name),
                self._shared(self._subject.name, others),
                message("rosters.make-sure-they-different-people"),
                Severity.WARNING,
            )

    def _shared(self, name: str, others: Sequence[int]) -> Message:
        return message(
            "rosters.same-stands-row-too", label_zh=self._fields[name].label_zh, str=tuple(map(str, others))
        )

    def _unique_keys(self, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the keys of a row that no other row may have."""
        first = next(iter(keys), None)
        for name, key in keys.items():
            if name == first or name == self._keys[0] or name in self._personal:
                yield name, key

    def _has_id(self, keys: Mapping[str, object]) -> bool:
        return any(name in keys for name in self._personal)

    def _with_details(self, name: str, raw: Mapping[str, RawValue]) -> str:
        """Return a name with whatever else the row says of the person, as it stands there."""
        others = [raw.get(item) for item in self._telling]
        return _SEPARATOR.join(
            [name, *["" if each is None else "".join(str(each).split()) for each in others]]
        )

    def _read(self, values: Mapping[str, Value]) -> dict[str, str]:
        return {name: str(values[name]).casefold() for name in self._keys if name in values}

    def _parsed(self, raw: Mapping[str, RawValue], names: Sequence[str]) -> dict[str, str]:
        found = ((name, _comparable(self._fields[name], raw.get(name))) for name in names)
        return {name: text for name, text in found if text is not None}


def _comparable(item: Field, raw: RawValue) -> str | None:
    if is_empty(raw) or (isinstance(raw, str) and not item.printed and is_stroke(raw)):
        return None
    try:
        return str(parse_value(item, raw)).casefold()
    except ValueProblem:
        return None
