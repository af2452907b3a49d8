"""A form: its fields, its signature roles, its conditional clauses and the fonts it is set in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from agreegen.errors import SpokenValueError
from agreegen.messages import Message, message
from agreegen.model.retention import Retention
from agreegen.model.text import Bilingual

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class FieldType(StrEnum):
    """How the text of a field is read, checked and normalised."""

    PERSON_NAME = "person-name"
    ORGANISATION_NAME = "organisation-name"
    RESIDENT_ID = "resident-id"
    CREDIT_CODE = "credit-code"
    PHONE = "phone"
    DATE = "date"
    TEXT = "text"
    LIST = "list"
    YES_NO = "yes-no"
    STAFF_NO = "staff-no"
    DIVISION_CODE = "division-code"


class RoleKind(StrEnum):
    """What a signature role leaves on the page."""

    SEAL = "seal"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a form asks for.

    Attributes:
        name: Identifier used in templates, parameter files and rosters.
        label_zh: Chinese label.
        label_en: English label.
        type: How the value is read.
        required: Whether it must be given.
        printed: Whether it stands on the page; values that do not are kept as metadata only.
        identifying: Whether it is personal data that stays out of the PDF and is masked in messages.
        default_from: The field whose value is taken when this one is not given.
        differs_from: A field whose value must be another one.
        max_length: Greatest number of characters, for text and for each item of a list.
        aliases: Roster headers that mean this field, compared without spaces and widths.
        help: What to enter.
        example: A valid example.
    """

    name: str
    label_zh: str
    label_en: str
    type: FieldType
    required: bool = False
    printed: bool = True
    identifying: bool = False
    default_from: str | None = None
    differs_from: str | None = None
    max_length: int = 200
    aliases: tuple[str, ...] = ()
    help: str = ""
    example: str = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise SpokenValueError(message("model.field-name", name=self.name))

    @property
    def label(self) -> Bilingual:
        """The label in the reader's language."""
        return Bilingual(self.label_zh, self.label_en)

    @property
    def label_and_name(self) -> Message:
        """What people and what files call it."""
        return message("model.label-and-field", label=self.label_zh, field=self.name)

    @property
    def advice(self) -> Bilingual:
        """What to enter, in the reader's language: a form writes both, parted by a slash."""
        chinese, _, english = self.help.partition(" / ")
        return Bilingual(chinese, english)


@dataclass(frozen=True, slots=True)
class SignatureRole:
    """A place where somebody signs.

    Attributes:
        id: Name of the role and of the PDF signature field.
        label_zh: Chinese label.
        label_en: English label.
        kind: Seal or personal signature.
        required: Whether the document is incomplete without it.
        order: Position in the signing order, starting at 1; equal numbers may sign in any order.
        bookmark: Word bookmark that the field is placed by; None for an invisible field.
        width_mm: Width of the visible field in millimetres.
        height_mm: Height of the visible field in millimetres.
        holder: The field whose value the certificate's subject must name.
        offset_x_mm: How far the field's centre lies to the right of the bookmark; negative to the left.
        offset_y_mm: How far the centre lies below the top of the bookmark's line; negative above.
    """

    id: str
    label_zh: str
    label_en: str
    kind: RoleKind
    required: bool
    order: int
    bookmark: str | None = None
    width_mm: float = 0.0
    height_mm: float = 0.0
    holder: str | None = None
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0

    def __post_init__(self) -> None:
        if not _NAME.match(self.id):
            raise SpokenValueError(message("model.role-id", id=self.id))
        if self.bookmark is not None and (self.width_mm <= 0 or self.height_mm <= 0):
            raise SpokenValueError(message("model.role-size", id=self.id))

    @property
    def label(self) -> Bilingual:
        """The label in the reader's language."""
        return Bilingual(self.label_zh, self.label_en)

    def in_language(self, language: str) -> str:
        """Return what to call it in a sentence: programs know its id, people its label."""
        return self.label_zh if language == "zh" else self.id

    @property
    def visible(self) -> bool:
        """Whether the signature shows on the page."""
        return self.bookmark is not None


