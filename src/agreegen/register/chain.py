"""The chain and the projection: how events commit to each other, and what they make of a document. No I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from agreegen.model.document import canonical_json
from agreegen.register.interface import (
    REGISTER_EVENTS,
    DocumentRow,
    DocumentState,
    Event,
    EventDraft,
    EventKind,
    Registration,
)

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_STATES = {
    EventKind.RENDERED: DocumentState.RENDERED,
    EventKind.SIGNED: DocumentState.SIGNED,
    EventKind.TIMESTAMP_PENDING: DocumentState.TIMESTAMP_PENDING,
    EventKind.TIMESTAMPED: DocumentState.SIGNED,
    EventKind.ARCHIVED: DocumentState.ARCHIVED,
    EventKind.SUPERSEDED: DocumentState.SUPERSEDED,
    EventKind.QUARANTINED: DocumentState.QUARANTINED,
    EventKind.PAPER: DocumentState.PAPER,
}
_BEGINNINGS = {EventKind.RENDERED, EventKind.ADOPTED}
"""Events after which a document is in force (again), whatever became of it before."""

_REGISTRATION_FIELDS = tuple(Registration.__dataclass_fields__)


def genesis_hash(meta: Mapping[str, str]) -> bytes:
    """Return the hash that the first event builds on; it commits to all of `meta`.

    The secret enters through its own SHA-256, so that the genesis value may be shown to others.
    """
    public = dict(meta)
    public["secret"] = hashlib.sha256(bytes.fromhex(public["secret"])).hexdigest()
    return hashlib.sha256(b"agreegen register/1\n" + canonical_json(public)).digest()


def format_time(moment: datetime) -> str:
    """Return a time as the register stores it: ISO 8601, UTC, `Z`."""
    return moment.isoformat().replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read a stored time.

    Raises:
        ValueError: It is not an ISO 8601 time with an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment


def encode_details(draft: EventDraft) -> str:
    """Return the canonical JSON of an event's details, the registration among them."""
    details: dict[str, object] = dict(draft.details)
    if draft.registration is not None:
        details["registration"] = {name: getattr(draft.registration, name) for name in _REGISTRATION_FIELDS}
    return canonical_json(details).decode() if details else "{}"


def event_hash(previous: bytes, row: tuple[int, str, str, str, str | None, str | None, str]) -> bytes:
    """Return SHA-256(previous hash || canonical JSON of the event as it is stored).

    Args:
        previous: Hash of the event before, or the genesis hash.
        row: seq, at, kind, document, role, sha256 and details, exactly as stored.
    """
    return hashlib.sha256(previous + _ENCODER.encode(row).encode()).digest()


def project(document: DocumentRow | None, event: Event | EventDraft, details: str) -> DocumentRow:
    """Return what an event makes of a document.

    Args:
        document: The document before the event; None where the register does not know it yet.
        event: The event.
        details: The event's canonical details.

    Raises:
        ValueError: The event does not fit, e.g. a document that was never registered.
    """
    if event.kind in REGISTER_EVENTS:
        raise ValueError(f"{event.kind.value} concerns no document")
    facts = json.loads(details)
    introduced = facts.get("registration")
    if document is None:
        if introduced is None or event.sha256 is None:
            raise ValueError(f"{event.kind.value} on a document that was never registered")
        registration = Registration(**introduced)
        if registration.id != event.document_id:
            raise ValueError("the registration names another document")
        document = DocumentRow(registration, DocumentState.RENDERED, event.sha256)
    elif introduced is not None:
        raise ValueError("the document is registered already")
    kept = replace(document, superseded_by=None, bag=None) if event.kind in _BEGINNINGS else document
    hashes = {} if event.kind is EventKind.RENDERED else dict(document.hashes)
    if event.sha256 is not None and event.kind is not EventKind.VERIFIED:
        hashes[f"{event.kind.value}:{event.role}" if event.role else event.kind.value] = event.sha256
    return replace(
        document,
        registration=_moved(document.registration, facts.get("path")),
        state=_next_state(document.state, event.kind, facts),
        sha256=event.sha256 or document.sha256,
        hashes=hashes,
        superseded_by=facts.get("by") if event.kind is EventKind.SUPERSEDED else kept.superseded_by,
        bag=facts.get("bag") if event.kind is EventKind.ARCHIVED else kept.bag,
    )


def _moved(registration: Registration, path: object) -> Registration:
    return registration if path is None else replace(registration, path=str(path))


def _next_state(state: DocumentState, kind: EventKind, facts: Mapping[str, object]) -> DocumentState:
    if kind is EventKind.VERIFIED:
        return state
    if kind is EventKind.ADOPTED:
        return DocumentState(str(facts["state"]))
    if kind is EventKind.ARCHIVED and state in {DocumentState.SUPERSEDED, DocumentState.TIMESTAMP_PENDING}:
        return state
    return _STATES[kind]


def row_values(document: DocumentRow) -> tuple[str | None, ...]:
    """Return a document's column values in the order of the table."""
    known = document.registration
    return (
        known.id,
        known.form_id,
        known.form_version,
        known.template_sha256,
        known.row_key,
        known.name,
        known.path,
        known.staff_no,
        known.id_number,
        known.unit,
        known.metadata,
        document.state.value,
        document.sha256,
        canonical_json(dict(document.hashes)).decode(),
        document.superseded_by,
        document.bag,
    )


def row_from_values(values: tuple[str | None, ...]) -> DocumentRow:
    """Build a document from its column values.

    Raises:
        ValueError: A value is not one that the register writes.
    """
    state, sha256, hashes, superseded_by, bag = values[11:16]
    known: dict[str, Any] = dict(zip(_REGISTRATION_FIELDS, values, strict=False))
    registration = Registration(**known)
    return DocumentRow(
        registration, DocumentState(str(state)), str(sha256), json.loads(str(hashes)), superseded_by, bag
    )


COLUMNS = (
    "id, form, form_version, template_sha256, row_key, name, path, staff_no, id_number, unit, metadata, "
    "state, sha256, hashes, superseded_by, bag"
)
"""The columns of `documents` in the order of `row_values`."""
