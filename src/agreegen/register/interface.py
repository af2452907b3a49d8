"""What the register holds: documents, events, chain heads, and what an audit finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

Details = Mapping[str, str | int | bool | None]
"""Flat facts about an event, JSON-ready."""


class EventKind(StrEnum):
    """What can happen to a document, or to the register itself (`run`, `head`)."""

    RENDERED = "rendered"
    SIGNED = "signed"
    TIMESTAMP_PENDING = "timestamp-pending"
    TIMESTAMPED = "timestamped"
    VERIFIED = "verified"
    ARCHIVED = "archived"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"
    ADOPTED = "adopted"
    PAPER = "paper"
    RUN = "run"
    HEAD = "head"


REGISTER_EVENTS = frozenset({EventKind.RUN, EventKind.HEAD})
"""Events that concern the register and no document."""


class DocumentState(StrEnum):
    """Where a document stands."""

    RENDERED = "rendered"
    SIGNED = "signed"
    TIMESTAMP_PENDING = "timestamp-pending"
    ARCHIVED = "archived"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known of a document when it first enters the register.

    Attributes:
        id: Document id.
        form_id: The form's id.
        form_version: The form's version.
        template_sha256: Lower-case hex SHA-256 of the template.
        row_key: What tells roster rows apart, from `Register.row_key`.
        name: The printed name of the person or party.
        path: Path of the file below the folder of the register, with forward slashes.
        staff_no: Staff number, if any.
        id_number: Resident ID number, if any; it stands nowhere but here.
        unit: The person's unit, if any.
        metadata: Canonical JSON of all further values that are not printed.
    """

    id: str
    form_id: str
    form_version: str
    template_sha256: str
    row_key: str
    name: str
    path: str
    staff_no: str | None = None
    id_number: str | None = None
    unit: str | None = None
    metadata: str = "{}"


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as the register shows it: its registration and all that its events made of it.

    Attributes:
        registration: What was known at first; `path` follows the file when it moves.
        state: Where it stands.
        sha256: Lower-case hex SHA-256 of the file as it is now.
        hashes: SHA-256 of each state, by `rendered`, `signed:<role>`, `timestamped`, …
        superseded_by: Id of the document that replaced it.
        bag: Name of the bag that archives it.
    """

    registration: Registration
    state: DocumentState
    sha256: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    superseded_by: str | None = None
    bag: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashes", MappingProxyType(dict(self.hashes)))

    @property
    def counts(self) -> bool:
        """Whether the person has a pledge by this document: signed, archived or on paper."""
        return self.state in {
            DocumentState.SIGNED,
            DocumentState.TIMESTAMP_PENDING,
            DocumentState.ARCHIVED,
            DocumentState.PAPER,
        }

    @property
    def in_force(self) -> bool:
        """Whether the row's current document is this one: neither replaced nor quarantined."""
        return self.state not in {DocumentState.SUPERSEDED, DocumentState.QUARANTINED}


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event before it has a place in the chain.

    Attributes:
        kind: What happened.
        document_id: The document's id; empty for events of the register itself.
        role: Signature role, for `signed`.
        sha256: SHA-256 of the file after the event.
        details: Further facts.
        registration: Given exactly with the event that brings a document into the register.
    """

    kind: EventKind
    document_id: str = ""
    role: str | None = None
    sha256: str | None = None
    details: Details = field(default_factory=dict)
    registration: Registration | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event in its place in the chain.

    Attributes:
        seq: Position, starting at 1.
        at: When it was recorded, aware UTC.
        kind: What happened.
        document_id: The document's id, or empty.
        role: Signature role, if any.
        sha256: SHA-256 of the file after the event, if any.
        details: Canonical JSON of all further facts, the registration among them.
        hash: SHA-256 over the hash of the event before and this event's canonical JSON.
    """

    seq: int
    at: datetime
    kind: EventKind
    document_id: str
    role: str | None
    sha256: str | None
    details: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at one moment, with the signature of whoever answers for it.

    Attributes:
        register_id: Id of the register.
        count: Number of events.
        hash: Hash of the last of them.
        signer: Name of the credential that signed.
        signature: Detached signature over `message`; empty where nobody signed.
    """

    register_id: str
    count: int
    hash: bytes
    signer: str = ""
    signature: bytes = b""

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return f"agreegen register head/1\n{self.register_id}\n{self.count}\n{self.hash.hex()}\n".encode()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that an audit found.

    Attributes:
        code: Stable, lower-case, hyphenated code, e.g. `event-changed`.
        where: The event, document, table or file.
        message: One sentence.
    """

    code: str
    where: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register verify --json`."""
        return {"code": self.code, "where": self.where, "message": self.message}

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"