@dataclass(frozen=True, slots=True)
class Condition:
    """A clause that a job may leave out for rows that it does not concern.

    Attributes:
        name: Variable in the template that is true while the clause is printed.
        label_zh: What the clause is about, in Chinese.
        label_en: The same in English.
        field: The yes/no field that says whether the clause concerns a row.
    """

    name: str
    label_zh: str
    label_en: str
    field: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The statement that people agree to before they sign on a device.

    Attributes:
        version: Its version; another text has another one.
        text_zh: The statement in Chinese.
        text_en: The same in English.
    """

    version: str
    text_zh: str
    text_en: str

    def text(self, language: str) -> str:
        """Return the statement in a language."""
        return self.text_zh if language == "zh" else self.text_en


class FontUse(StrEnum):
    """What an office's own font is for."""

    TEXT = "text"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class OwnFont:
    """A font file of the office's own that a form is set in, instead of the font that its template names.

    Attributes:
        use: What it is for.
        family: Its family name.
        path: The file.
        sha256: Lower-case hex SHA-256 of the file.
    """

    use: FontUse
    family: str
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Form:
    """A released form: an approved template and the description that goes with it.

    Attributes:
        id: Folder name, e.g. `personal-pledge`.
        version: Version of the form, e.g. `1.0`.
        title_zh: Title as printed.
        title_en: English title for reports.
        source: The notice and annex that the text comes from.
        directory: Folder that holds `template.docx` and `form.yaml`.
        template_sha256: Lower-case hex SHA-256 of `template.docx`.
        description_sha256: Lower-case hex SHA-256 of `form.yaml`.
        fields: In the order in which they are asked for.
        roles: In signing order.
        conditions: Clauses that a job may leave out.
        font_chains: Style font name → font families tried in turn for it, the first one the form's own.
        subject: The field that names whom a document is about: the person, or the other party.
        row_keys: Fields that tell the rows of a roster apart, the preferred one first.
        consent: What people agree to before they sign on a device; None where that is not offered.
        retention: How long its documents are kept; None where the form does not say.
        own_fonts: The office's own fonts that stand in for those of the template; the chains name them, too.
    """

    id: str
    version: str
    title_zh: str
    title_en: str
    source: str
    directory: Path
    template_sha256: str
    description_sha256: str
    fields: tuple[Field, ...]
    roles: tuple[SignatureRole, ...]
    conditions: tuple[Condition, ...] = ()
    font_chains: tuple[tuple[str, tuple[str, ...]], ...] = ()
    subject: str | None = None
    row_keys: tuple[str, ...] = ()
    consent: Consent | None = None
    retention: Retention | None = None
    own_fonts: tuple[OwnFont, ...] = ()

    @property
    def title(self) -> Bilingual:
        """The title in the reader's language."""
        return Bilingual(self.title_zh, self.title_en)

    @property
    def template(self) -> Path:
        """Path of the Word template."""
        return template_path(self.directory)

    def field(self, name: str) -> Field:
        """Return the field of that name.

        Raises:
            KeyError: The form has no such field.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def role(self, role_id: str) -> SignatureRole:
        """Return the signature role of that id.

        Raises:
            KeyError: The form has no such role.
        """
        for role in self.roles:
            if role.id == role_id:
                return role
        raise KeyError(role_id)

    @property
    def subject_roles(self) -> tuple[SignatureRole, ...]:
        """The required roles of whom a document is about; all required ones where the form does not say.

        The fields of one person or party begin alike (`party_b_name`, `party_b_representative`), so a role is
        the subject's where its holder's field begins like the subject's.
        """
        stem = (self.subject or "").rpartition("_")[0]
        own = [role for role in self.required_roles if stem and (role.holder or "").startswith(f"{stem}_")]
        return tuple(own) or self.required_roles

    def subject_of(self, values: Mapping[str, object]) -> str:
        """Return whom a document is about, by the values of one row or document; empty where that is open."""
        return "" if self.subject is None else str(values.get(self.subject, ""))

    def asking_only_whom(self) -> Form:
        """Return the form as it reads a roster that need only say whom its rows are about."""
        fields = tuple(replace(f, required=f.required and f.name == self.subject) for f in self.fields)
        return replace(self, fields=fields)

    @property
    def required_roles(self) -> tuple[SignatureRole, ...]:
        """The roles without which a document is incomplete, in signing order."""
        return tuple(role for role in self.roles if role.required)


def template_path(directory: Path) -> Path:
    """Return the path of the Word template in the folder of a form."""
    return directory / "template.docx"
