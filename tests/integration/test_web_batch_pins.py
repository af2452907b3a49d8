"""A batch whose office signs with a PIN: asked for on the page, told to one run, asked again after a kill."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from agreegen.api import open_register
from agreegen.errors import ExitCode
from agreegen.web.accounts import add_user
from agreegen.web.office import Office
from agreegen.web.work.batch_folder import BatchFolder
from tests.archive_office import ask_for_pin, ended
from tests.integration.batch_support import make_pki
from tests.integration.test_web_batches import documents, folder_of, log_in, process, upload, wait
from tests.integration.test_web_pins import field_of, files_that_hold
from tests.web_office import PASSWORD, Visit, free_port

ROWS = 400
SEAL = "unit-seal"
FIELD = f"secret passphrase of {SEAL}"
_SIGNED = {"signatures": [{"role": "unit", "credential": f"credentials/{SEAL}.yaml", "level": "B-B"}]}

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An office that signs everything, its registers too, with one credential that asks for its PIN.

    Attributes:
        home: Its home folder.
        pin: What its officer types.
    """

    home: Path
    pin: str

    def prepared(self, visit: Visit, rows: int) -> tuple[str, BatchFolder]:
        """Upload a roster and wait for its check; return page and folder."""
        page = upload(visit, rows)
        folder = folder_of(self.home, page)
        assert ended(folder.check) == 0, folder.check.output.read_text()
        return page, folder


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    make_pki(tmp_path / "pki")
    home = tmp_path / "home"
    for name in ("credentials", "trust"):
        shutil.copytree(tmp_path / "pki" / name, home / name)
    settings = {"forms": {"personal-pledge": {**_SIGNED, "defaults": {"pledge_date": "2018-05-10"}}}}
    (home / "office.yaml").write_text(yaml.safe_dump(settings))
    add_user(Office.open(home), "officer", "王芳", "officer", PASSWORD)
    return Sealed(home, ask_for_pin(home, SEAL))


def processes_that_know(secret: str) -> list[str]:
    """Name the processes in whose arguments or environment a secret stands."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
            found += [place.name] if secret.encode() in told else []
    return found


@contextlib.contextmanager
def running(sealed: Sealed) -> Iterator[Visit]:
    """Serve the office in a process of its own, and be logged in."""
    port = free_port()
    with process(sealed.home, port):
        yield log_in(port)


def test_a_killed_batch_asks_again_and_the_pin_is_nowhere(sealed: Sealed) -> None:
    """Neither in a file or a log, nor in what other programs see of a process; nor after the server's end."""
    port = free_port()
    with process(sealed.home, port) as server:
        visit = log_in(port)
        page, folder = sealed.prepared(visit, ROWS)
        assert field_of(visit.get(page).text, SEAL)
        visit.post(f"{page}/run", {FIELD: sealed.pin})
        wait(lambda: folder.progress().done > ROWS // 8)
        assert processes_that_know(sealed.pin) == []
        child = json.loads((folder.path / "run.pid").read_bytes())["pid"]
        server.kill()
        os.killpg(child, signal.SIGKILL)
        server.wait()
        assert server.stderr is not None
        assert sealed.pin not in server.stderr.read()
    assert 0 < folder.progress().done < ROWS
    with running(sealed) as visit:
        told = visit.get(page).text
        assert "status doubt" in told
        assert field_of(told, SEAL), "it goes on with the PIN only"
        visit.post(f"{page}/run", {FIELD: sealed.pin})
        assert ended(folder.run) == 0, folder.run.last_words("en")
    assert len(documents(folder)) == ROWS
    with open_register(folder.register) as register:
        assert all(row.fulfilment("unit") is not None for row in register.documents() if row.in_force)
    assert files_that_hold(sealed.home, sealed.pin) == []


def test_without_the_pin_nothing_is_made_and_with_it_everything_that_follows(sealed: Sealed) -> None:
    """Missing or wrong it is told on the page; the register's own signature asks wherever it is written."""
    with running(sealed) as visit:
        page, folder = sealed.prepared(visit, 3)
        remarks = json.loads(folder.check.output.read_bytes())["complaints"]
        assert [each["severity"] for each in remarks if SEAL in each["problem"]] == ["warning"], "not tried"
        for wrong in ({}, {FIELD: "not the PIN"}):
            visit.post(f"{page}/run", wrong)
            assert ended(folder.run) == ExitCode.SIGNING
            told = visit.get(page).text
            assert folder.run.last_words("zh") in told
            assert field_of(told, SEAL)
            assert not list(folder.output.glob("documents/**/*.pdf"))
        visit.post(f"{page}/run", {FIELD: sealed.pin})
        assert ended(folder.run) == 0, folder.run.last_words("en")
        assert field_of(visit.get(page).text, SEAL), "for printing"
        visit.post(f"{page}/print")
        assert ended(folder.printing) == ExitCode.SIGNING
        visit.post(f"{page}/print", {FIELD: sealed.pin})
        assert ended(folder.printing) == 0, folder.printing.last_words("en")
        with open_register(folder.register) as register:
            printed = [json.loads(each.details)["by"] for each in register.events() if each.kind == "printed"]
        assert set(printed) == {"王芳"}, "who printed is the officer, not the server's account"
        scans = page.replace("/batches/", "/scans/")
        assert field_of(visit.get(scans).text, SEAL)
        stack = [("scans", ("stack.pdf", folder.print_file.read_bytes()))]
        visit.post(scans, {FIELD: sealed.pin}, stack)
        assert ended(folder.scans) in {ExitCode.DONE, ExitCode.NEGATIVE}, folder.scans.last_words("en")
        assert field_of(visit.get(scans).text, SEAL)
        desk = visit.get(f"/desk?batch={folder.path.name}").text
        assert "register_credential" in desk, "nobody could type the PIN while a person signs"
        assert 'action="/desk/here"' not in desk
    assert files_that_hold(sealed.home, sealed.pin) == []


def test_rows_that_were_mended_ask_again(sealed: Sealed) -> None:
    """Each run is an act of its own: the PIN of the one before is gone with it."""
    text = "编号,姓名,公民身份号码\nA1,张伟,\nA2,李娜,{}\n"
    with running(sealed) as visit:
        files = [("roster", ("people.csv", text.format("110105194912310021").encode("utf-8-sig")))]
        page = visit.post("/batches", {"form": "personal-pledge"}, files).headers["location"]
        folder = folder_of(sealed.home, page)
        assert ended(folder.check) == ExitCode.BAD_INPUT
        visit.post(f"{page}/run", {"good_rows": "1", FIELD: sealed.pin})
        assert ended(folder.run) == ExitCode.FAILED_ROWS, folder.run.last_words("en")
        mended = [("roster", ("mended.csv", text.format("").encode("utf-8-sig")))]
        visit.post(f"{page}/mended", files=mended)
        assert ended(folder.run) == ExitCode.SIGNING
        visit.post(f"{page}/mended", {FIELD: sealed.pin}, mended)
        assert ended(folder.run) == 0, folder.run.last_words("en")
    assert set(documents(folder).values()) == {"A1 张伟", "A2 李娜"}
    assert files_that_hold(sealed.home, sealed.pin) == []
