"""A form filled in on a page: what each field asks for, what was entered, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agreegen.api import check_values
from agreegen.model.complaint import Complaint, Severity
from agreegen.model.form import Field, FieldType, Form

_BOTH_LANGUAGES = " / "


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of the page.

    Attributes:
        field: The form's field.
        label: What it is called.
        help: What to enter.
        text: What was entered; a list has a line an item.
        complaints: What is wrong with it.
    """

    field: Field
    label: str
    help: str
    text: str = ""
    complaints: tuple[Complaint, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether an error stands at it."""
        return any(each.severity is Severity.ERROR for each in self.complaints)

    @property
    def long(self) -> bool:
        """Whether it needs several lines."""
        return self.field.type is FieldType.LIST or (
            self.field.type is FieldType.TEXT and self.field.max_length > 200
        )

    @property
    def yes_no(self) -> bool:
        """Whether it is answered by yes or no."""
        return self.field.type is FieldType.YES_NO


def values_of(form: Form, texts: Mapping[str, str]) -> dict[str, str | tuple[str, ...]]:
    """Return the values that were entered; an empty field is one that was not given."""
    found: dict[str, str | tuple[str, ...]] = {}
    for field in form.fields:
        text = texts.get(field.name, "").strip()
        if text:
            lines = tuple(line.strip() for line in text.splitlines() if line.strip())
            found[field.name] = lines if field.type is FieldType.LIST else text
    return found


def entries(form: Form, texts: Mapping[str, str], language: str, *, checked: bool) -> tuple[Entry, ...]:
    """Return the fields of the page, with all errors at their fields where it was checked.

    Args:
        form: The form.
        texts: What was entered, by field name.
        language: `zh` or `en`.
        checked: Whether what is wrong is told.
    """
    complaints = check_values(form, values_of(form, texts)).complaints if checked else ()
    return tuple(
        Entry(
            field,
            field.label_zh if language == "zh" else field.label_en,
            _one_language(field.help, language),
            texts.get(field.name, ""),
            tuple(each for each in complaints if each.location.field == field.name),
        )
        for field in form.fields
    )


def _one_language(text: str, language: str) -> str:
    """Return the half of a help text that is in this language."""
    chinese, _, english = text.partition(_BOTH_LANGUAGES)
    return chinese if language == "zh" or not english else english
