"""The projection: what the events of a document make of it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agreegen.chain.event_facts import read_facts
from agreegen.chain.hashing import format_time
from agreegen.errors import SpokenValueError
from agreegen.messages import message
from agreegen.model.document import canonical_json
from agreegen.register.interface import (
    ANY_ROLE,
    REGISTER_EVENTS,
    DocumentRow,
    DocumentState,
    Event,
    EventDraft,
    EventKind,
    Fulfilment,
    How,
    Registration,
    ScanFile,
)

Facts = Mapping[str, Any]

_REGISTRATION_FIELDS = tuple(Registration.__dataclass_fields__)
_LIFE = (DocumentState.MADE, DocumentState.VERIFIED, DocumentState.PRINTED, DocumentState.ARCHIVED)
"""A document in force goes on in this order and never back, until it is made anew."""
_STEPS = {
    EventKind.VERIFIED: DocumentState.VERIFIED,
    EventKind.PRINTED: DocumentState.PRINTED,
    EventKind.ARCHIVED: DocumentState.ARCHIVED,
}
_ENDS = {
    EventKind.SUPERSEDED: DocumentState.REPLACED,
    EventKind.QUARANTINED: DocumentState.QUARANTINED,
    EventKind.DESTROYED: DocumentState.DESTROYED,
}
_BEGINNINGS = {EventKind.RENDERED, EventKind.ADOPTED}
"""Events after which a document is in force (again), whatever became of it before."""
_UNBAGGED = {
    EventKind.RENDERED,
    EventKind.ADOPTED,
    EventKind.SIGNED,
    EventKind.TIMESTAMPED,
    EventKind.PAPER,
    EventKind.RETRACTED,
    EventKind.DESTROYED,
}
"""Events after which a bag no longer holds all that is known of a document."""
_NO_HASH = {EventKind.VERIFIED, EventKind.PRINTED}
"""Events whose hash says nothing new of the document's file."""


def encode_details(draft: EventDraft) -> str:
    """Return the canonical JSON of an event's details, the registration among them."""
    details: dict[str, object] = dict(draft.details)
    if draft.registration is not None:
        details["registration"] = {name: getattr(draft.registration, name) for name in _REGISTRATION_FIELDS}
    return canonical_json(details).decode() if details else "{}"


def project(document: DocumentRow | None, event: Event) -> DocumentRow:
    """Return what an event makes of a document.

    Args:
        document: The document before the event; None where the register does not know it yet.
        event: The event.

    Raises:
        ValueError, TypeError, KeyError: The event does not fit, e.g. a document that was never registered.
    """
    if event.kind in REGISTER_EVENTS:
        raise SpokenValueError(
            message(
                "register.event-without-document", kind=message(f"register.event-kind.{event.kind.value}")
            )
        )
    facts: Facts = read_facts(event.details)
    document = _introduced(document, event, facts)
    registration = document.registration
    if "path" in facts:
        registration = replace(registration, path=str(facts["path"]))
    return DocumentRow(
        registration=registration,
        state=_next_state(document, event.kind),
        sha256=document.sha256 if event.kind in _NO_HASH or event.sha256 is None else event.sha256,
        hashes=_next_hashes(document, event),
        superseded_by=_next_superseded(document, event.kind, facts),
        bag=_next_bag(document, event.kind, facts),
        fulfilled=_next_fulfilled(document, event, facts),
        printed_at=_next_printed(document, event),
        pending=_next_pending(document, event.kind),
        size=_next_size(document, event, facts),
    )


def _introduced(document: DocumentRow | None, event: Event, facts: Facts) -> DocumentRow:
    introduced = facts.get("registration")
    if document is not None:
        if introduced is not None:
            raise SpokenValueError(message("register.registered-already"))
        return document
    if introduced is None or event.sha256 is None:
        raise SpokenValueError(
            message("register.never-registered", kind=message(f"register.event-kind.{event.kind.value}"))
        )
    registration = Registration(**introduced)
    if registration.id != event.document_id:
        raise SpokenValueError(message("register.names-another-document"))
    return DocumentRow(registration, DocumentState.MADE, event.sha256)


