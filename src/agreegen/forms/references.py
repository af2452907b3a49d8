"""What the parts of a description say of each other: every reference leads somewhere, every name is one."""

from __future__ import annotations

from collections.abc import Iterable

from agreegen.forms.keys import Mistakes
from agreegen.messages import message
from agreegen.model.form import Field, FieldType, Form

NAME_TYPES = frozenset({FieldType.PERSON_NAME, FieldType.ORGANISATION_NAME})
_NO_ROW_KEYS = frozenset({FieldType.LIST, FieldType.YES_NO, FieldType.DATE})


def check_references(form: Form, mistakes: Mistakes) -> None:
    """Keep what is wrong among fields, roles, clauses, subject and row keys.

    What refers to something that could not be read itself is not wrong.
    """
    fields = {field.name: field for field in form.fields}
    _report_repeats(mistakes, "fields", [field.name for field in form.fields])
    _report_repeats(mistakes, "roles", [role.id for role in form.roles])
    _report_repeats(mistakes, "roles.place.bookmark", [role.bookmark for role in form.roles if role.bookmark])
    _report_repeats(mistakes, "conditions", [*fields, *(condition.name for condition in form.conditions)])
    for field in form.fields:
        _check_field(field, mistakes.places[f"field {field.name}"], fields, mistakes)
    _check_roles(form, fields, mistakes)
    _check_rows(form, fields, mistakes)
    for condition in form.conditions:
        known = fields.get(condition.field)
        if (known is None or known.type is not FieldType.YES_NO) and not mistakes.has_broken(condition.field):
            problem = message(
                "forms.condition-no-yes-no-field-form", name=condition.name, field=condition.field
            )
            place = mistakes.places[f"condition {condition.name}"]
            mistakes.report(f"{place}.field", problem, message("forms.name-field-type-yes-no"))


def _check_field(field: Field, place: str, fields: dict[str, Field], mistakes: Mistakes) -> None:
    for key, name in (("default_from", field.default_from), ("differs_from", field.differs_from)):
        if name is None or mistakes.has_broken(name):
            continue
        if name not in fields or name == field.name:
            problem = message("forms.field-names-which-no-other-field", name=field.name, key=key, name2=name)
            mistakes.report(f"{place}.{key}", problem, message("forms.name-another-field-form"))
    if field.identifying and field.printed:
        mistakes.report(
            f"{place}.printed",
            message("forms.field-identifying-data-must-not-printed", name=field.name),
            message("forms.set-printed-false"),
        )


def _check_roles(form: Form, fields: dict[str, Field], mistakes: Mistakes) -> None:
    for role in form.roles:
        if role.holder is None or mistakes.has_broken(role.holder):
            continue
        if role.holder not in fields or not fields[role.holder].printed:
            problem = message("forms.role-holder-names-which-no-printed", id=role.id, holder=role.holder)
            place = mistakes.places[f"role {role.id}"]
            mistakes.report(f"{place}.holder", problem, message("forms.name-printed-field-signer-name"))


def _check_rows(form: Form, fields: dict[str, Field], mistakes: Mistakes) -> None:
    subject = fields.get(form.subject or "")
    names = subject is not None and not subject.identifying and subject.type in NAME_TYPES
    if form.subject is not None and not names and not mistakes.has_broken(form.subject):
        mistakes.report(
            "subject",
            message("forms.no-field-names-person-or-organisation", subject=form.subject),
            message("forms.name-field-person-or-other-party"),
        )
    _report_repeats(mistakes, "row_keys", form.row_keys)
    for name in form.row_keys:
        if (name not in fields or fields[name].type in _NO_ROW_KEYS) and not mistakes.has_broken(name):
            mistakes.report(
                "row_keys",
                message("forms.no-field-can-tell-rows-apart", name=name),
                message("forms.name-fields-number-or-name-preferred"),
            )


def _report_repeats(mistakes: Mistakes, place: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            mistakes.report(
                place, message("forms.stands-twice", name=name), message("forms.every-name-must-unique")
            )
        seen.add(name)
