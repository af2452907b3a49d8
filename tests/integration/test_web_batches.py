"""Batches through the server: nothing is lost when server and child are killed; nobody starts one twice."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from openpyxl import load_workbook

from agreegen.api import open_register
from agreegen.demo.run import invented_roster
from agreegen.web.accounts import add_user
from agreegen.web.office import Office
from agreegen.web.store.users import Role
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.children import Child, ChildState
from tests.web_office import PASSWORD, Visit, WebOffice, free_port, serving

ROWS = 400
_SECONDS = 120.0


@contextmanager
def process(home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Serve by the command line, in a process that can be killed."""
    command = [sys.executable, "-m", "agreegen", "web", "--home", str(home), "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    while "http" not in server.stderr.readline():
        assert server.poll() is None
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def log_in(port: int) -> Visit:
    """Visit the server as the officer."""
    visit = Visit(f"http://127.0.0.1:{port}", requests.Session())
    assert visit.post("/login", {"name": "officer", "password": PASSWORD}).status_code == 303
    return visit


def upload(visit: Visit, rows: int = ROWS) -> str:
    """Upload a roster; return the path of the batch's page."""
    files = [("roster", ("people.csv", invented_roster(rows).encode("utf-8-sig")))]
    answer = visit.post("/batches", {"form": "personal-pledge", "title": "试制"}, files)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def wait(until: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """Wait for something that takes seconds."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end
        time.sleep(0.1)


def home_with_officer(folder: Path) -> Path:
    """Make an office's home folder with one account, as `web user add` does."""
    home = folder / "home"
    add_user(Office.open(home), "officer", "王芳", "officer", PASSWORD)
    return home


def folder_of(home: Path, path: str) -> BatchFolder:
    """Return the folder of the batch of a page."""
    return BatchFolder(home / "batches" / path.rsplit("/", 1)[-1])


def documents(folder: BatchFolder) -> dict[str, str]:
    """Return path and person of every document, once each row."""
    with open_register(folder.register) as register:
        rows = [row.registration for row in register.documents() if row.in_force]
    found = {row.path: f"{row.staff_no} {row.name}" for row in rows}
    assert len(found) == len(rows)
    assert all((folder.output / path).is_file() for path in found)
    assert set(found) == {
        path.relative_to(folder.output).as_posix() for path in (folder.output / "documents").rglob("*.pdf")
    }
    return found


def results_of(home: Path, act: str, page: str) -> list[str]:
    """Return what the audit says came of an act on a batch, oldest first; its chain must be whole."""
    audit = Office.open(home).audit
    assert audit.check().broken_at is None
    told = [each.act for each in audit.entries()][::-1]
    return [each.result for each in told if each.act == act and each.subject == page.rsplit("/", 1)[-1]]


@pytest.mark.timeout(600)
def test_killed_in_the_middle_and_gone_on_with_makes_what_an_undisturbed_run_makes(tmp_path: Path) -> None:
    """Server and child are ended by SIGKILL at once; the next server finds the batch where it was."""
    home, port = home_with_officer(tmp_path), free_port()
    with process(home, port) as server:
        visit = log_in(port)
        undisturbed, disturbed = upload(visit), upload(visit)
        for path in (undisturbed, disturbed):
            wait(lambda path=path: folder_of(home, path).check.state is ChildState.ENDED)  # type: ignore[misc]
        visit.post(f"{undisturbed}/run")
        wait(lambda: folder_of(home, undisturbed).run.state is ChildState.ENDED)
        visit.post(f"{disturbed}/run")
        folder = folder_of(home, disturbed)
        wait(lambda: folder.progress().done > ROWS // 8)
        child = json.loads((folder.path / "run.pid").read_bytes())["pid"]
        server.kill()
        os.killpg(child, signal.SIGKILL)
        server.wait()
    assert folder.progress().done < ROWS
    with process(home, port):
        visit = log_in(port)
        assert "status doubt" in visit.get(disturbed).text
        visit.post(f"{disturbed}/run")
        wait(lambda: folder.run.state is ChildState.ENDED)
        assert "status good" in visit.get(disturbed).text
        wait(lambda: results_of(home, "batch-run", disturbed)[-1] == "done")
    made, expected = documents(folder), documents(folder_of(home, undisturbed))
    assert len(made) == ROWS
    assert made == expected
    assert results_of(home, "batch-run", disturbed) == ["begun", "cut-short", "begun", "done"]


@pytest.mark.timeout(600)
def test_a_child_outlives_its_server_and_the_next_server_sees_its_end(tmp_path: Path) -> None:
    """Whoever restarts the server ends no batch."""
    home, port = home_with_officer(tmp_path), free_port()
    with process(home, port) as server:
        visit = log_in(port)
        path = upload(visit)
        folder = folder_of(home, path)
        wait(lambda: folder.check.state is ChildState.ENDED)
        visit.post(f"{path}/run")
        wait(lambda: folder.progress().done > 0)
        server.kill()
        server.wait()
    wait(lambda: folder.run.state is ChildState.ENDED)
    assert folder.run.exit_code == 0
    with process(home, port):
        assert "status good" in log_in(port).get(path).text
        wait(lambda: len(results_of(home, "batch-run", path)) > 1)
    assert results_of(home, "batch-run", path) == ["begun", "done"]
    assert len(documents(folder)) == ROWS


@pytest.mark.timeout(300)
def test_a_roster_is_mended_and_values_are_set_as_often_as_need_be(tmp_path: Path) -> None:
    """By a server as the command line starts it: what it has read and shown it writes again all the same."""
    home, port = home_with_officer(tmp_path), free_port()
    with process(home, port):
        visit = log_in(port)
        path = upload(visit, 3)
        folder = folder_of(home, path)
        for number in range(2):
            wait(lambda: folder.check.state is ChildState.ENDED)
            assert visit.get(path).status_code == 200
            name = f"again-{number}.csv"
            again = [("roster", (name, invented_roster(4 + number).encode("utf-8-sig")))]
            assert visit.post(f"{path}/roster", files=again).status_code == 303
            wait(lambda: folder.check.state is ChildState.ENDED)
            assert name in visit.get(path).text, "the page names the roster that it shows"
            assert visit.post(f"{path}/values", {"pledge_date": f"2026-11-2{number}"}).status_code == 303
            assert folder.defaults() == {"pledge_date": f"2026-11-2{number}"}
        wait(lambda: folder.check.state is ChildState.ENDED)
        assert json.loads(folder.check.output.read_bytes())["rows"] == 5


@pytest.mark.timeout(300)
def test_a_browser_that_looks_on_does_not_hold_up_the_end_of_a_server(tmp_path: Path) -> None:
    """Whoever restarts the server waits for no page that shows how a run goes on."""
    home, port = home_with_officer(tmp_path), free_port()
    with process(home, port) as server:
        visit = log_in(port)
        path = upload(visit)
        folder = folder_of(home, path)
        wait(lambda: folder.check.state is ChildState.ENDED)
        visit.post(f"{path}/run")
        os.kill(
            json.loads((folder.path / "run.pid").read_bytes())["pid"], signal.SIGSTOP
        )  # as long as need be
        with visit.session.get(f"{visit.url}{path}/events", stream=True, timeout=60) as looking_on:
            lines = looking_on.iter_lines()
            next(lines)
            started = time.monotonic()
            server.terminate()
            server.wait(60)
            assert time.monotonic() - started < 5
            assert b"event: end" not in list(lines), "the page asks again, and finds the next server"
        os.kill(json.loads((folder.path / "run.pid").read_bytes())["pid"], signal.SIGCONT)
    wait(lambda: folder.run.state is ChildState.ENDED)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    """Serve one office for the rest of the module."""
    with serving(tmp_path_factory.mktemp("office") / "home") as office:
        yield office


@pytest.mark.timeout(300)
def test_complaints_stand_at_their_cells_and_nothing_is_made(web: WebOffice) -> None:
    """A roster with an error is shown as it is, the cell marked; the run is refused."""
    visit = web.visit(Role.OFFICER)
    text = "编号,姓名,公民身份号码\nA1,张伟,110105194912310021\nA2,,\nA2,李娜,\n"
    files = [("roster", ("people.csv", text.encode("utf-8-sig")))]
    path = visit.post("/batches", {"form": "personal-pledge"}, files).headers["location"]
    folder = folder_of(web.office.home.folder, path)
    wait(lambda: folder.check.state is ChildState.ENDED)
    page = visit.get(path).text
    cells = re.findall(r'<td class="cell-wrong">([^<]*)</td>', page)
    assert "110105194912310021" in cells
    assert "" in cells
    assert visit.post(f"{path}/run").status_code == 303
    assert folder.run.state is ChildState.NEVER
    entry = next(web.office.audit.entries())
    assert (entry.act.act, entry.act.result) == ("batch-run", "refused")


@pytest.mark.timeout(300)
def test_rows_without_errors_are_made_where_that_is_wished_and_the_others_once_they_are_mended(
    web: WebOffice,
) -> None:
    """They come as a workbook; mended, they are made beside the rest."""
    visit = web.visit(Role.OFFICER)
    text = "编号,姓名,公民身份号码\nA1,张伟,\nA2,李娜,110105194912310021\n"
    files = [("roster", ("people.csv", text.encode("utf-8-sig")))]
    path = visit.post("/batches", {"form": "personal-pledge"}, files).headers["location"]
    folder = folder_of(web.office.home.folder, path)
    wait(lambda: folder.check.state is ChildState.ENDED)
    assert 'id="good-rows"' in visit.get(path).text
    visit.post(f"{path}/run", {"good_rows": "1"})
    wait(lambda: folder.run.state is ChildState.ENDED)
    assert set(documents(folder).values()) == {"A1 张伟"}
    failed = visit.get(f"{path}/failed-rows.xlsx").content
    workbook = load_workbook(io.BytesIO(failed))
    assert next(web.office.audit.entries()).act.act == "failed-rows-download", "it holds ID numbers"
    (cell,) = (cell for row in workbook.worksheets[0] for cell in row if cell.value == "110105194912310021")
    cell.value = None
    mended = io.BytesIO()
    workbook.save(mended)
    visit.post(f"{path}/mended", files=[("roster", ("failed-rows.xlsx", mended.getvalue()))])
    wait(lambda: folder.run.state is ChildState.ENDED)
    assert set(documents(folder).values()) == {"A1 张伟", "A2 李娜"}


@pytest.mark.timeout(300)
def test_a_roster_that_changed_after_the_run_is_made_from_the_page(web: WebOffice) -> None:
    """Rosters change every week, and errors are mended in the roster as the page asks."""
    visit = web.visit(Role.OFFICER)
    people = ["A1,张伟,", "A2,李娜,110105194912310021", "A3,王芳,"]
    path = visit.post("/batches", {"form": "personal-pledge"}, _roster(people[:2])).headers["location"]
    folder = folder_of(web.office.home.folder, path)
    wait(lambda: folder.check.state is ChildState.ENDED)
    visit.post(f"{path}/run", {"good_rows": "1"})
    wait(lambda: folder.run.state is ChildState.ENDED)
    assert 'id="make"' not in visit.get(path).text
    assert 'id="good-rows"' not in visit.get(path).text
    visit.post(f"{path}/roster", files=_roster([people[0], "A2,李娜,", people[2]]))
    wait(lambda: folder.check.state is ChildState.ENDED)
    page = visit.get(path).text
    assert 'id="make"' in page
    visit.post(f"{path}/run")
    wait(lambda: folder.run.state is ChildState.ENDED)
    assert set(documents(folder).values()) == {"A1 张伟", "A2 李娜", "A3 王芳"}
    assert 'id="make"' not in visit.get(path).text


def _roster(people: list[str]) -> list[tuple[str, tuple[str, bytes]]]:
    text = "\n".join(["编号,姓名,公民身份号码", *people, ""])
    return [("roster", ("people.csv", text.encode("utf-8-sig")))]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("text", ["编号,姓名,公民身份号码\nA2,李娜,110105194912310021\n", "甲,乙\n1,2\n"])
def test_where_no_row_is_good_nothing_can_be_made(web: WebOffice, text: str) -> None:
    """Neither where all rows are wrong, nor where the file is no roster."""
    visit = web.visit(Role.OFFICER)
    files = [("roster", ("people.csv", text.encode("utf-8-sig")))]
    path = visit.post("/batches", {"form": "personal-pledge"}, files).headers["location"]
    folder = folder_of(web.office.home.folder, path)
    wait(lambda: folder.check.state is ChildState.ENDED)
    assert 'id="good-rows"' not in visit.get(path).text
    visit.post(f"{path}/run", {"good_rows": "1"})
    assert folder.run.state is ChildState.NEVER


@pytest.mark.timeout(300)
def test_progress_is_told_to_the_end_and_twice_is_once(web: WebOffice) -> None:
    """Two officers press the button at the same time: one run."""
    visit = web.visit(Role.OFFICER)
    path = upload(visit, 60)
    folder = folder_of(web.office.home.folder, path)
    wait(lambda: folder.check.state is ChildState.ENDED)
    visit.post(f"{path}/run")
    first = (folder.path / "run.pid").read_bytes()
    visit.post(f"{path}/run")
    assert (folder.path / "run.pid").read_bytes() == first
    told = visit.get(f"{path}/events").text
    assert told.rstrip().endswith("event: end\ndata: {}")
    last = json.loads(told.split("data: ")[-2].split("\n")[0])
    assert last["done"] == last["rows"] == 60
    found = documents(folder)
    some = next(iter(found))
    with open_register(folder.register) as register:
        document = next(row.registration for row in register.documents() if row.registration.path == some)
    reader = web.visit(Role.READER)
    assert reader.get(f"{path}/documents/{document.id}/1.png").content.startswith(b"\x89PNG")
    assert reader.get(f"{path}/documents/{document.id}/2.png").status_code == 404
    assert reader.get(f"{path}/documents/{document.id}/file.pdf").status_code == 403
    assert visit.get(f"{path}/documents/{document.id}/file.pdf").content.startswith(b"%PDF")
    other = upload(visit, 1)
    assert visit.get(f"{other}/documents/{document.id}").status_code == 404
    coverage = reader.get(f"/coverage?batch={path.rsplit('/', 1)[-1]}").text
    assert "60" in coverage


def test_a_process_that_is_not_ours_is_never_ended(tmp_path: Path) -> None:
    """The number of a child that has ended may be another's by now."""
    stranger = subprocess.Popen(["sleep", "30"], start_new_session=True)
    try:
        note = {"pid": stranger.pid, "started": 1, "boot": "another"}
        (tmp_path / "run.pid").write_text(json.dumps(note))
        child = Child(tmp_path, "run")
        assert child.state is ChildState.CUT_SHORT
        child.stop()
        time.sleep(0.2)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_what_was_uploaded_is_never_run(tmp_path: Path) -> None:
    """A file called like a module of ours, in the folder where the command runs."""
    (tmp_path / "agreegen.py").write_text("open('taken', 'w').write('over')\n")
    child = Child(tmp_path, "forms")
    child.start(("forms", "list", "--json"), language="en")
    wait(lambda: child.state is ChildState.ENDED)
    assert child.exit_code == 0
    assert json.loads(child.output.read_bytes())
    assert not (tmp_path / "taken").exists()
