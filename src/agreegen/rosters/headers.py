"""Headers: finding the header row and matching its cells to the fields of a form."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agreegen.errors import InputError
from agreegen.messages import Message, message
from agreegen.model.form import Field, Form
from agreegen.values.masking import mask_numbers
from agreegen.yaml_text import packaged_words

_WORDS = packaged_words("agreegen.rosters")
REASON_HEADER: str = _WORDS["reason"]
_REASONS = frozenset(_WORDS["reasons"])
_NOTE = re.compile(r"[(\[【〔].*?[)\]】〕]")
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a roster.

    Attributes:
        row: One-based number of the (last) header row.
        texts: Header texts by column, on one line; empty for columns without one.
        columns: Field name → zero-based column.
        reason: Column that an earlier run added with its reasons; it is not read.
        displaced: Columns that mean a field for which a better header stands there, too → that column.
    """

    row: int
    texts: tuple[str, ...]
    columns: Mapping[str, int]
    reason: int | None = None
    displaced: Mapping[int, int] = field(default_factory=dict)

    @property
    def unknown(self) -> tuple[int, ...]:
        """Columns that have a header and belong to no field."""
        used = {*self.columns.values(), *self.displaced, self.reason}
        return tuple(index for index, text in enumerate(self.texts) if text and index not in used)


def normalise_header(text: object) -> str:
    """Reduce a header to what is compared: no blanks, no width, no case, no closing colon or star."""
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", str(text))).casefold()
    return folded.strip("*:：")


def header_text(cell: object) -> str:
    """Return a header cell on one line."""
    return "" if cell is None else _INVISIBLE.sub(" ", str(cell)).strip()


def _require_fields(form: Form, stated: Iterable[str]) -> None:
    """Refuse names of fields that the form does not have.

    Raises:
        InputError: One is such.
    """
    names = [item.name for item in form.fields]
    for name in stated:
        if name in names:
            continue
        close = difflib.get_close_matches(name, names, n=1)
        hint = message("rosters.fields", names=tuple(names))
        if close:
            hint = message("rosters.did-you-mean", close=close[0])
        raise InputError(message("rosters.columns-has-no-field", id=form.id, name=name), hint=hint)


class HeaderMatcher:
    """Matches header cells to the fields of one form.

    Args:
        form: The form.
        columns: Field name → header text, as a job states it; other fields go by their aliases.

    Raises:
        InputError: `columns` names a field that the form does not have.
    """

    def __init__(self, form: Form, columns: Mapping[str, str] | None = None) -> None:
        self._form = form
        self._stated = {name: normalise_header(text) for name, text in (columns or {}).items()}
        _require_fields(form, self._stated)
        self._aliases: dict[str, str] = {}
        taken = {"", *self._stated.values()}
        for item in form.fields:
            texts = () if item.name in self._stated else map(normalise_header, self._names_of(item))
            for text in texts:
                if text not in taken:
                    self._aliases.setdefault(text, item.name)
        self._aliases.update({text: name for name, text in self._stated.items()})
        # What is only kept beside the document may stand there twice, say as 单位 and 科室.
        self._lax = {f.name for f in form.fields if not (f.printed or f.required)} - set(form.row_keys)

    @staticmethod
    def _names_of(item: Field) -> tuple[str, ...]:
        return (item.name, item.label_zh, item.label_en, *item.aliases)

    def field_of(self, cell: object) -> str | None:
        """Return the field that a header cell means; notes in brackets are left aside if need be."""
        if not isinstance(cell, str):
            return None
        text = normalise_header(cell)
        return self._aliases.get(text) or self._aliases.get(_NOTE.sub("", text).strip("*:"))

    def _rank(self, name: str, text: str) -> int:
        """Return how well a header says what a field means: the label, then the aliases in their order."""
        names = list(map(normalise_header, self._names_of(self._form.field(name))))
        said = [normalise_header(text), _NOTE.sub("", normalise_header(text)).strip("*:")]
        return min((names.index(word) for word in said if word in names), default=len(names))

    def score(self, row: Sequence[object]) -> int:
        """Count the fields that a row of cells names."""
        return len({name for cell in row if (name := self.field_of(cell))})

    def match(self, number: int, row: Sequence[object], where: str) -> Header:
        """Match a header row.

        Args:
            number: Its one-based row number.
            row: Its cells.
            where: File and sheet, for messages.

        Raises:
            InputError: Two columns mean one field, or a stated column is not there.
        """
        columns: dict[str, int] = {}
        displaced: dict[int, int] = {}
        reason = None
        texts = tuple(header_text(cell) for cell in row)
        for index, text in enumerate(texts):
            if normalise_header(text) in _REASONS:
                reason = index
            elif (name := self.field_of(text)) is None:
                continue
            elif name not in columns:
                columns[name] = index
            elif name not in self._lax or self._rank(name, text) == self._rank(name, texts[columns[name]]):
                raise InputError(
                    message(
                        "rosters.two-columns-mean",
                        where=where,
                        name=name,
                        texts=texts[columns[name]],
                        text=text,
                    ),
                    hint=message("rosters.rename-one-or-state-right-one"),
                )
            else:
                ranks = {self._rank(name, texts[column]): column for column in (columns[name], index)}
                better, worse = ranks[min(ranks)], ranks[max(ranks)]
                columns[name], displaced[worse] = better, better
        for name in self._stated:
            if name not in columns:
                raise InputError(
                    message("rosters.no-column-has-header-columns-states", where=where, name=name),
                    hint=message("rosters.headers-found", texts=list_headers(texts)),
                )
        return Header(number, texts, columns, reason, displaced)


def list_headers(texts: Sequence[str]) -> Message | tuple[str, ...]:
    """Name the headers that were found, for a message; masked, since it may be no header."""
    shown = [text if len(text) <= 30 else text[:30] + "…" for text in texts if text]
    return tuple(map(mask_numbers, shown[:40])) or message("messages.none")
