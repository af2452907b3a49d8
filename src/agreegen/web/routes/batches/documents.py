"""The documents of a batch: found by name or number, looked at, taken along."""

from __future__ import annotations

import itertools

from starlette.responses import Response

from agreegen.api import DocumentRow, open_register
from agreegen.web.endpoint import Call, Page
from agreegen.web.pages.areas import OFFICER, READERS
from agreegen.web.pages.rendering import page
from agreegen.web.routes.batches.finding import attachment, file_of_document, find_batch, page_number, picture

_MOST_SHOWN = 200


def list_documents(call: Call) -> Response:
    """List the documents in force, those of a name or number where one is asked for."""
    batch, folder = find_batch(call)
    wanted = call.request.query_params.get("q", "").strip()[:80]
    found = []
    if folder.register.is_file():
        with open_register(folder.register) as register:
            rows = (row for row in register.documents(by_path=True) if row.in_force and _fits(wanted, row))
            found = list(itertools.islice(rows, _MOST_SHOWN + 1))
    more = len(found) > _MOST_SHOWN
    values = {"batch": batch, "documents": found[:_MOST_SHOWN], "more": more, "wanted": wanted}
    return page("documents.html", call.office, call.visitor, **values)


def _fits(wanted: str, row: DocumentRow) -> bool:
    known = row.registration
    return any(wanted in (text or "") for text in (known.name, known.staff_no, known.unit, known.id))


def show_document(call: Call) -> Response:
    """Show a document as pictures."""
    batch, folder = find_batch(call)
    path = file_of_document(folder, call.part("document"))
    with open_register(folder.register) as register:
        row = register.document(call.part("document"))
    return page(
        "document.html",
        call.office,
        call.visitor,
        batch=batch,
        document=call.part("document"),
        name=path.name,
        pages=len(call.office.pictures.pages(path)),
        row=row,
        paper=folder.paper(call.part("document")),
        changes=call.user.role in OFFICER,
    )


def show_page(call: Call) -> Response:
    """Show one page of a document."""
    _, folder = find_batch(call)
    path = file_of_document(folder, call.part("document"))
    return picture(call.office.pictures.page(path, page_number(call)))


def give_document(call: Call) -> Response:
    """Give the file of a document."""
    batch, folder = find_batch(call)
    path = file_of_document(folder, call.part("document"))
    call.record("document-download", f"{batch.id}/{call.part('document')}")
    return attachment(path, path.name, "application/pdf")


PAGES = (
    Page("GET", "/batches/{batch}/documents", list_documents, READERS),
    Page("GET", "/batches/{batch}/documents/{document}", show_document, READERS),
    Page("GET", "/batches/{batch}/documents/{document}/{page:int}.png", show_page, READERS),
    Page("GET", "/batches/{batch}/documents/{document}/file.pdf", give_document, OFFICER),
)
