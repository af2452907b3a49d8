"""Scans: the stack dropped, what was matched, and a decision on each page that no rule could decide."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from agreegen.errors import AgreegenError
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.areas import OFFICER
from agreegen.web.pages.rendering import page
from agreegen.web.routes.batches.finding import back_to, find_batch, page_number, picture
from agreegen.web.store.decisions import PageDecision
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.children import ChildState
from agreegen.web.work.commands.questions import answers_to, questions_of
from agreegen.web.work.scan_review import ScanReview, left_for, settled_decisions
from agreegen.web.work.uploads import uploads_in

_MOST_BYTES, _MOST_FILES = 1 << 30, 400
_MOST_DIGITS, _MOST_SHOWN = 8, 500


def list_scans(call: Call) -> Response:
    """List the batches whose documents are made, to choose the one that the scans belong to."""
    office = call.office
    rows = []
    for batch in office.batches.all():
        folder = BatchFolder.of(office.home, batch)
        if folder.register.is_file():
            rows.append((batch, folder.scans.state, len(ScanReview(folder).open_pages())))
    return page("scans.html", office, call.visitor, batches=rows)


def show_scans(call: Call) -> Response:
    """Show where scans are dropped, what was matched, and the next page to decide on."""
    batch, folder = find_batch(call)
    scans = ScanReview(folder)
    pages = scans.open_pages()
    decided = call.office.decisions.of(batch.id)
    four_eyes = call.office.settings.four_eyes
    ready = settled_decisions(pages, decided, four_eyes=four_eyes)
    waiting = left_for(pages, decided, call.user.name, four_eyes=four_eyes)
    mine = {(each.source, each.page) for each in decided if each.by == call.user.name}
    passed = _passed(call.request.query_params.get("passed", "")) % max(1, len(waiting))
    return page(
        "scans_of_batch.html",
        call.office,
        call.visitor,
        batch=batch,
        made=folder.register.is_file(),
        state=folder.scans.state,
        words=folder.scans.last_words(call.visitor.language),
        result=scans.result(),
        matched=scans.read_pages(_MOST_SHOWN),
        pages=pages,
        next=waiting[passed] if waiting else None,
        passed=passed,
        disputed=bool(waiting) and (waiting[passed].source_sha256, waiting[passed].page) in mine,
        left=len(waiting),
        ready=len(ready),
        four_eyes=four_eyes,
        questions=questions_of((folder.register_signer,), call.visitor.language),
    )


def add_scans(call: Call) -> Response:
    """Take scans in and begin to read them."""
    batch, folder = find_batch(call)
    scans = ScanReview(folder)
    if folder.register.is_file() and folder.scans.state is not ChildState.RUNNING:
        names = scans.keep(uploads_in(call.form, "scans"))
        if names:
            command = scans.reading(names, call.user.name)
            subject = f"{batch.id}: {len(names)}"
            call.begin(folder.scans, command, "scans-add", subject, answers=_answers(call, folder))
    return back_to(f"/scans/{batch.id}")


def _passed(text: str) -> int:
    """Return how many pages somebody has put off, to look at them later; none where it is no such number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 0


def _answers(call: Call, folder: BatchFolder) -> dict[str, str]:
    return answers_to(call.secret, None, (folder.register_signer,), call.visitor.language)


def decide(call: Call) -> Response:
    """Note a decision on one page."""
    batch, folder = find_batch(call)
    key = (call.text("source"), call.text("page"))
    known = {(each.source_sha256, str(each.page)) for each in ScanReview(folder).open_pages()}
    if key not in known:
        raise HTTPException(NOT_FOUND)
    accepted = call.text("verdict") == "accept"
    number = call.text("number")[:64] if accepted else ""
    if not accepted or ScanReview(folder).own_document(number) is not None:
        decision = PageDecision(key[0], int(key[1]), accepted, number, call.user.name)
        call.office.decisions.put(batch.id, decision, now=call.office.clock())
        call.record(
            "scan-decide", f"{batch.id}/{key[0][:12]}/{key[1]}", "accepted" if accepted else "rejected"
        )
    return back_to(f"/scans/{batch.id}?passed={_passed(call.text('passed'))}#review")


def apply_decisions(call: Call) -> Response:
    """Record in the register what was decided; decisions on other pages stay as they are."""
    batch, folder = find_batch(call)
    scans, office = ScanReview(folder), call.office
    ready = settled_decisions(
        scans.open_pages(), office.decisions.of(batch.id), four_eyes=office.settings.four_eyes
    )
    if ready and folder.scans.state is not ChildState.RUNNING:
        try:
            command = scans.recording(ready, call.user.name)
        except AgreegenError:
            call.record("scans-record", batch.id, "refused")
            return back_to(f"/scans/{batch.id}")
        subject = f"{batch.id}: {len(ready)}"
        if call.begin(folder.scans, command, "scans-record", subject, answers=_answers(call, folder)):
            office.decisions.forget(batch.id, [(each.source, each.page) for each in ready])
    return back_to(f"/scans/{batch.id}")


def show_scan(call: Call) -> Response:
    """Show the picture of a page to decide on."""
    _, folder = find_batch(call)
    path = ScanReview(folder).picture(call.part("name"))
    if path is None or not path.is_file():
        raise HTTPException(NOT_FOUND)
    return picture(path.read_bytes())


def show_own(call: Call) -> Response:
    """Show a page of our own document, to hold the scan against."""
    _, folder = find_batch(call)
    path = ScanReview(folder).own_document(call.part("number"))
    if path is None:
        raise HTTPException(NOT_FOUND)
    return picture(call.office.pictures.page(path, page_number(call)))


PAGES = (
    Page("GET", "/scans", list_scans, OFFICER),
    Page("GET", "/scans/{batch}", show_scans, OFFICER),
    Page("POST", "/scans/{batch}", add_scans, OFFICER, Intake(_MOST_BYTES, _MOST_FILES, 8)),
    Page("POST", "/scans/{batch}/decide", decide, OFFICER),
    Page("POST", "/scans/{batch}/record", apply_decisions, OFFICER),
    Page("GET", "/scans/{batch}/pictures/{name}", show_scan, OFFICER),
    Page("GET", "/scans/{batch}/own/{number}/{page:int}.png", show_own, OFFICER),
)
