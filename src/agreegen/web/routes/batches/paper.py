"""One document signed on paper: its scan recorded, a wrong record taken back, by the register's commands."""

from __future__ import annotations

import os
from pathlib import PurePath

from starlette.responses import Response

from agreegen.web.endpoint import Call, Intake, Page
from agreegen.web.pages.areas import OFFICER
from agreegen.web.routes.batches.finding import back_to, file_of_document, find_batch
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.questions import any_answer
from agreegen.web.work.uploads import uploads_in

_MOST_BYTES = 64 << 20
_ENDINGS = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"})
_MOST_CHARACTERS = 200


def add_paper(call: Call) -> Response:
    """Record the scan of a document that was signed on paper."""
    _, folder = find_batch(call)
    file_of_document(folder, call.part("document"))
    uploads = [each for each in uploads_in(call.form, "scan") if _ending(each.name) in _ENDINGS]
    if len(uploads) != 1:
        return _refuse(call, "paper-add")
    place = folder.paper(call.part("document")).folder / f"scan{_ending(uploads[0].name)}"
    uploads[0].keep_at(place)
    return _begin(call, folder, "add-paper", f"--scan={os.path.relpath(place, folder.path)}", "paper-add")


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()


def retract(call: Call) -> Response:
    """Take the record of a scan back; record and retraction are both kept."""
    _, folder = find_batch(call)
    file_of_document(folder, call.part("document"))
    reason = " ".join(call.text("reason").split())[:_MOST_CHARACTERS]
    if not reason:
        return _refuse(call, "paper-retract")
    return _begin(call, folder, "retract", f"--reason={reason}", "paper-retract")


def _begin(call: Call, folder: BatchFolder, command: str, what: str, act: str) -> Response:
    document = call.part("document")
    child = folder.paper(document)
    register = folder.register.relative_to(folder.path)
    options = [f"--register={register}", f"--document={document}", f"--by={call.user.display}", what]
    answers = any_answer(call.secret("pin"))
    call.begin(
        child, ["register", command, *options], act, f"{call.part('batch')}/{document}", answers=answers
    )
    return _back(call)


def _refuse(call: Call, act: str) -> Response:
    call.record(act, f"{call.part('batch')}/{call.part('document')}", "refused")
    return _back(call)


def _back(call: Call) -> Response:
    return back_to(f"/batches/{call.part('batch')}/documents/{call.part('document')}#paper")


_DOCUMENT = "/batches/{batch}/documents/{document}"

PAGES = (
    Page("POST", f"{_DOCUMENT}/paper", add_paper, OFFICER, Intake(_MOST_BYTES, 1, 8)),
    Page("POST", f"{_DOCUMENT}/retract", retract, OFFICER),
)
