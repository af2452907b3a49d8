"""Headers: finding the header row and matching its cells to the fields of a form."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agreegen.errors import InputError
from agreegen.model.form import Form
from agreegen.values.masking import mask_numbers

REASON_HEADER = "失败原因"
_REASONS = frozenset({REASON_HEADER, "reason", "失败原因/reason", "失败原因(reason)"})
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
    """

    row: int
    texts: tuple[str, ...]
    columns: Mapping[str, int]
    reason: int | None = None

    @property
    def unknown(self) -> tuple[int, ...]:
        """Columns that have a header and belong to no field."""
        used = {*self.columns.values(), self.reason}
        return tuple(index for index, text in enumerate(self.texts) if text and index not in used)


def normalise_header(text: object) -> str:
    """Reduce a header to what is compared: no blanks, no width, no case, no closing colon or star."""
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", str(text))).casefold()
    return folded.strip("*:：")


def header_text(cell: object) -> str:
    """Return a header cell on one line."""
    return "" if cell is None else _INVISIBLE.sub(" ", str(cell)).strip()


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
        names = [field.name for field in form.fields]
        for name in self._stated:
            if name not in names:
                close = difflib.get_close_matches(name, names, n=1)
                hint = f"did you mean {close[0]}?" if close else f"the fields are {', '.join(names)}"
                raise InputError(f"columns: {form.id} has no field {name}", hint=hint)
        self._aliases: dict[str, str] = {}
        taken = set(self._stated.values())
        for field in form.fields:
            if field.name in self._stated:
                continue
            for alias in (field.name, field.label_zh, field.label_en, *field.aliases):
                if (text := normalise_header(alias)) and text not in taken:
                    self._aliases.setdefault(text, field.name)
        self._aliases.update({text: name for name, text in self._stated.items()})

    def field_of(self, cell: object) -> str | None:
        """Return the field that a header cell means; notes in brackets are left aside if need be."""
        if not isinstance(cell, str):
            return None
        text = normalise_header(cell)
        return self._aliases.get(text) or self._aliases.get(_NOTE.sub("", text).strip("*:"))

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
        reason = None
        texts = tuple(header_text(cell) for cell in row)
        for index, text in enumerate(texts):
            if normalise_header(text) in _REASONS:
                reason = index
            elif (name := self.field_of(text)) is None:
                continue
            elif name in columns:
                raise InputError(
                    f"{where}: two columns mean {name}: {texts[columns[name]]} and {text}",
                    hint="rename one, or state the right one under `columns`",
                )
            else:
                columns[name] = index
        for name in self._stated:
            if name not in columns:
                raise InputError(
                    f"{where}: no column has the header that `columns` states for {name}",
                    hint=f"the headers found are {list_headers(texts)}",
                )
        return Header(number, texts, columns, reason)


def list_headers(texts: Sequence[str]) -> str:
    """Name the headers that were found, for a message; masked, since it may be no header."""
    shown = [text if len(text) <= 30 else text[:30] + "…" for text in texts if text]
    return mask_numbers("、".join(shown[:40])) or "none"
