"""Running a batch: started, watched, stopped, gone on with."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.areas import OFFICER, READERS
from agreegen.web.routes.batches.finding import back_to, find_batch
from agreegen.web.work.batch_folder import BatchFolder, RunFollower, RunProgress
from agreegen.web.work.commands.children import ChildState
from agreegen.web.work.commands.questions import answers_to
from agreegen.web.work.rosters import keep_mended
from agreegen.web.work.uploads import uploads_in

_MOST_BYTES = 64 << 20
_LOOK_S = 0.5
_RUN = ("batch", "run", "job.yaml", "--json")


def start_run(call: Call) -> Response:
    """Start the batch, or go on with it where it stopped; rows with errors are left out where wished."""
    batch, folder = find_batch(call)
    free = folder.may_run(without_bad_rows=bool(call.text("good_rows")))
    answers = answers_to(call.secret, None, folder.run_signers, call.visitor.language)
    call.begin(folder.run, _RUN, "batch-run", batch.id, answers=answers, free=free)
    return back_to(f"/batches/{batch.id}")


def run_mended(call: Call) -> Response:
    """Run the rows that failed, as they were mended."""
    batch, folder = find_batch(call)
    uploads = list(uploads_in(call.form, "roster"))
    if len(uploads) == 1:
        name = keep_mended(folder, uploads[0])
        answers = answers_to(call.secret, None, folder.run_signers, call.visitor.language)
        call.begin(folder.run, (*_RUN, "--roster", name), "batch-mended", batch.id, answers=answers)
    return back_to(f"/batches/{batch.id}")


def stop_run(call: Call) -> Response:
    """Ask the run to stop in good order; it can be gone on with."""
    batch, folder = find_batch(call)
    folder.run.stop()
    call.record("batch-stop", batch.id)
    return back_to(f"/batches/{batch.id}")


def tell_progress(call: Call) -> Response:
    """Tell the progress of a run as server-sent events, until it has ended."""
    _, folder = find_batch(call)
    if folder.run.state is ChildState.NEVER:
        raise HTTPException(NOT_FOUND)
    return StreamingResponse(_events(folder, call.office.ending), media_type="text/event-stream")


async def _events(folder: BatchFolder, server_ends: threading.Event) -> AsyncIterator[str]:
    """Tell how it goes on until it has ended; where the server ends first, the page asks the next one."""
    follower = RunFollower(folder)
    while not server_ends.is_set():
        progress, ended = await run_in_threadpool(follower.look)
        yield f"data: {json.dumps(_numbers(folder, progress))}\n\n"
        if ended:
            yield "event: end\ndata: {}\n\n"
            return
        await asyncio.sleep(_LOOK_S)


def _numbers(folder: BatchFolder, progress: RunProgress) -> dict[str, object]:
    seconds = folder.seconds()
    left = progress.left(seconds)
    return {
        "rows": progress.rows,
        "done": progress.done,
        "failed": progress.failed,
        "rate": round(progress.made / max(seconds, 0.1), 1),
        "left_s": None if left is None else round(left.total_seconds()),
    }


PAGES = (
    Page("POST", "/batches/{batch}/run", start_run, OFFICER),
    Page("POST", "/batches/{batch}/mended", run_mended, OFFICER, Intake(_MOST_BYTES, 1, 8)),
    Page("POST", "/batches/{batch}/stop", stop_run, OFFICER),
    Page("GET", "/batches/{batch}/events", tell_progress, READERS),
)
