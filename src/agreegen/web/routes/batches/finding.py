"""The batch and the document that a path names; what is not there is 404, whoever asks."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response

from agreegen.api import open_register
from agreegen.web.endpoint import NOT_FOUND, Call
from agreegen.web.store.batches import Batch
from agreegen.web.work.batch_folder import BatchFolder

_SEE_OTHER = 303
_PNG = "image/png"


def find_batch(call: Call) -> tuple[Batch, BatchFolder]:
    """Return the batch that the path names.

    Raises:
        HTTPException: There is none (404).
    """
    batch = call.office.batches.find(call.part("batch"))
    if batch is None:
        raise HTTPException(NOT_FOUND)
    return batch, BatchFolder.of(call.office.home, batch)


def file_of_document(folder: BatchFolder, document_id: str) -> Path:
    """Return the file of a document of a batch.

    Raises:
        HTTPException: The batch has no such document (404).
    """
    if not folder.register.is_file():
        raise HTTPException(NOT_FOUND)
    with open_register(folder.register) as register:
        document = register.document(document_id)
    if document is None:
        raise HTTPException(NOT_FOUND)
    path = folder.output / document.registration.path
    if not path.resolve().is_relative_to(folder.output.resolve()) or not path.is_file():
        raise HTTPException(NOT_FOUND)
    return path


def page_number(call: Call) -> int:
    """Return the number of the page that the path names."""
    return int(call.request.path_params["page"])


def picture(data: bytes) -> Response:
    """Answer with a picture."""
    return Response(data, media_type=_PNG)


def attachment(path: Path, name: str, kind: str) -> Response:
    """Answer with a file to be kept.

    Raises:
        HTTPException: It is not there (404).
    """
    if not path.is_file():
        raise HTTPException(NOT_FOUND)
    return FileResponse(path, media_type=kind, filename=name)


def back_to(path: str) -> Response:
    """Lead back to a page after something was done."""
    return RedirectResponse(path, _SEE_OTHER)
