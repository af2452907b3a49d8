"""Verification, without login: the page, and the interface for programs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from agreegen.api import BagReport, FileReport, PagePair, Report, Verdict, changed_pages, report_html
from agreegen.errors import AgreegenError, InputError
from agreegen.messages import message, speaking
from agreegen.reports.verification.wording import Explanation, explain
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.rendering import page
from agreegen.web.work.bag_upload import judge_zipped_bag, report_zipped_bag
from agreegen.web.work.uploads import Upload, uploads_in
from agreegen.web.work.verifying import options_of, trust_files

LANE = "verify"
_FIELD = "file"
_BAD_REQUEST, _UNPROCESSABLE = 400, 422
_MOST_BYTES = 200 << 20
_MOST_FILES = 50
KINDS = {
    Verdict.VALID: "good",
    Verdict.INVALID: "bad",
    Verdict.INDETERMINATE: "doubt",
    Verdict.UNSIGNED: "open",
    Verdict.UNREADABLE: "bad",
}


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A page before and after a change, by the names of its pictures.

    Attributes:
        number: The page's number.
        before: As signed; None where it was not there.
        after: As it is now; None where it is gone.
    """

    number: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says of one file.

    Attributes:
        file: The report.
        kind: How it is coloured.
        words: The report in plain words.
        pairs: Pages that look different from what was signed.
    """

    file: FileReport
    kind: str
    words: Explanation
    pairs: tuple[ShownPair, ...]


@dataclass(frozen=True, slots=True)
class BagAnswer:
    """What the page says of one bag.

    Attributes:
        name: The file's name.
        report: The verdict; None where it could not be judged.
        problem: Why not.
    """

    name: str
    report: BagReport | None
    problem: AgreegenError | None


def show_start(call: Call) -> Response:
    """Show where files are dropped, and whose word is trusted."""
    return _show(call, ())


def _show(call: Call, answers: tuple[Answer | BagAnswer, ...], template: str = "verify.html") -> Response:
    trust = trust_files(call.office.home.trust)
    return page(template, call.office, call.visitor, answers=answers, trust=trust, problem=None)


def answer_page(call: Call) -> Response:
    """Judge what was dropped and say it in plain words; a script gets the answers without the page."""
    answers = tuple(
        _answer_bag(call, upload) if upload.is_zip else _answer(call, *_judge(call, upload))
        for upload in uploads_in(call.form, _FIELD)
    )
    whole = call.request.headers.get("x-part") is None
    return _show(call, answers, "verify.html" if whole else "verify_answers.html")


def _answer(call: Call, file: FileReport, data: bytes) -> Answer:
    pairs = tuple(_kept(call, pair) for pair in changed_pages(file, data))
    kind = "doubt" if _waits(file) else KINDS[file.verdict]
    words = explain(file, call.visitor.language)
    return Answer(file, kind, words, pairs)


def _waits(file: FileReport) -> bool:
    """Whether a valid file is not complete: a required role has not signed."""
    open_roles = file.document is not None and file.document.missing_roles
    return file.verdict is Verdict.VALID and bool(open_roles)


def _kept(call: Call, pair: PagePair) -> ShownPair:
    before, after = (_put(call, text) for text in (pair.before, pair.after))
    return ShownPair(pair.number, before, after)


def _put(call: Call, text: str | None) -> str | None:
    return None if text is None else call.office.shelf.put(base64.b64decode(text), call.visitor.cookie)


def show_picture(call: Call) -> Response:
    """Show a picture of an answer to whom it was given."""
    data = call.office.shelf.get(call.part("name"), call.visitor.cookie)
    if data is None:
        raise HTTPException(NOT_FOUND)
    return Response(data, media_type="image/png")


def give_report(call: Call) -> Response:
    """Judge what was sent and give the report as one HTML file to keep."""
    uploads = list(uploads_in(call.form, _FIELD))
    if not uploads:
        raise HTTPException(_BAD_REQUEST)
    if any(upload.is_zip for upload in uploads):
        return _report_of_bag(call, uploads)
    judged = [_judge(call, upload) for upload in uploads]
    report = Report(tuple(file for file, _ in judged))
    contents = {file.path: data for file, data in judged}
    options = options_of(call.office.home, call.office.settings)
    html = report_html(report, options, lang=call.visitor.language, contents=contents)
    return _kept_page(html.encode())


def _report_of_bag(call: Call, uploads: list[Upload]) -> Response:
    """Give the report of one bag; a page that says why where there is none."""
    options = options_of(call.office.home, call.office.settings)
    try:
        if len(uploads) > 1:
            raise InputError(message("web.verify.one-bag"))
        data = report_zipped_bag(uploads[0].open(), options, call.visitor.language)
    except AgreegenError as exc:
        trust = trust_files(call.office.home.trust)
        values = {"answers": (), "trust": trust, "problem": exc}
        return page("verify.html", call.office, call.visitor, _UNPROCESSABLE, **values)
    return _kept_page(data)


def _kept_page(data: bytes) -> Response:
    return HTMLResponse(data, headers={"Content-Disposition": 'attachment; filename="verification.html"'})


def answer_json(call: Call) -> Response:
    """Judge what was sent and answer as `verify --json` does."""
    files = tuple(file for file, _ in _judged(call))
    if not files:
        raise HTTPException(_BAD_REQUEST)
    with speaking(call.visitor.language):  # to a program, in the very words of the command
        return JSONResponse(Report(files).to_dict())


def _judged(call: Call) -> Iterator[tuple[FileReport, bytes]]:
    return (_judge(call, upload) for upload in uploads_in(call.form, _FIELD))


def _judge(call: Call, upload: Upload) -> tuple[FileReport, bytes]:
    options = options_of(call.office.home, call.office.settings)
    data = upload.read()
    return call.office.verifier.verify(upload.name, data, options), data


def _answer_bag(call: Call, upload: Upload) -> BagAnswer:
    options = options_of(call.office.home, call.office.settings)
    try:
        return BagAnswer(upload.name, judge_zipped_bag(upload.open(), options), None)
    except AgreegenError as exc:
        return BagAnswer(upload.name, None, exc)


def tell_health(_call: Call) -> Response:
    """Say that the server answers."""
    return PlainTextResponse("ok\n")


_FILES = Intake(max_bytes=_MOST_BYTES, max_files=_MOST_FILES, max_fields=8)
PAGES = (
    Page("GET", "/", show_start, None),
    Page("POST", "/verify", answer_page, None, _FILES, LANE),
    Page("POST", "/verify/report", give_report, None, _FILES, LANE),
    Page("GET", "/verify/pictures/{name}", show_picture, None),
    Page("POST", "/api/verify", answer_json, None, Intake(_MOST_BYTES, _MOST_FILES, 8, token=False), LANE),
    Page("GET", "/healthz", tell_health, None),
)
