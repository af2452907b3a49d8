"""Who has signed: live, by unit, with what is still open and the file to send out."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from agreegen.api import CoverageState
from agreegen.web.endpoint import NOT_FOUND, Call, Page
from agreegen.web.pages.areas import READERS
from agreegen.web.pages.rendering import page
from agreegen.web.store.batches import Batch
from agreegen.web.work.background_answers import Behind
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.coverage_view import CoverageView

_MOST_SHOWN = 200
_LOOK_S, _LONGEST_S, _LONGEST_COUNT_S = 2.0, 600.0, 120.0
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS = {"signed": "good", "printed": "busy", "made": "open", "no-document": "open", "left": "open"}


def show_coverage(call: Call) -> Response:
    """Show how far a batch is signed; the newest one where none is named."""
    office, query = call.office, call.request.query_params
    batches = office.batches.all()
    if not batches:
        return page("coverage.html", office, call.visitor, batches=(), batch=None)
    batch = _find(call, query["batch"]) if "batch" in query else batches[0]
    shown = office.coverage.shown(BatchFolder.of(office.home, batch).path)
    values: dict[str, Any] = {"batches": batches, "batch": batch, "shown": shown}
    return page("coverage.html", office, call.visitor, **values, **_chosen(call, shown.value))


def _chosen(call: Call, view: CoverageView | None) -> dict[str, Any]:
    """Return the people whom the visitor wants to see, and by what they were chosen."""
    query = call.request.query_params
    unit, state, text = query.get("unit"), query.get("state") or "open", query.get("q", "").strip()[:80]
    wanted = None if state == "all" else state
    found = [] if view is None else view.chosen(unit=unit, state=wanted, text=text)
    people = list(itertools.islice(found, _MOST_SHOWN + 1))
    return {
        "people": people[:_MOST_SHOWN],
        "more": len(people) > _MOST_SHOWN,
        "unit": unit,
        "state": state,
        "states": tuple(CoverageState),
        "text": text,
        "kinds": _KINDS,
    }


def _find(call: Call, batch_id: str) -> Batch:
    batch = call.office.batches.find(batch_id)
    if batch is None:
        raise HTTPException(NOT_FOUND)
    return batch


def give_unsigned(call: Call) -> Response:
    """Give the workbook of who has not signed, a sheet for each unit."""
    batch = _find(call, call.part("batch"))
    shown = call.office.coverage.shown(BatchFolder.of(call.office.home, batch).path, wait_s=_LONGEST_COUNT_S)
    if shown.value is None:
        raise HTTPException(NOT_FOUND)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "unsigned.xlsx"
        shown.value.unsigned.write(path)
        data = path.read_bytes()
    call.record("coverage-download", batch.id)
    headers = {"Content-Disposition": f'attachment; filename="unsigned-{batch.id}.xlsx"'}
    return Response(data, media_type=_XLSX, headers=headers)


def tell_changes(call: Call) -> Response:
    """Tell when somebody has signed meanwhile, so that the page looks again."""
    folder = BatchFolder.of(call.office.home, _find(call, call.part("batch"))).path
    seen = call.request.query_params.get("seen", "")
    return StreamingResponse(_changes(call.office.coverage, folder, seen), media_type="text/event-stream")


async def _changes(views: Behind[CoverageView], folder: Path, seen: str) -> AsyncIterator[str]:
    until = time.monotonic() + _LONGEST_S
    yield "retry: 5000\n\n"
    while time.monotonic() < until:
        shown = await run_in_threadpool(views.shown, folder, wait_s=0)
        if str(shown.serial) != seen and shown.current:
            yield "event: changed\ndata: {}\n\n"
            return
        yield ": still the same\n\n"
        await asyncio.sleep(_LOOK_S)


PAGES = (
    Page("GET", "/coverage", show_coverage, READERS),
    Page("GET", "/coverage/{batch}/unsigned.xlsx", give_unsigned, READERS),
    Page("GET", "/coverage/{batch}/events", tell_changes, READERS),
)
