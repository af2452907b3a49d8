"""A document: one form filled with one set of values, and the JSON that its PDF carries."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from agreegen.model.form import Form
from agreegen.model.row_key import RowKey, find_row_key

Value = str | bool | date | tuple[str, ...]
"""A parsed field value: text, yes/no, a date, or the items of a list."""

ATTACHMENT_NAME = "agreegen.json"
"""Name of the associated file that carries a document's values (PDF/A-3, ISO 19005-3 annex E)."""

SCHEMA = "agreegen/document/1"
_MOST_UM = 10_000_000


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def encode_value(value: Value) -> str | bool | list[str]:
    """Turn a value into what JSON holds: dates as ISO 8601, lists as arrays."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


def canonical_json(data: Any) -> bytes:
    """Encode JSON in one way only: sorted keys, no spaces, UTF-8."""
    return _CANONICAL.encode(data).encode()


@dataclass(frozen=True, slots=True)
class DeclaredRole:
    """A signature role as the document itself declares it, in `agreegen.json`.

    Attributes:
        id: Role id and PDF field name.
        order: Position in the signing order, starting at 1.
        required: Whether the document is incomplete without it.
        holder: The value that the certificate's subject must name; None where anyone may sign.
        label: Chinese label.
    """

    id: str
    order: int
    required: bool
    holder: str | None = None
    label: str = ""

    def in_language(self, language: str) -> str:
        """Return what to call it in a sentence: programs know its id, people its label."""
        return self.label or self.id if language == "zh" else self.id


@dataclass(frozen=True, slots=True)
class SeamSeal:
    """A seal that is printed in slices over the edges of all pages (骑缝章).

    Attributes:
        role: The role whose seal it is.
        picture_sha256: Lower-case hex SHA-256 of the picture's size and pixels.
        width_um: Width of the whole seal in micrometres.
    """

    role: str
    picture_sha256: str
    width_um: int


@dataclass(frozen=True, slots=True)
class Document:
    """One form filled with one set of values.

    Attributes:
        id: 32 lower-case hex digits that follow from the inputs.
        form_id: The form's id.
        form_version: The form's version.
        title: The form's printed title.
        template_sha256: Lower-case hex SHA-256 of the template.
        values: The printed values only, as JSON-ready text, booleans and lists (dates as ISO 8601).
        conditions: Conditional clauses, true where printed.
        roles: The signature roles in signing order.
        engine: Name and version of the engine that made the page, e.g. `libreoffice` or `compiled/1`.
        fonts: Family and lower-case hex SHA-256 of an office's own fonts that the page is set in.
        seams: The seals that are printed over the edges of all pages, in the order of the form's roles.
    """

    id: str
    form_id: str
    form_version: str
    title: str
    template_sha256: str
    values: Mapping[str, str | bool | list[str]]
    conditions: Mapping[str, bool]
    roles: tuple[DeclaredRole, ...]
    engine: str = "libreoffice"
    fonts: tuple[tuple[str, str], ...] = ()
    seams: tuple[SeamSeal, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))
        object.__setattr__(self, "conditions", MappingProxyType(dict(self.conditions)))

    def name_role(self, role_id: str) -> DeclaredRole | str:
        """Return what to call a role in a sentence; its id where the document does not declare it."""
        return next((role for role in self.roles if role.id == role_id), role_id)

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy does not travel to a worker process.
        facts = (self.id, self.form_id, self.form_version, self.title, self.template_sha256)
        return (
            Document,
            (
                *facts,
                dict(self.values),
                dict(self.conditions),
                self.roles,
                self.engine,
                self.fonts,
                self.seams,
            ),
        )

    def to_json(self) -> bytes:
        """Encode the document as the bytes of `agreegen.json`."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "id": self.id,
                "form": {
                    "id": self.form_id,
                    "version": self.form_version,
                    "title": self.title,
                    "template_sha256": self.template_sha256,
                },
                "engine": self.engine,
                "values": dict(self.values),
                "conditions": dict(self.conditions),
                "roles": [
                    {
                        "id": r.id,
                        "order": r.order,
                        "required": r.required,
                        "holder": r.holder,
                        "label": r.label,
                    }
                    for r in self.roles
                ],
            }
            | self._fonts_to_json()
            | seams_to_json(self.seams)
        )

    def _fonts_to_json(self) -> dict[str, Any]:
        # Without own fonts there is no such key: documents of before stay what they were, byte for byte.
        fonts = [{"family": family, "sha256": digest} for family, digest in self.fonts]
        return {"fonts": fonts} if fonts else {}

    @classmethod
    def from_json(cls, data: bytes) -> Document:
        """Decode the bytes of `agreegen.json`.

        Raises:
            ValueError: The bytes are not such a file (JSON, key, type or schema).
        """
        try:
            raw = json.loads(data, object_pairs_hook=_each_key_once)
            if raw["schema"] != SCHEMA:
                raise ValueError(f"unknown schema {raw['schema']!r}")
            return cls(
                id=_text(raw["id"]),
                form_id=_text(raw["form"]["id"]),
                form_version=_text(raw["form"]["version"]),
                title=_text(raw["form"]["title"]),
                template_sha256=_text(raw["form"]["template_sha256"]),
                values={_text(name): _json_value(value) for name, value in raw["values"].items()},
                conditions={_text(name): bool(value) for name, value in raw["conditions"].items()},
                roles=tuple(
                    DeclaredRole(
                        id=_text(role["id"]),
                        order=int(role["order"]),
                        required=bool(role["required"]),
                        holder=None if role["holder"] is None else _text(role["holder"]),
                        label=_text(role["label"]),
                    )
                    for role in raw["roles"]
                ),
                engine=_text(raw["engine"]),
                fonts=tuple((_text(f["family"]), _text(f["sha256"])) for f in raw.get("fonts", ())),
                seams=tuple(
                    SeamSeal(_text(s["role"]), _text(s["picture_sha256"]), _width(s["width_um"]))
                    for s in raw.get("seam", ())
                ),
            )
        except (KeyError, TypeError, AttributeError, RecursionError, UnicodeDecodeError) as exc:
            raise ValueError(f"not an agreegen document: {exc}") from exc


