"""The rows of every sheet of a ledger, with the columns that `words.yaml` names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from agreegen.ledger.copies import format_numbers
from agreegen.ledger.holdings import Holdings
from agreegen.ledger.interface import Kind, Movement, OwnKind, Signature
from agreegen.ledger.store import Content
from agreegen.ledger.timeline import replay
from agreegen.ledger.words import Sheet, name_of, sheets
from agreegen.unit_sheets import Table

Row = Mapping[str, str | int]
_OUTWARDS = {Kind.ISSUE, Kind.MAIL}
_WRITTEN_ON_COPIES = "{item}-{numbers}"
"""What stands on a copy: the number of the item and its own (复印戳记)."""


@dataclass(frozen=True, slots=True)
class LedgerTables:
    """The sheets of a ledger for a period.

    Attributes:
        content: The ledger's entries.
        first: First day of what is listed; None for the beginning.
        last: Last day; holders are shown as they are at its end.
        language: `zh` or `en`, for headers and words.
    """

    content: Content
    first: date | None
    last: date
    language: str = "zh"

    def tables(self) -> Iterator[Table]:
        """Yield the sheets in their order, empty ones too.

        Raises:
            Refused: The entries do not fit each other.
        """
        holdings = replay(self.content.movements, self.content.left, until=self.last)
        for sheet in sheets():
            columns = [(self._header(each.zh, each.en), each.width) for each in sheet.columns]
            rows = [
                [self._cell({"row": number, **row}, each.field) for each in sheet.columns]
                for number, row in enumerate(self._rows(sheet, holdings), 1)
            ]
            yield Table(self._header(sheet.zh, sheet.en), columns, rows)

    def _header(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    @staticmethod
    def _cell(row: Row, field: str) -> str | int:
        return row.get(field, "")

    def _listed(self, day: date) -> bool:
        return day <= self.last and (self.first is None or day >= self.first)

    def _rows(self, sheet: Sheet, holdings: Holdings) -> Iterator[Row]:
        if sheet.kinds:
            yield from self._movements(sheet, holdings)
            return
        sources: Mapping[str, Callable[[Holdings], Iterator[Row]]] = {
            "holders": self._holders,
            "leavers": self._leavers,
            "training": self._training,
            "inspection": self._inspection,
            "draws": self._draws,
        }
        yield from sources[sheet.code](holdings)

    def _movements(self, sheet: Sheet, holdings: Holdings) -> Iterator[Row]:
        returned = self._returns() if "circulate" in sheet.kinds else {}
        for each in self.content.movements:
            if each.kind.value in sheet.kinds and self._listed(each.day):
                yield self._movement(each, holdings, returned)

    def _movement(
        self, movement: Movement, holdings: Holdings, returned: Mapping[tuple[int, int], date]
    ) -> Row:
        item, numbers = holdings.items[movement.item], format_numbers(movement.copies)
        days = sorted({day for number in movement.copies if (day := returned.get((movement.seq, number)))})
        texts = {name: getattr(movement, name) for name in _COPIED}
        note = movement.note
        if movement.backdated:
            note = f"{note} {name_of('marks', 'backdated', self.language)}".strip()
        return {
            **texts,
            "day": movement.day.isoformat(),
            "kind": name_of("kinds", movement.kind.value, self.language),
            "outside": movement.receiver if movement.kind in _OUTWARDS else movement.giver,
            "number": item.number,
            "title": item.title,
            "label": name_of("labels", item.label.value, self.language),
            "count": movement.count,
            "copies": numbers,
            "due": "" if movement.due is None else movement.due.isoformat(),
            "returned": ", ".join(map(str, days)),
            "signature": "" if movement.signature is None else str(movement.signature),
            "stamp": _WRITTEN_ON_COPIES.format(item=movement.item, numbers=numbers),
            "note": note,
        }

    def _returns(self) -> dict[tuple[int, int], date]:
        """Return for each circulated copy, by entry and number, the day on which it moved on or came back."""
        lent: dict[tuple[str, int], int] = {}
        back: dict[tuple[int, int], date] = {}
        for movement in sorted(self.content.movements, key=lambda each: each.day):
            if movement.kind is Kind.COPY or movement.day > self.last:
                continue
            for number in movement.copies:
                seq = lent.pop((movement.item, number), None)
                if seq is not None:
                    back[seq, number] = movement.day
                if movement.kind is Kind.CIRCULATE:
                    lent[movement.item, number] = movement.seq
        return back

    def _holders(self, holdings: Holdings) -> Iterator[Row]:
        for copy in holdings.all():
            item = holdings.items[copy.item]
            yield {
                "item": copy.item,
                "number": item.number,
                "title": item.title,
                "label": name_of("labels", item.label.value, self.language),
                "medium": name_of("media", item.medium.value, self.language),
                "copy": copy.number,
                "holder": copy.holder,
                "custodian": copy.custodian,
                "since": copy.since.isoformat(),
                "due": "" if copy.due is None else copy.due.isoformat(),
            }

    def _leavers(self, _: Holdings) -> Iterator[Row]:
        for note in self.content.of_kind(OwnKind.LEAVER):
            if self._listed(note.day):
                grade = name_of("grades", str(note.facts["grade"]), self.language)
                yield {
                    **{name: str(note.facts[name]) for name in ("name", "post", "note")},
                    "pledge": str(Signature.from_dict(note.facts["pledge"])),
                    "grade": grade,
                    "returned": int(note.facts["returned"]),
                    "day": note.day.isoformat(),
                    "bound_until": note.facts["bound_until"] or "",
                }

    def _training(self, _: Holdings) -> Iterator[Row]:
        for note in self.content.of_kind(OwnKind.TRAINING):
            for person in note.facts["people"] if self._listed(note.day) else ():
                yield {
                    "day": note.day.isoformat(),
                    "topic": str(note.facts["topic"]),
                    **{name: str(person[name]) for name in ("name", "staff_no", "unit")},
                    "attended": name_of("answers", "yes" if person["attended"] else "no", self.language),
                }

    def _inspection(self, _: Holdings) -> Iterator[Row]:
        for note in self.content.of_kind(OwnKind.INSPECTION):
            for point in note.facts["points"] if self._listed(note.day) else ():
                yield {"day": note.day.isoformat(), **point}

    def _draws(self, _: Holdings) -> Iterator[Row]:
        for note in self.content.of_kind(OwnKind.DRAW):
            if self._listed(note.day):
                facts = note.facts
                yield {
                    "day": note.day.isoformat(),
                    "of": name_of("draws", str(facts["of"]), self.language),
                    "candidates": int(facts["candidates"]),
                    "drawn": ", ".join(facts["drawn"]),
                    "head": str(facts["head"]) + (f":{facts['public']}" if facts["public"] else ""),
                }


_COPIED = (
    "item",
    "giver",
    "receiver",
    "custodian",
    "approved_by",
    "handled_by",
    "counted_by",
    "witness",
    "method",
)
