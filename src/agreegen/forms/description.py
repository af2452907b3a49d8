"""Reading `form.yaml` strictly: every key known, every value typed by its key, every reference resolved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from agreegen.errors import InputError
from agreegen.files import read_limited, sha256_of
from agreegen.forms.keys import Item, Keys, Mistakes
from agreegen.forms.references import NAME_TYPES, check_references
from agreegen.forms.template import MAX_TEMPLATE_BYTES
from agreegen.messages import foreign_text, message
from agreegen.model.form import Condition, Consent, Field, FieldType, Form, RoleKind, SignatureRole
from agreegen.model.retention import Retention
from agreegen.yaml_text import MAX_BYTES, read_yaml_text

_FORM_KEYS = {
    "id", "version", "title", "source", "subject", "row_keys", "fields", "conditions", "roles", "fonts",
    "consent", "retention_years",
}  # fmt: skip
_FIELD_KEYS = {
    "name", "label", "type", "required", "printed", "identifying", "default_from", "differs_from",
    "max_length", "aliases", "help", "example",
}  # fmt: skip
_ROLE_KEYS = {"id", "label", "kind", "required", "order", "holder", "place"}
_PLACE_KEYS = {"bookmark", "width_mm", "height_mm", "offset_x_mm", "offset_y_mm"}
_CONSENT_KEYS = {"version", "text"}
_CONDITION_KEYS = {"name", "label", "field"}
T = TypeVar("T")
_USUAL_ROW_KEYS = ("staff_no", "id_number")


def load_form(directory: Path) -> Form:
    """Load the form whose folder holds `template.docx` and `form.yaml`.

    Args:
        directory: The form's folder.

    Raises:
        InputError: A file is missing, or the description has one mistake; names file, line and key.
        ComplaintsError: It has several; carries all of them.
    """
    description, template = directory / "form.yaml", directory / "template.docx"
    data, template_data = _read(description, MAX_BYTES), _read(template, MAX_TEMPLATE_BYTES)
    node = read_yaml_text(data, description)
    mistakes = Mistakes(description, data)
    top = Keys(mistakes, "", node, _FORM_KEYS)
    title_zh, title_en = top.labels("title")
    fields = top.each("fields", _read_field)
    roles = top.each("roles", _read_role)
    conditions = top.each("conditions", _read_condition, optional=True)
    form = Form(
        id=top.text("id"),
        version=top.text("version"),
        title_zh=title_zh,
        title_en=title_en,
        source=top.text("source"),
        directory=directory,
        template_sha256=sha256_of(template_data),
        description_sha256=sha256_of(data),
        fields=fields,
        roles=roles,
        conditions=conditions,
        font_chains=_read_fonts(top),
        subject=top.maybe("subject") or _usual_subject(fields),
        row_keys=top.texts("row_keys") or _usual_row_keys(fields),
        consent=_read_consent(top),
        retention=_read_retention(top),
    )
    check_references(form, mistakes)
    mistakes.refuse()
    return replace(form, roles=tuple(sorted(roles, key=lambda role: role.order)))


def _read(path: Path, most: int) -> bytes:
    try:
        return read_limited(path, most)
    except OSError as exc:
        raise InputError(
            message("forms.cannot-read-2", path=path, exc=exc),
            hint=message("forms.form-folder-holds-template-docx-form"),
        ) from exc


def _read_field(item: Item) -> Field | None:
    keys = Keys(*item, _FIELD_KEYS)
    label_zh, label_en = keys.labels("label")
    name = keys.text("name")
    kind = keys.choice("type", [known.value for known in FieldType])
    field = None
    try:
        field = Field(
            name=name,
            label_zh=label_zh,
            label_en=label_en,
            type=FieldType(kind),
            required=keys.flag("required", False),
            printed=keys.flag("printed", True),
            identifying=keys.flag("identifying", False),
            default_from=keys.maybe("default_from"),
            differs_from=keys.maybe("differs_from"),
            max_length=keys.whole("max_length", 200),
            aliases=keys.texts("aliases"),
            help=keys.text("help", ""),
            example=keys.text("example", ""),
        )
    except ValueError as exc:
        if name:  # a missing one was told already
            keys.error("name", foreign_text(exc), message("forms.write-lower-case-letters-digits-such"))
    return _whole(keys, "field", name, field)


def _read_role(item: Item) -> SignatureRole | None:
    keys = Keys(*item, _ROLE_KEYS)
    label_zh, label_en = keys.labels("label")
    role_id = keys.text("id")
    kind = keys.choice("kind", [known.value for known in RoleKind])
    place = Keys(keys.mistakes, keys.place("place"), keys.node.get("place", {}), _PLACE_KEYS)
    visible = "place" in keys.node
    role = None
    try:
        role = SignatureRole(
            id=role_id,
            label_zh=label_zh,
            label_en=label_en,
            kind=RoleKind(kind),
            required=keys.flag("required"),
            order=keys.whole("order"),
            bookmark=place.text("bookmark") if visible else None,
            width_mm=place.number("width_mm") if visible else 0.0,
            height_mm=place.number("height_mm") if visible else 0.0,
            holder=keys.maybe("holder"),
            offset_x_mm=place.number("offset_x_mm", 0.0),
            offset_y_mm=place.number("offset_y_mm", 0.0),
        )
    except ValueError as exc:
        if role_id:
            keys.error("id", foreign_text(exc))
    return _whole(keys, "role", role_id, None if place.failed else role)


def _read_condition(item: Item) -> Condition | None:
    keys = Keys(*item, _CONDITION_KEYS)
    label_zh, label_en = keys.labels("label")
    condition = Condition(keys.text("name"), label_zh, label_en, keys.text("field"))
    return _whole(keys, "condition", condition.name, condition)


def _read_consent(top: Keys) -> Consent | None:
    if "consent" not in top.node:
        return None
    keys = Keys(top.mistakes, "consent", top.node["consent"], _CONSENT_KEYS)
    text_zh, text_en = keys.labels("text")
    return Consent(keys.text("version"), text_zh, text_en)


def _read_retention(top: Keys) -> Retention | None:
    text = top.maybe("retention_years")
    if text is None:
        return None
    try:
        return Retention.parse(text)
    except ValueError:
        top.error("retention_years", message("forms.retention-expected"), message("forms.write-retention"))
        return None


def _whole(keys: Keys, kind: str, name: str, part: T | None) -> T | None:
    """Return a part that has no mistake; of another one remember that it is there."""
    if part is None or keys.failed:
        keys.mistakes.broken.add(f"{kind} {name}")
        return None
    keys.mistakes.places[f"{kind} {name}"] = keys.where
    return part


def _usual_subject(fields: Iterable[Field]) -> str | None:
    """Return whom a form without `subject` is about: the last name that must be given."""
    names = [field.name for field in fields if field.required and field.type in NAME_TYPES and field.printed]
    return names[-1] if names else None


def _usual_row_keys(fields: Iterable[Field]) -> tuple[str, ...]:
    there = {field.name for field in fields}
    return tuple(name for name in _USUAL_ROW_KEYS if name in there)


def _read_fonts(top: Keys) -> tuple[tuple[str, tuple[str, ...]], ...]:
    node = top.node.get("fonts")
    if not isinstance(node, dict) or not node:
        top.error("fonts", message("forms.must-name-each-font-template-styles"))
        return ()
    fonts = Keys(top.mistakes, "fonts", node, set(node))
    chains = []
    for name in node:
        chain = fonts.texts(name)
        if not chain and not fonts.failed:
            fonts.error(
                name, message("forms.must-list-least-one-font-family"), message("forms.write", name=name)
            )
        for family in (name, *chain):
            if any(sign in family for sign in ";,"):
                fonts.error(
                    name,
                    message("forms.more-than-one-font-name", family=family),
                    message("forms.give-each-entry-its-own"),
                )
        chains.append((name, chain))
    return tuple(chains)
