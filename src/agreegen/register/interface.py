"""What the register holds: documents, events, scans."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

Details = Mapping[str, Any]
"""Facts about an event, JSON-ready."""

ANY_ROLE = "*"
"""Stands for every role of a document: what a scan meant before scans named their roles."""


class EventKind(StrEnum):
    """What can happen to a document, or to the register itself (see `REGISTER_EVENTS`)."""

    RENDERED = "rendered"
    SIGNED = "signed"
    TIMESTAMP_PENDING = "timestamp-pending"
    TIMESTAMPED = "timestamped"
    VERIFIED = "verified"
    ARCHIVED = "archived"
    DESTROYED = "destroyed"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"
    ADOPTED = "adopted"
    PRINTED = "printed"
    PAPER = "paper"
    RETRACTED = "retracted"
    DAMAGED = "damaged"
    RUN = "run"
    HEAD = "head"
    SIGNER = "signer"
    ACCEPTED = "accepted"
    REBUILT = "rebuilt"
    MENDED = "mended"
    SCANNED = "scanned"
    SCAN_REJECTED = "scan-rejected"


REGISTER_EVENTS = frozenset(
    {
        EventKind.RUN,
        EventKind.HEAD,
        EventKind.SIGNER,
        EventKind.ACCEPTED,
        EventKind.REBUILT,
        EventKind.SCANNED,
        EventKind.SCAN_REJECTED,
        EventKind.MENDED,
    }
)
"""Events that concern the register and no document."""


class DocumentState(StrEnum):
    """Where a document is in its life; who signed it, and how, is told by `DocumentRow.fulfilled`."""

    MADE = "made"
    VERIFIED = "verified"
    PRINTED = "printed"
    ARCHIVED = "archived"
    REPLACED = "replaced"
    QUARANTINED = "quarantined"
    DESTROYED = "destroyed"


ENDED = frozenset({DocumentState.REPLACED, DocumentState.QUARANTINED, DocumentState.DESTROYED})
"""States of documents that are not in force (any more)."""


class How(StrEnum):
    """How a role was fulfilled."""

    CERTIFICATE = "certificate"
    DEVICE = "device"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class ScanFile:
    """One file that holds a scan of signed paper.

    Attributes:
        path: Where it lies below the folder of the register, with forward slashes.
        sha256: Lower-case hex SHA-256 of the file.
        pages: Number of pages in it; 0 where an earlier version did not count them.
        source_sha256: SHA-256 of the whole file that the pages were split off, if they were.
        source_page: Number of the first of them in that file, from 1.
    """

    path: str
    sha256: str
    pages: int
    source_sha256: str | None = None
    source_page: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that an event keeps."""
        return {name: getattr(self, name) for name in ScanFile.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """How one role of a document was fulfilled, by whom, when, on what evidence.

    Attributes:
        how: With a certificate, on a device, on paper.
        at: When the register learned of it, aware UTC, as stored.
        by: The credential that signed, or who accepted the scan.
        event: Number of the event that says so.
        sha256: SHA-256 of the file just after the signature, or of the first scan.
        automatic: Whether a scan was accepted by the program, without a person looking at it.
        scans: The scans.
        certificate: SHA-256 of the certificate that signed; None where an earlier version did not record it.
    """

    how: How
    at: str
    by: str
    event: int
    sha256: str | None = None
    automatic: bool = False
    scans: tuple[ScanFile, ...] = ()
    certificate: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that the register keeps and shows."""
        data = {name: getattr(self, name) for name in Fulfilment.__dataclass_fields__}
        return data | {"how": self.how.value, "scans": [scan.to_dict() for scan in self.scans]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fulfilment:
        """Read what `to_dict` wrote.

        Raises:
            ValueError, TypeError, KeyError: It is something else.
        """
        scans = tuple(ScanFile(**scan) for scan in data["scans"])
        return cls(**{**data, "how": How(data["how"]), "scans": scans})


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
        state: Where it is in its life.
        sha256: Lower-case hex SHA-256 of the file as it is now.
        hashes: SHA-256 of each step, by `rendered`, `signed:<role>`, `timestamped`, …
        superseded_by: Id of the document that replaced it.
        bag: Name of the bag that holds it as it is now.
        fulfilled: Role → how it was fulfilled.
        printed_at: When it was last printed, aware UTC, as stored.
        pending: Whether it waits for a timestamp.
        size: Size of the file in bytes; None where an earlier version did not record it.
    """

    registration: Registration
    state: DocumentState
    sha256: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    superseded_by: str | None = None
    bag: str | None = None
    fulfilled: Mapping[str, Fulfilment] = field(default_factory=dict)
    printed_at: str | None = None
    pending: bool = False
    size: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashes", MappingProxyType(dict(self.hashes)))
        object.__setattr__(self, "fulfilled", MappingProxyType(dict(self.fulfilled)))

    @property
    def in_force(self) -> bool:
        """Whether the row's current document is this one: neither replaced, quarantined nor destroyed."""
        return self.state not in ENDED

    @property
    def scans(self) -> tuple[ScanFile, ...]:
        """The scans on which any of its roles rests, each once."""
        return tuple(dict.fromkeys(scan for each in self.fulfilled.values() for scan in each.scans))

    @property
    def scans_alone(self) -> bool:
        """Whether its file is a scan that an earlier version registered by itself."""
        return "paper" in self.hashes and "rendered" not in self.hashes

    def fulfilment(self, role: str) -> Fulfilment | None:
        """Return how a role was fulfilled, or None."""
        return self.fulfilled.get(role) or self.fulfilled.get(ANY_ROLE)

    def open_roles(self, roles: Collection[str]) -> tuple[str, ...]:
        """Return those of some roles that nobody has fulfilled yet."""
        return tuple(role for role in roles if self.fulfilment(role) is None)


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
