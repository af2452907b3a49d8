"""The ledger: what is due, who holds what, the entries; begun, imported into, verified and exported."""

from __future__ import annotations

from datetime import date
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from agreegen.api import LedgerAccess, export_ledger, ledger_credential
from agreegen.errors import AgreegenError
from agreegen.files import write_atomically
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.areas import OFFICER, READERS
from agreegen.web.pages.rendering import page
from agreegen.web.pages.words import say
from agreegen.web.routes.batches.finding import back_to
from agreegen.web.work.batch_folder import printed_object
from agreegen.web.work.commands.children import ChildState
from agreegen.web.work.commands.questions import answers_to, questions_of
from agreegen.web.work.ledger_view import child_of, view_ledger, words
from agreegen.web.work.uploads import uploads_in

_MOST_BYTES = 32 << 20
_ENDINGS = frozenset({".xlsx", ".xls", ".ods", ".csv"})
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show_ledger(call: Call) -> Response:
    """Show the ledger, or how to begin one."""
    office = call.office
    name = call.request.query_params.get("q", "").strip()[:80]
    day = call.request.query_params.get("at", "")
    values: dict[str, Any] = {"view": None, "problem": None, "kinds": {}}
    if office.home.ledger.is_file():
        try:
            view = view_ledger(office.home.ledger, name, _day(day))
            values |= {"view": view, "kinds": words(view, call.visitor.language)}
        except AgreegenError as exc:
            values["problem"] = exc
    checking = child_of(office.home.ledger, "verify")
    return page(
        "ledger.html",
        office,
        call.visitor,
        there=office.home.ledger.is_file(),
        beginning=child_of(office.home.ledger, "new"),
        importing=child_of(office.home.ledger, "import"),
        checking=checking,
        found=printed_object(checking),
        can_sign=office.settings.register_credential is not None,
        wanted=name,
        day=day if _day(day) else "",
        changes=call.user.role in OFFICER,
        questions=questions_of((_signer(call),), call.visitor.language),
        **values,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def begin_ledger(call: Call) -> Response:
    """Begin the ledger of the office; whoever signs its registers signs it."""
    office = call.office
    credential = office.settings.register_credential
    if credential is not None and not office.home.ledger.exists():
        name = office.settings.name or say(call.visitor.language, "web.office")
        command = ["ledger", "new", "--ledger=ledger.db", f"--office={name}", f"--credential=../{credential}"]
        _start(call, "new", [*command, f"--by={call.user.name}"], "ledger-begin", _signer(call))
    return back_to("/ledger")


def _signer(call: Call) -> Path | None:
    """Return the credential that signs the ledger; of one to be begun, whoever signs registers."""
    home, credential = call.office.home, call.office.settings.register_credential
    if not home.ledger.is_file():
        return None if credential is None else home.folder / credential
    try:
        return ledger_credential(LedgerAccess(home.ledger, None, call.user.name))
    except AgreegenError:
        return None  # the command says what is wrong


def import_entries(call: Call) -> Response:
    """Enter what a workbook lists, all of it or nothing."""
    office = call.office
    uploads = list(uploads_in(call.form, "workbook"))
    child = child_of(office.home.ledger, "import")
    if len(uploads) == 1 and office.home.ledger.is_file() and child.state is not ChildState.RUNNING:
        ending = PurePath(uploads[0].name).suffix.lower()
        name = f"import{ending if ending in _ENDINGS else '.xlsx'}"
        write_atomically(office.home.ledger.parent / name, uploads[0].read(), mode=0o600)
        command = ["ledger", "import", name, "--ledger=ledger.db", f"--by={call.user.name}", "--json"]
        _start(call, "import", command, "ledger-import", _signer(call))
    return back_to("/ledger")


def check_ledger(call: Call) -> Response:
    """Verify the ledger: its chain, its heads, its entries."""
    if not call.office.home.ledger.is_file():
        raise HTTPException(NOT_FOUND)
    trust = call.office.home.trust_options(call.office.home.ledger.parent)
    _start(call, "verify", ["ledger", "verify", "--ledger=ledger.db", *trust, "--json"], "ledger-verify")
    return back_to("/ledger")


def _start(call: Call, name: str, command: list[str], act: str, signer: Path | None = None) -> None:
    answers = answers_to(call.secret, None, (signer,), call.visitor.language)
    call.begin(child_of(call.office.home.ledger, name), command, act, "ledger", answers=answers)


def give_ledger(call: Call) -> Response:
    """Give the ledger as the tables that offices keep."""
    ledger = call.office.home.ledger
    if not ledger.is_file():
        raise HTTPException(NOT_FOUND)
    with TemporaryDirectory() as place:
        path = Path(place) / "ledger.xlsx"
        export_ledger(ledger, path, lang=call.visitor.language)
        data = path.read_bytes()
    call.record("ledger-export", "ledger")
    headers = {"Content-Disposition": 'attachment; filename="ledger.xlsx"'}
    return Response(data, media_type=_XLSX, headers=headers)


PAGES = (
    Page("GET", "/ledger", show_ledger, READERS),
    Page("POST", "/ledger", begin_ledger, OFFICER),
    Page("POST", "/ledger/import", import_entries, OFFICER, Intake(_MOST_BYTES, 1, 8)),
    Page("POST", "/ledger/verify", check_ledger, READERS),
    Page("GET", "/ledger/export.xlsx", give_ledger, READERS),
)
