"""What register and ledger say of a bag that was destroyed; both chains go on, nothing in them is cut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agreegen.archive.retention.records import DestructionOrder
from agreegen.files import sha256_of
from agreegen.ledger.interface import Item, Kind, Label, Medium, Movement
from agreegen.messages import message, translate
from agreegen.recording.ledger.workbook import settle_or_complain
from agreegen.recording.ledger.writer import LedgerWriter, Settled
from agreegen.recording.recorder import Recorder
from agreegen.register.interface import DocumentState, EventDraft, EventKind


def record_in_register(recorder: Recorder, order: DestructionOrder, now: datetime) -> int:
    """Record that documents are gone, under one signed head; those recorded already stay as they are.

    Returns:
        The number of documents.

    Raises:
        RegisterError: The register cannot be written; nothing was recorded.
        CredentialError: The key cannot sign; nothing was recorded.
    """
    facts = {
        "bag": order.bag,
        "order_sha256": sha256_of(order.to_json()),
        "approved_by": order.approved_by,
        "witness": order.witness,
        "by": order.by,
        "reason": order.reason,
    }
    gone = []
    for document_id in sorted(order.documents):
        row = recorder.register.document(document_id)
        if row is not None and row.state is not DocumentState.DESTROYED and row.bag == order.bag:
            gone.append(EventDraft(EventKind.DESTROYED, document_id, details=facts))
    recorder.record(gone, now=now)
    return len(gone)


def require_ledger_takes_it(writer: LedgerWriter, order: DestructionOrder) -> None:
    """Look whether the ledger would take the entries, before anything is destroyed.

    Raises:
        ComplaintsError: It would not: two people count and watch, a third approves.
    """
    _settle(writer, order)


def enter_in_ledger(writer: LedgerWriter, order: DestructionOrder) -> int:
    """Enter the destruction; a bag that the ledger does not know is brought in with it.

    Returns:
        The number of entries; 0 where it is entered already.

    Raises:
        ComplaintsError: An entry is refused; nothing was entered.
        RegisterError: The ledger cannot be written; nothing was entered.
        CredentialError: The key cannot sign; nothing was entered.
    """
    settled = _settle(writer, order)
    if settled.movements:
        writer.record(settled)
    return len(settled.movements)


def _settle(writer: LedgerWriter, order: DestructionOrder) -> Settled:
    return settle_or_complain(writer, *_wishes(writer, order))


def _wishes(writer: LedgerWriter, order: DestructionOrder) -> Iterator[Movement]:
    """Yield the entries still to be made: of the copies that the ledger knows, else of a new item."""
    holdings = writer.holdings()
    known = [item for item, each in holdings.items.items() if each.sha256 == order.tag_manifest_sha256]
    day, item = writer.today, order.bag
    copies: tuple[int, ...] = ()
    if known:
        item = known[0]
        copies = tuple(sorted(holdings.copies.get(item, {})))
        if not copies:
            return
    else:
        if item in holdings.items:
            item = f"{order.bag}-{order.code}"
        title = translate(message("archive.ledger-title", bag=order.bag))
        described = Item(title, order.bag, Label.OTHER, Medium.FILE, order.tag_manifest_sha256)
        yield Movement(Kind.MAKE, item, day, receiver=order.by, description=described)
    yield Movement(
        Kind.DESTROY,
        item,
        day,
        copies=copies,
        count=len(copies) or 1,
        approved_by=order.approved_by,
        counted_by=order.by,
        witness=order.witness,
        method=translate(message("archive.ledger-method")),
        note=order.reason,
    )