def seams_to_json(seams: tuple[SeamSeal, ...]) -> dict[str, Any]:
    """Return the entry for seams; none without them: documents of before stay what they were."""
    listed = [{"role": s.role, "picture_sha256": s.picture_sha256, "width_um": s.width_um} for s in seams]
    return {"seam": listed} if listed else {}


def build_document(
    form: Form,
    values: Mapping[str, Value],
    *,
    conditions: Mapping[str, bool] | None = None,
    register_secret: bytes | None = None,
    aliases: Mapping[str, str] | None = None,
    seams: tuple[SeamSeal, ...] = (),
) -> Document:
    """Build the document that a form and its values make.

    The id follows from form, template, printed values, conditions, seams and the row key, so the same inputs
    always give the same id. Where only an ID number tells two people apart, it enters through HMAC-SHA-256
    under the register's secret, so that nobody can guess it back from the id.

    Args:
        form: The form.
        values: Parsed values by field name; absent fields are absent, not empty.
        conditions: Conditional clauses that are printed; a missing one is printed.
        register_secret: At least 16 random bytes, kept with the register.
        aliases: Printed name → the registered name that certificates carry.
        seams: The seals that are printed over the edges of all pages.

    Raises:
        ValueError: An ID number must enter the id and there is no register secret.
    """
    printed = {f.name: encode_value(values[f.name]) for f in form.fields if f.printed and f.name in values}
    shown = {c.name: True if conditions is None else conditions.get(c.name, True) for c in form.conditions}
    seed: dict[str, Any] = {
        "form": [form.id, form.version, form.template_sha256],
        "values": printed,
        "conditions": shown,
    }
    seed |= seams_to_json(seams)
    seed |= _seed_of_key(find_row_key(form, values), register_secret)
    return Document(
        id=hashlib.sha256(canonical_json(seed)).hexdigest()[:32],
        form_id=form.id,
        form_version=form.version,
        title=form.title_zh,
        template_sha256=form.template_sha256,
        values=printed,
        conditions=shown,
        roles=declare_roles(form, printed, aliases),
        seams=seams,
    )


def declare_roles(
    form: Form, printed: Mapping[str, object], aliases: Mapping[str, str] | None = None
) -> tuple[DeclaredRole, ...]:
    """Return a document's roles as its form and its printed values give them.

    Args:
        form: The form.
        printed: The printed values, as JSON holds them.
        aliases: Printed name → the registered name that certificates carry.
    """
    known = aliases or {}
    roles = []
    for role in form.roles:
        held = printed.get(role.holder) if role.holder else None
        holder = known.get(str(held), str(held)) if held is not None else None
        roles.append(DeclaredRole(role.id, role.order, role.required, holder, role.label_zh))
    return tuple(roles)


def _seed_of_key(key: RowKey | None, secret: bytes | None) -> dict[str, Any]:
    """Return what tells a document from another one with the same printed values."""
    if key is None or key.printed:
        return {}
    if not key.identifying:
        return {key.field: key.value}
    if secret is None:
        raise ValueError("an ID number enters a document id only under a register secret")
    return {"person": hmac.new(secret, key.value.encode(), hashlib.sha256).hexdigest()}


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: readers would not agree on its value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    value.encode()  # half of a pair of surrogates is no text, and could not be written again
    return value


def _width(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"expected a whole number, found {type(value).__name__}")
    if not 0 < value < _MOST_UM:
        raise ValueError("a width that nothing has")
    return value


def _json_value(value: object) -> str | bool | list[str]:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_text(item) for item in value]
    raise TypeError(f"expected text, a boolean or a list, found {type(value).__name__}")
