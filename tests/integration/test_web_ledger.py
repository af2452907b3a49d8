"""The ledger in the browser: single entries, a leaver, a training, an inspection, a draw, a closing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import openpyxl
import pytest
from PIL import Image

from agreegen.api import ledger_content
from agreegen.clock import read_clock
from agreegen.example_pki.maker import make_example_pki
from agreegen.web.sample_office import fill_from_demo
from agreegen.web.store.users import Role
from agreegen.web.work.commands.children import ChildState
from agreegen.web.work.ledger_view import child_of
from tests.integration.test_web_batches import wait
from tests.web_office import Visit, WebOffice, serving

pytestmark = pytest.mark.timeout(600)
_RECEIVED = {
    "kind": "receive",
    "item": "A-001",
    "title": "通知",
    "copies": "2",
    "giver": "省办",
    "receiver": "张伟",
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    """Serve the sample office with a ledger begun."""
    folder = tmp_path_factory.mktemp("office")
    make_example_pki(folder / "pki", now=read_clock(), key_bits=2048)
    fill_from_demo(folder / "home", folder / "pki")
    with serving(folder / "home") as office:
        office.visit(Role.OFFICER).post("/ledger")
        wait(lambda: child_of(office.office.home.ledger, "new").state is ChildState.ENDED)
        yield office


def enter(
    web: WebOffice,
    visit: Visit,
    act: str,
    fields: dict[str, str],
    file: tuple[str, bytes] | None = None,
) -> int | None:
    """Make one act; return the exit code of its command."""
    child = child_of(web.office.home.ledger, f"act-{act}")
    before = child.output.stat().st_mtime_ns if child.output.exists() else 0
    assert visit.post(f"/ledger/acts/{act}", fields, [("file", file)] if file else None).status_code == 303
    if not child.output.exists() or child.output.stat().st_mtime_ns == before:
        return None
    wait(lambda: child.state is ChildState.ENDED)
    return child.exit_code


def test_entries_are_made_one_at_a_time_and_what_does_not_fit_is_refused(web: WebOffice) -> None:
    """The command's own complaint is shown; nothing was entered."""
    visit = web.visit(Role.OFFICER)
    ledger = web.office.home.ledger
    assert enter(web, visit, "add", _RECEIVED) == 0
    assert (
        enter(web, visit, "add", {"kind": "return", "item": "A-001", "giver": "李娜", "receiver": "张伟"})
        == 3
    )
    assert "李娜" in visit.get("/ledger/acts").text
    scan = ("receipt.png", picture())
    lent = {"kind": "circulate", "item": "A-001", "giver": "张伟", "receiver": "刘洋", "due": "2031-01-01"}
    assert enter(web, visit, "add", lent, scan) == 0, said(web, "add")
    movements = ledger_content(ledger).movements
    assert [each.kind.value for each in movements] == ["receive", "circulate"]
    assert "刘洋" in visit.get("/ledger").text
    assert "刘洋" not in visit.get("/ledger?at=2001-01-01").text.split("<section>")[2]
    assert enter(web, visit, "add", {"kind": ""}) is None, "a field that is needed"


def picture() -> bytes:
    """Return a scan of a sheet."""
    data = io.BytesIO()
    Image.new("RGB", (850, 1100), "white").save(data, "PNG", dpi=(100, 100))
    return data.getvalue()


def test_who_leaves_trained_inspected_drawn_and_closed(web: WebOffice) -> None:
    """Each by its own form; a bag of the closing stands in the archive."""
    visit, today = web.visit(Role.OFFICER), f"{datetime.now(UTC):%Y-%m-%d}"
    assert enter(web, visit, "leaver", {"name": "--close"}) in {0, 1, 3}, "a name is never an option"
    assert enter(web, visit, "leaver", {"name": "张伟", "close": "1"}) == 1
    shown = visit.get("/ledger/acts").text
    assert "note doubt" in shown
    assert '<td data-label="姓名">张伟</td>' in shown, "a table in the reader's language"
    roster = "姓名,编号,单位,是否参加\n李娜,HN0002,普查办,是\n".encode("utf-8-sig")
    assert enter(web, visit, "training", {"topic": "保密知识"}) is None, "no roster, nothing done"
    assert enter(web, visit, "training", {"topic": "保密知识"}, ("people.csv", roster)) == 0
    blank = visit.get("/ledger/inspection.xlsx").content
    assert openpyxl.load_workbook(io.BytesIO(blank)).active is not None
    sheet = "自查内容,分值,得分,问题,整改\n台账与实物相符,50,50,,\n".encode("utf-8-sig")
    assert enter(web, visit, "inspect", {"held-by": "保密办"}, ("sheet.csv", sheet)) == 0
    assert enter(web, visit, "draw", {"count": "1", "of": "copies"}) == 0
    assert enter(web, visit, "close", {"through": "../../x"}) not in {0, None}
    assert not list(web.office.home.folder.parent.rglob("closing-..*"))
    assert enter(web, visit, "close", {"through": today}) == 0, said(web, "close")
    assert f"closing-{today}" in visit.get("/archive").text
    assert visit.get(f"/archive/ledger/bags/closing-{today}").status_code == 200
    web.office.long_acts.settle()
    results = [(each.act.act, each.act.result) for each in web.office.audit.entries()]
    assert ("ledger-training", "refused") in results
    assert ("ledger-leaver", "findings") in results, "what is still held"
    for act in ("add", "training", "inspect", "draw", "close"):
        assert (f"ledger-{act}", "done") in results


def said(web: WebOffice, act: str) -> str:
    """Return what the command of an act complained of."""
    return child_of(web.office.home.ledger, f"act-{act}").last_words("en")


def test_only_officers_enter(web: WebOffice) -> None:
    """Readers see the ledger itself."""
    for role in (Role.READER, Role.INSPECTOR):
        visit = web.visit(role)
        assert visit.get("/ledger").status_code == 200
        assert visit.get("/ledger/acts").status_code == 403
    assert web.visit(Role.OFFICER).post("/ledger/acts/new").status_code == 404
