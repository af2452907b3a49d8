"""The audit: who did what, for inspectors to read, check and take along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from agreegen.messages import message, translate
from agreegen.web.endpoint import Call, Page
from agreegen.web.pages.areas import INSPECTORS
from agreegen.web.pages.audit_subjects import AuditSubjects
from agreegen.web.pages.rendering import page
from agreegen.web.pages.table_times import table_time
from agreegen.web.pages.words import say_act, say_address
from agreegen.web.store.audit import ChainState, Entry

_A_PAGE = 100
_COLUMNS = ("number", "at", "who", "address", "act", "subject", "result", "hash")
"""What a table of the audit shows, in order; `web.audit.<name>` is the heading."""


def show_audit(call: Call) -> Response:
    """Show the newest entries and what re-reading the whole chain found."""
    call.office.long_acts.settle()
    before = call.request.query_params.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    entries = tuple(call.office.audit.entries(most=_A_PAGE, before=start))
    state = call.office.audit.check()
    older = entries[-1].number if entries and entries[-1].number > 1 else None
    return page(
        "audit.html",
        call.office,
        call.visitor,
        entries=entries,
        state=state,
        sound=is_sound(call, state),
        older=older,
        subjects=AuditSubjects(call.office, call.visitor.language),
    )


def is_sound(call: Call, state: ChainState) -> bool:
    """Whether every link fits, and every head is signed with the office's key."""
    key = call.office.audit_key
    signed = all(key.has_signed(each.head.message, each.head.signature) for each in state.heads)
    return state.broken_at is None and signed


def export_csv(call: Call) -> Response:
    """Give the whole audit as a table that spreadsheets open."""
    call.office.long_acts.settle()
    call.record("audit-export", "csv")
    table = _csv(call.office.audit.entries(), call.visitor.language)
    return _download(table, "text/csv; charset=utf-8", "audit.csv")


def _csv(entries: Iterator[Entry], language: str) -> Iterator[str]:
    """Write for people: as the page shows it, in the reader's language and zone, and each entry's hash."""
    yield "\ufeff" + _line(tuple(translate(message(f"web.audit.{name}"), language) for name in _COLUMNS))
    for entry in entries:
        yield _line(_cells(entry, language))


def _cells(entry: Entry, language: str) -> tuple[str, ...]:
    act = entry.act
    at = table_time(entry.at, language=language)
    done, result = say_act(language, act.act), say_act(language, act.result)
    where = say_address(language, act.address)
    return (str(entry.number), at, act.who, where, done, act.subject, result, entry.hash)


def _line(cells: tuple[str, ...]) -> str:
    text = io.StringIO()
    # A cell that a spreadsheet would take for a formula is only text.
    csv.writer(text).writerow(f"'{cell}" if cell[:1] in {"=", "+", "-", "@"} else cell for cell in cells)
    return text.getvalue()


def export_json(call: Call) -> Response:
    """Give chain, signed heads and the public key as JSON Lines, to be checked elsewhere."""
    call.office.long_acts.settle()
    call.record("audit-export", "jsonl")
    return _download(_json(call), "application/jsonl", "audit.jsonl")


def _json(call: Call) -> Iterator[str]:
    office = call.office
    key = office.audit_key.public_pem.decode()
    yield json.dumps({"chain": office.audit.chain_id, "public_key": key}) + "\n"
    for entry in office.audit.entries():
        act = entry.act
        values = (entry.number, entry.at, act.who, act.address, act.act, act.subject, act.result, entry.hash)
        yield json.dumps(dict(zip(_COLUMNS, values, strict=True)), ensure_ascii=False) + "\n"
    for signed in office.audit.heads():
        head = signed.head
        data = {"head": head.count, "at": signed.at, "hash": head.hash.hex(), "signer": head.signer}
        yield json.dumps(data | {"message": head.message.decode(), "signature": head.signature.hex()}) + "\n"


def _download(parts: Iterator[str], kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts, media_type=kind, headers=headers)


PAGES = (
    Page("GET", "/audit", show_audit, INSPECTORS),
    Page("GET", "/audit/export.csv", export_csv, INSPECTORS),
    Page("GET", "/audit/export.jsonl", export_json, INSPECTORS),
)
