"""Reading `form.yaml` strictly: every key known, every value typed by its key, every reference resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from agreegen.errors import InputError
from agreegen.files import read_limited, sha256_of
from agreegen.forms.template import MAX_TEMPLATE_BYTES
from agreegen.model.form import Condition, Field, FieldType, Form, RoleKind, SignatureRole
from agreegen.yaml_text import MAX_BYTES, YamlText, read_yaml_text

_FORM_KEYS = {
    "id", "version", "title", "source", "subject", "row_keys", "fields", "conditions", "roles", "fonts",
}  # fmt: skip
_FIELD_KEYS = {
    "name", "label", "type", "required", "printed", "identifying", "default_from", "differs_from",
    "max_length", "aliases", "help", "example",
}  # fmt: skip
_ROLE_KEYS = {"id", "label", "kind", "required", "order", "holder", "place"}
_PLACE_KEYS = {"bookmark", "width_mm", "height_mm", "offset_x_mm", "offset_y_mm"}
_CONDITION_KEYS = {"name", "label", "field"}
_USUAL_ROW_KEYS = ("staff_no", "id_number")
_NAMES = {FieldType.PERSON_NAME, FieldType.ORGANISATION_NAME}
_NO_ROW_KEYS = {FieldType.LIST, FieldType.YES_NO, FieldType.DATE}

T = TypeVar("T")


def load_form(directory: Path) -> Form:
    """Load the form whose folder holds `template.docx` and `form.yaml`.

    Args:
        directory: The form's folder.

    Raises:
        InputError: A file is missing, or the description is wrong; the message names the file and the key.
    """
    description, template = directory / "form.yaml", directory / "template.docx"
    data, template_data = _read(description, MAX_BYTES), _read(template, MAX_TEMPLATE_BYTES)
    top = _Keys(description, "", read_yaml_text(data, description), _FORM_KEYS)
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
        roles=tuple(sorted(roles, key=lambda role: role.order)),
        conditions=conditions,
        font_chains=_read_fonts(top),
        subject=top.maybe("subject") or _usual_subject(fields),
        row_keys=top.texts("row_keys") or _usual_row_keys(fields),
    )
    _check_references(form, description)
    return form


def _read(path: Path, most: int) -> bytes:
    try:
        return read_limited(path, most)
    except OSError as exc:
        raise InputError(
            f"{path}: cannot be read: {exc.strerror or exc}",
            hint="a form is a folder that holds template.docx and form.yaml",
        ) from exc


class _Keys:
    """One mapping of the description; every getter names the file and the key when something is wrong."""

    def __init__(self, file: Path, where: str, node: YamlText, known: set[str]) -> None:
        self.file, self.where = file, where
        if not isinstance(node, dict):
            raise InputError(f"{file}: {where or 'the file'}: must be keys with values")
        self.node = node
        for key in node:
            if key not in known:
                raise self.error(key, f"unknown key; known are {', '.join(sorted(known))}")

    def error(self, key: str, problem: str) -> InputError:
        """Make the error that names the place of a key."""
        return InputError(
            f"{self.file}: {self.place(key)}: {problem}", hint="docs/forms.md explains every key of form.yaml"
        )

    def place(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def text(self, key: str, default: str | None = None) -> str:
        node = self.node.get(key, default)
        if node is None:
            raise self.error(key, "is missing")
        if not isinstance(node, str):
            raise self.error(key, "must be a single text")
        if not node.strip() and default is None:
            raise self.error(key, "must not be empty")
        return node

    def maybe(self, key: str) -> str | None:
        return self.text(key) if key in self.node else None

    def flag(self, key: str, default: bool | None = None) -> bool:
        text = self.text(key, None if default is None else str(default).lower())
        if text not in {"true", "false"}:
            raise self.error(key, f"must be true or false, found {text!r}")
        return text == "true"

    def number(self, key: str, default: float | None = None) -> float:
        text = self.text(key, None if default is None else str(default))
        try:
            value = float(text)
        except ValueError as exc:
            raise self.error(key, f"must be a number, found {text!r}") from exc
        if not -1000 <= value <= 1000:  # larger than any page, in millimetres; also refuses nan
            raise self.error(key, f"must lie between -1000 and 1000, found {text!r}")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        text = self.text(key, None if default is None else str(default))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
            raise self.error(key, f"must be a whole number from 1 to 100000, found {text!r}")
        return int(text)

    def texts(self, key: str) -> tuple[str, ...]:
        node = self.node.get(key, [])
        if not isinstance(node, list) or not all(isinstance(item, str) and item.strip() for item in node):
            raise self.error(key, "must be a list of texts")
        return tuple(str(item) for item in node)

    def labels(self, key: str) -> tuple[str, str]:
        if key not in self.node:
            raise self.error(key, "is missing")
        inner = _Keys(self.file, self.place(key), self.node[key], {"zh", "en"})
        return inner.text("zh"), inner.text("en")

    def each(self, key: str, read: Callable[[_Item], T], *, optional: bool = False) -> tuple[T, ...]:
        node = self.node.get(key, [] if optional else None)
        if node is None:
            raise self.error(key, "is missing")
        if not isinstance(node, list) or not (node or optional):
            raise self.error(key, "must be a list" if optional else "must be a list with at least one entry")
        return tuple(read((self.file, f"{key}[{number}]", item)) for number, item in enumerate(node, start=1))


_Item = tuple[Path, str, YamlText]


def _read_field(item: _Item) -> Field:
    keys = _Keys(*item, _FIELD_KEYS)
    label_zh, label_en = keys.labels("label")
    kind = keys.text("type")
    if kind not in {known.value for known in FieldType}:
        raise keys.error(
            "type", f"must be one of {', '.join(known.value for known in FieldType)}, found {kind!r}"
        )
    try:
        return Field(
            name=keys.text("name"),
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
        raise keys.error("name", str(exc)) from exc


def _read_role(item: _Item) -> SignatureRole:
    keys = _Keys(*item, _ROLE_KEYS)
    label_zh, label_en = keys.labels("label")
    kind = keys.text("kind")
    if kind not in {known.value for known in RoleKind}:
        raise keys.error("kind", f"must be seal or signature, found {kind!r}")
    place = _Keys(keys.file, keys.place("place"), keys.node.get("place", {}), _PLACE_KEYS)
    visible = "place" in keys.node
    try:
        return SignatureRole(
            id=keys.text("id"),
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
        raise keys.error("id", str(exc)) from exc


def _read_condition(item: _Item) -> Condition:
    keys = _Keys(*item, _CONDITION_KEYS)
    label_zh, label_en = keys.labels("label")
    return Condition(keys.text("name"), label_zh, label_en, keys.text("field"))


def _usual_subject(fields: Iterable[Field]) -> str | None:
    """Return whom a form without `subject` is about: the last name that must be given."""
    names = [field.name for field in fields if field.required and field.type in _NAMES and field.printed]
    return names[-1] if names else None


def _usual_row_keys(fields: Iterable[Field]) -> tuple[str, ...]:
    there = {field.name for field in fields}
    return tuple(name for name in _USUAL_ROW_KEYS if name in there)


def _check_rows(form: Form, file: Path) -> None:
    fields = {field.name: field for field in form.fields}
    subject = fields.get(form.subject or "")
    if form.subject is not None and (subject is None or subject.identifying or subject.type not in _NAMES):
        raise InputError(
            f"{file}: subject: {form.subject!r} is no field that names a person or an organisation",
            hint="name the field with the person or the other party",
        )
    _refuse_repeats(file, "row_keys", form.row_keys)
    for name in form.row_keys:
        if name not in fields or fields[name].type in _NO_ROW_KEYS:
            raise InputError(
                f"{file}: row_keys: {name!r} is no field that can tell rows apart",
                hint="name fields with a number or a name, the preferred one first",
            )


def _read_fonts(top: _Keys) -> tuple[tuple[str, tuple[str, ...]], ...]:
    node = top.node.get("fonts")
    if not isinstance(node, dict) or not node:
        raise top.error("fonts", "must name each font of the template's styles with the fonts tried for it")
    fonts = _Keys(top.file, "fonts", node, set(node))
    chains = []
    for name in node:
        chain = fonts.texts(name)
        if not chain:
            raise fonts.error(name, "must list at least one font family")
        for family in (name, *chain):
            if any(sign in family for sign in ";,"):
                raise fonts.error(
                    name, f"{family!r} is more than one font name; give each an entry of its own"
                )
        chains.append((name, chain))
    return tuple(chains)


def _check_references(form: Form, file: Path) -> None:
    fields = {field.name: field for field in form.fields}
    _refuse_repeats(file, "fields", [field.name for field in form.fields])
    _refuse_repeats(file, "roles", [role.id for role in form.roles])
    _refuse_repeats(file, "roles.place.bookmark", [role.bookmark for role in form.roles if role.bookmark])
    _refuse_repeats(file, "conditions", [*fields, *(condition.name for condition in form.conditions)])
    for field in form.fields:
        for key, name in (("default_from", field.default_from), ("differs_from", field.differs_from)):
            if name is not None and (name not in fields or name == field.name):
                raise InputError(f"{file}: field {field.name}: {key} names {name!r}, which is no other field")
        if field.identifying and field.printed:
            raise InputError(
                f"{file}: field {field.name}: identifying data must not be printed; set printed: false"
            )
    for role in form.roles:
        if role.holder is not None and (role.holder not in fields or not fields[role.holder].printed):
            raise InputError(
                f"{file}: role {role.id}: holder names {role.holder!r}, which is no printed field"
            )
    _check_rows(form, file)
    for condition in form.conditions:
        if condition.field not in fields or fields[condition.field].type is not FieldType.YES_NO:
            raise InputError(
                f"{file}: condition {condition.name}: {condition.field!r} is no yes-no field of this form"
            )


def _refuse_repeats(file: Path, where: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(
                f"{file}: {where}: {name!r} stands there twice", hint="every name must be unique"
            )
        seen.add(name)
