"""Verification, without login: the page, and the interface for programs."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from agreegen.model.report import FileReport, Report, Verdict
from agreegen.reports.verification.wording import explain, signature_line
from agreegen.web.endpoint import Call, Intake, Page
from agreegen.web.pages.rendering import page
from agreegen.web.work.uploads import uploads_in
from agreegen.web.work.verifying import judge, trust_files

LANE = "verify"
_FIELD = "file"
_BAD_REQUEST = 400
_MOST_BYTES = 200 << 20
_MOST_FILES = 200
KINDS = {
    Verdict.VALID: "good",
    Verdict.INVALID: "bad",
    Verdict.INDETERMINATE: "doubt",
    Verdict.UNSIGNED: "open",
    Verdict.UNREADABLE: "bad",
}


def show_start(call: Call) -> Response:
    """Show where files are dropped, and whose word is trusted."""
    return page("verify.html", call.office, call.visitor, answers=(), trust=trust_files(call.office))


def answer_page(call: Call) -> Response:
    """Judge what was dropped and say it in plain words; a script gets the answers without the page."""
    files = _judged(call)
    answers = [_answer(file, call.visitor.language) for file in files]
    whole = call.request.headers.get("x-part") is None
    template = "verify.html" if whole else "verify_answers.html"
    return page(template, call.office, call.visitor, answers=answers, trust=trust_files(call.office))


def _answer(file: FileReport, language: str) -> dict[str, object]:
    return {
        "file": file,
        "kind": KINDS[file.verdict],
        "words": explain(file, language),
        "signers": [signature_line(signature, language) for signature in file.signatures],
    }


def answer_json(call: Call) -> Response:
    """Judge what was sent and answer as `verify --json` does."""
    files = _judged(call)
    if not files:
        raise HTTPException(_BAD_REQUEST)
    return JSONResponse(Report(tuple(files)).to_dict())


def _judged(call: Call) -> list[FileReport]:
    return [judge(call.office, upload.name, upload.read()) for upload in uploads_in(call.form, _FIELD)]


def tell_health(_call: Call) -> Response:
    """Say that the server answers."""
    return PlainTextResponse("ok\n")


_FILES = Intake(max_bytes=_MOST_BYTES, max_files=_MOST_FILES, max_fields=8)
PAGES = (
    Page("GET", "/", show_start, None),
    Page("POST", "/verify", answer_page, None, _FILES, LANE),
    Page("POST", "/api/verify", answer_json, None, Intake(_MOST_BYTES, _MOST_FILES, 8, token=False), LANE),
    Page("GET", "/healthz", tell_health, None),
)