def _next_state(document: DocumentRow, kind: EventKind) -> DocumentState:
    if kind in _ENDS:
        return _ENDS[kind]
    if kind in _BEGINNINGS:
        return DocumentState.MADE
    step = _STEPS.get(kind)
    if step is None or not document.in_force:
        return document.state
    return max(document.state, step, key=_LIFE.index)


def _next_hashes(document: DocumentRow, event: Event) -> Mapping[str, str]:
    hashes = {} if event.kind is EventKind.RENDERED else dict(document.hashes)
    if event.sha256 is not None and event.kind not in _NO_HASH:
        hashes[f"{event.kind.value}:{event.role}" if event.role else event.kind.value] = event.sha256
    return hashes


def _next_superseded(document: DocumentRow, kind: EventKind, facts: Facts) -> str | None:
    if kind is EventKind.SUPERSEDED:
        return facts.get("by")
    return None if kind in _BEGINNINGS else document.superseded_by


def _next_bag(document: DocumentRow, kind: EventKind, facts: Facts) -> str | None:
    if kind is EventKind.ARCHIVED:
        return facts.get("bag")
    return None if kind in _UNBAGGED else document.bag


def _next_fulfilled(document: DocumentRow, event: Event, facts: Facts) -> Mapping[str, Fulfilment]:
    fulfilled = dict(document.fulfilled)
    if event.kind in _BEGINNINGS:  # a new file carries no signature yet; a scan of the same text still holds
        return {role: each for role, each in fulfilled.items() if each.how is How.PAPER}
    if event.kind is EventKind.SIGNED and event.role is not None:
        how = How.DEVICE if facts.get("method") == How.DEVICE else How.CERTIFICATE
        fulfilled[event.role] = Fulfilment(
            how=how,
            at=format_time(event.at),
            by=str(facts.get("credential", "")),
            event=event.seq,
            sha256=event.sha256,
            certificate=facts.get("certificate_sha256"),
        )
    elif event.kind is EventKind.PAPER:
        fulfilled |= _on_paper(event, facts, fulfilled)
    elif event.kind is EventKind.RETRACTED:
        taken = int(facts["event"])
        return {role: each for role, each in fulfilled.items() if each.event != taken}
    return fulfilled


def _on_paper(event: Event, facts: Facts, known: Mapping[str, Fulfilment]) -> dict[str, Fulfilment]:
    scans = paper_scans(event, facts)
    each = Fulfilment(
        how=How.PAPER,
        at=format_time(event.at),
        by=str(facts.get("accepted_by", "")),
        event=event.seq,
        sha256=scans[0].sha256,
        automatic=bool(facts.get("automatic", False)),
        scans=scans,
    )
    return {role: each for role in facts.get("roles", [ANY_ROLE]) if role not in known}


def paper_scans(event: Event, facts: Facts) -> tuple[ScanFile, ...]:
    """Return the scans that a `paper` event brings.

    Earlier versions named one file without its pages, or registered the scan as a document by itself.

    Raises:
        ValueError, TypeError, KeyError: The event names none.
    """
    if "scans" in facts:
        scans = tuple(ScanFile(**scan) for scan in facts["scans"])
    elif "scan" in facts:
        scans = (ScanFile(str(facts["scan"]), str(facts["scan_sha256"]), 0),)
    else:
        scans = (ScanFile(str(facts["registration"]["path"]), str(event.sha256), 0),)
    if not scans:
        raise SpokenValueError(message("register.no-scan-named"))
    return scans


def _next_printed(document: DocumentRow, event: Event) -> str | None:
    if event.kind is EventKind.PRINTED:
        return format_time(event.at)
    return document.printed_at


def _next_pending(document: DocumentRow, kind: EventKind) -> bool:
    if kind in _BEGINNINGS or kind is EventKind.TIMESTAMPED:
        return False
    return kind is EventKind.TIMESTAMP_PENDING or document.pending


def _next_size(document: DocumentRow, event: Event, facts: Facts) -> int | None:
    if "size" in facts:
        return int(facts["size"])
    changed = event.sha256 is not None and event.kind not in _NO_HASH
    return None if changed and event.sha256 != document.sha256 else document.size
