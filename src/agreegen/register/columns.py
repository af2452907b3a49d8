"""How documents and scans stand in the tables of the register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agreegen.chain.event_facts import read_facts
from agreegen.model.document import canonical_json
from agreegen.register.interface import DocumentRow, DocumentState, Event, EventKind, Fulfilment, Registration
from agreegen.register.projection import paper_scans

_REGISTRATION_FIELDS = tuple(Registration.__dataclass_fields__)
_KNOWN = "id, form, form_version, template_sha256, row_key, name, path, staff_no, id_number, unit, metadata, "
COLUMNS = _KNOWN + "state, sha256, hashes, superseded_by, bag, fulfilled, printed_at, pending, size"
"""The columns of `documents` in the order of `row_values`."""
UNTOLD_BEFORE = ("state", "bag", "fulfilled", "printed_at", "pending", "size")
"""Columns that schema 1 did not have, or filled in another sense."""
SCAN_COLUMNS = "event, number, document, path, sha256, pages, source_sha256, source_page, retracted"
"""The columns of `scans`, one row for each scan file that an event brought."""

Cell = str | int | None


def row_values(document: DocumentRow) -> tuple[Cell, ...]:
    """Return a document's column values in the order of the table."""
    known = document.registration
    fulfilled = {role: each.to_dict() for role, each in document.fulfilled.items()}
    return (
        *(getattr(known, name) for name in _REGISTRATION_FIELDS),
        document.state.value,
        document.sha256,
        canonical_json(dict(document.hashes)).decode(),
        document.superseded_by,
        document.bag,
        canonical_json(fulfilled).decode(),
        document.printed_at,
        int(document.pending),
        document.size,
    )


def row_from_values(values: Sequence[Cell]) -> DocumentRow:
    """Build a document from its column values.

    Raises:
        ValueError, TypeError, KeyError: A value is not one that the register writes.
    """
    count = len(_REGISTRATION_FIELDS)
    known: Any = values[:count]
    state, sha256, hashes, superseded_by, bag, fulfilled, printed_at, pending, size = values[count:]
    return DocumentRow(
        registration=Registration(*known),
        state=DocumentState(str(state)),
        sha256=str(sha256),
        hashes=read_facts(str(hashes)),
        superseded_by=None if superseded_by is None else str(superseded_by),
        bag=None if bag is None else str(bag),
        fulfilled={role: Fulfilment.from_dict(each) for role, each in read_facts(str(fulfilled)).items()},
        printed_at=None if printed_at is None else str(printed_at),
        pending=bool(pending),
        size=None if size is None else int(size),
    )


def scan_values(event: Event) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of `scans` that an event brings; only `paper` brings any."""
    if event.kind is not EventKind.PAPER:
        return
    for number, scan in enumerate(paper_scans(event, read_facts(event.details))):
        source = (scan.source_sha256, scan.source_page)
        yield (event.seq, number, event.document_id, scan.path, scan.sha256, scan.pages, *source, 0)


def retracted_event(event: Event) -> int | None:
    """Return the number of the `paper` event that an event takes back, or None."""
    return int(read_facts(event.details)["event"]) if event.kind is EventKind.RETRACTED else None
