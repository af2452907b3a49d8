"""Entries in the ledger, one act at a time: the commands that the ledger has, each with a form of its own."""

from __future__ import annotations

from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from starlette.exceptions import HTTPException
from starlette.responses import Response

from agreegen.api import word_of, write_inspection_sheet
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.areas import OFFICER
from agreegen.web.pages.rendering import page
from agreegen.web.routes.batches.finding import back_to
from agreegen.web.work.batch_folder import printed_object
from agreegen.web.work.commands.children import ChildState
from agreegen.web.work.commands.questions import any_answer
from agreegen.web.work.ledger_acts import ACTS, BY_NAME, LedgerAct
from agreegen.web.work.ledger_view import child_of
from agreegen.web.work.uploads import uploads_in

_MOST_BYTES = 32 << 20
_MOST_SHOWN = 20_000
_LEAVING = ("name", "out", "pledge", "left")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show_acts(call: Call) -> Response:
    """Show the form of each act, and what came of the last one of its kind."""
    ledger = _require_ledger(call)
    children = {act.name: child_of(ledger, f"act-{act.name}") for act in ACTS}
    language = call.visitor.language
    told = {act.name: _told(children[act.name].output) for act in ACTS if not act.said}
    values = {"acts": ACTS, "children": children, "told": told, "language": language}
    values |= {"answers": {act.name: printed_object(children[act.name]) for act in ACTS if act.said}}
    values |= {"columns": [(each, word_of("lists", each, language)) for each in _LEAVING]}
    return page("ledger_acts.html", call.office, call.visitor, **values)


def _told(output: Path) -> str:
    try:
        return output.read_text(encoding="utf-8", errors="replace")[:_MOST_SHOWN].strip()
    except FileNotFoundError:
        return ""


def _require_ledger(call: Call) -> Path:
    ledger = call.office.home.ledger
    if not ledger.is_file():
        raise HTTPException(NOT_FOUND)
    return ledger


def enter(call: Call) -> Response:
    """Begin an act; a PIN that the ledger's credential asks for is used for this one act."""
    ledger, act = _require_ledger(call), BY_NAME.get(call.part("act"))
    if act is None:
        raise HTTPException(NOT_FOUND)
    child = child_of(ledger, f"act-{act.name}")
    command = None
    if child.state is not ChildState.RUNNING:
        command = act.command(call.text, _kept(call, ledger, act))
    if command is not None:
        command[2:2] = [f"--by={call.user.display}", *call.office.home.trust_options(ledger.parent)]
    answers = any_answer(call.secret("pin"))
    call.begin(
        child, command or (), f"ledger-{act.name}", "ledger", answers=answers, free=command is not None
    )
    return back_to(f"/ledger/acts#{act.name}")


def _kept(call: Call, ledger: Path, act: LedgerAct) -> str | None:
    """Keep the file that was uploaded for an act; return its name below the ledger's folder."""
    uploads = list(uploads_in(call.form, "file"))
    if act.attached is None or len(uploads) != 1:
        return None
    ending = PurePath(uploads[0].name).suffix.lower()
    name = f"act-{act.name}{ending if ending in act.attached.endings else act.attached.endings[0]}"
    uploads[0].keep_at(ledger.with_name(name))
    return name


def give_blank(call: Call) -> Response:
    """Give the empty sheet of the yearly self-inspection."""
    with TemporaryDirectory() as place:
        path = Path(place) / "inspection.xlsx"
        write_inspection_sheet(path)
        data = path.read_bytes()
    call.record("ledger-blank", "ledger")
    headers = {"Content-Disposition": 'attachment; filename="inspection.xlsx"'}
    return Response(data, media_type=_XLSX, headers=headers)


PAGES = (
    Page("GET", "/ledger/acts", show_acts, OFFICER),
    Page("POST", "/ledger/acts/{act}", enter, OFFICER, Intake(_MOST_BYTES, 1, 40)),
    Page("GET", "/ledger/inspection.xlsx", give_blank, OFFICER),
)
