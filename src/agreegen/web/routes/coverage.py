"""Who has signed: live, by unit, with what is still open and the file to send out."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from agreegen.api import CoverageState
from agreegen.web.endpoint import NOT_FOUND, Call, Page
from agreegen.web.pages.areas import READERS
from agreegen.web.pages.rendering import page
from agreegen.web.store.batches import Batch
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.coverage_view import stamp_of

_MOST_SHOWN = 200
_LOOK_S, _LONGEST_S = 2.0, 600.0
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS = {"signed": "good", "printed": "busy", "made": "open", "no-document": "open", "left": "open"}


def show_coverage(call: Call) -> Response:
    """Show how far a batch is signed; the newest one where none is named."""
    office, query = call.office, call.request.query_params
    batches = office.batches.all()
    if not batches:
        return page("coverage.html", office, call.visitor, batches=(), batch=None)
    batch = _find(call, query["batch"]) if "batch" in query else batches[0]
    view = office.coverage.view(BatchFolder.of(office.home, batch))
    unit, state, text = query.get("unit"), query.get("state") or "open", query.get("q", "").strip()[:80]
    wanted = None if state == "all" else state
    found = list(itertools.islice(view.chosen(unit=unit, state=wanted, text=text), _MOST_SHOWN + 1))
    values: dict[str, Any] = {"unit": unit, "state": state, "text": text, "kinds": _KINDS}
    values |= {"totals": view.totals, "people": found[:_MOST_SHOWN], "more": len(found) > _MOST_SHOWN}
    states = tuple(CoverageState)
    return page("coverage.html", office, call.visitor, batches=batches, batch=batch, states=states, **values)


def _find(call: Call, batch_id: str) -> Batch:
    batch = call.office.batches.find(batch_id)
    if batch is None:
        raise HTTPException(NOT_FOUND)
    return batch


def give_unsigned(call: Call) -> Response:
    """Give the workbook of who has not signed, a sheet for each unit."""
    batch = _find(call, call.part("batch"))
    view = call.office.coverage.view(BatchFolder.of(call.office.home, batch))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "unsigned.xlsx"
        view.unsigned.write(path)
        data = path.read_bytes()
    call.record("coverage-download", batch.id)
    headers = {"Content-Disposition": f'attachment; filename="unsigned-{batch.id}.xlsx"'}
    return Response(data, media_type=_XLSX, headers=headers)


def tell_changes(call: Call) -> Response:
    """Tell when roster or register have changed, so that the page looks again."""
    folder = BatchFolder.of(call.office.home, _find(call, call.part("batch")))
    return StreamingResponse(_changes(folder), media_type="text/event-stream")


def _changes(folder: BatchFolder) -> Iterator[str]:
    before, until = stamp_of(folder), time.monotonic() + _LONGEST_S
    yield "retry: 5000\n\n"
    while time.monotonic() < until:
        time.sleep(_LOOK_S)
        if stamp_of(folder) != before:
            yield "event: changed\ndata: {}\n\n"
            return
        yield ": still the same\n\n"


PAGES = (
    Page("GET", "/coverage", show_coverage, READERS),
    Page("GET", "/coverage/{batch}/unsigned.xlsx", give_unsigned, READERS),
    Page("GET", "/coverage/{batch}/events", tell_changes, READERS),
)
