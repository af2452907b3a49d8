"""An act that several credentials sign: each PIN is asked for on the page, for that act, and kept nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.errors import ExitCode
from agreegen.web.store.users import Role
from agreegen.web.work.archive.bag_folders import Bag
from agreegen.web.work.ledger_view import child_of
from tests.archive_office import ArchiveOffice, archive_office, ask_for_pin, ended

ORDERS, LEDGER = "party-a-seal", "party-b-seal"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveOffice]:
    """Serve an office whose bags are sealed with a credential that asks for its PIN."""
    with archive_office(tmp_path_factory.mktemp("office"), seal=f"{ORDERS}.yaml") as office:
        yield office


@pytest.fixture(scope="module")
def pins(archive: ArchiveOffice) -> dict[str, str]:
    """Let two credentials ask for their PINs; begin the ledger with one of them."""
    home = archive.web.office.home
    found = {name: ask_for_pin(home.folder, name) for name in (ORDERS, LEDGER)}
    command = ["ledger", "new", f"--ledger={home.ledger}", "--office=甲办"]
    subprocess.run(
        [sys.executable, "-m", "agreegen", *command, f"--credential={home.credentials / LEDGER}.yaml"],
        input=json.dumps({f"passphrase of {LEDGER}": found[LEDGER]}),
        env={**os.environ, "AGREEGEN_ASK": "json", "AGREEGEN_LANG": "en"},
        text=True,
        check=True,
    )
    return found


@pytest.fixture(scope="module")
def bag(archive: ArchiveOffice, pins: dict[str, str]) -> Bag:
    """Make two documents and a bag of them, which asks for a PIN on the page."""
    batch, visit = archive.make_batch(2), archive.web.visit(Role.OFFICER)
    page = f"/archive/{batch.path.name}"
    assert field_of(visit.get(page).text, ORDERS), "the page asks for the PIN"
    visit.post(f"{page}/bags")
    assert ended(batch.archiving) == ExitCode.SIGNING
    visit.post(f"{page}/bags", {f"secret passphrase of {ORDERS}": pins[ORDERS]})
    assert ended(batch.archiving) == 0, batch.archiving.last_words("en")
    known = archive.web.office.batches.find(batch.path.name)
    assert known is not None
    found = batch.bag_place(known).bag("bag-01")
    assert found is not None
    return found


def field_of(page: str, name: str) -> bool:
    """Tell whether a page has a field for the PIN of a credential."""
    return 'type="password" id=' in page and f'name="secret passphrase of {name}"' in page


def files_that_hold(folder: Path, pin: str) -> list[str]:
    """Name the files below a folder that hold a PIN."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and pin.encode() in path.read_bytes()]


def test_a_destruction_that_two_pins_sign(archive: ArchiveOffice, pins: dict[str, str], bag: Bag) -> None:
    """The order's and the ledger's; nothing happens while one of them is missing, wrong or the other's."""
    second, visit = archive.second(), archive.web.visit(Role.OFFICER)
    page = f"/archive/{bag.place.id}/bags/{bag.name}"
    approver = archive.web.office.users.find_name("second")
    assert approver is not None
    wish = {"approver": approver.id, "witness": "王五", "reason": "保管期满", "early": "1"}
    visit.post(f"{page}/destruction", wish)
    assert ended(bag.child("plan")) == 0, bag.child("plan").last_words("en")
    plan = json.loads(bag.child("plan").output.read_bytes())
    assert field_of(second.get(page).text, LEDGER)
    sealed = bag.sealed / "bag-01.p7m"
    sealed.parent.mkdir(parents=True)
    sealed.write_bytes(b"what it went out in")
    order, ledger = pins[ORDERS], pins[LEDGER]
    yes = {"code": plan["confirm"], "agreed": "1", "credential": f"{ORDERS}.yaml"}
    asked = f"secret passphrase of {LEDGER}"
    for wrong in (
        {"pin": order},
        {asked: ledger},
        {"pin": order, asked: order},
        {"pin": ledger, asked: ledger},
    ):
        second.post(f"{page}/destruction/approve", {**yes, **wrong})
        assert ended(bag.child("destroy")) == ExitCode.SIGNING, wrong
        assert bag.is_there
        archive.web.office.long_acts.settle()
        assert sealed.is_file(), "nothing of it is lost as long as it is there"
    second.post(f"{page}/destruction/approve", {**yes, "pin": order, asked: ledger})
    assert ended(bag.child("destroy")) == 0, bag.child("destroy").last_words("en")
    assert not bag.path.exists()
    archive.web.office.long_acts.settle()
    assert not sealed.exists(), "nor can it be brought back"
    for pin in (order, ledger):
        assert files_that_hold(archive.web.office.home.folder, pin) == []
    archive.web.office.long_acts.settle()
    results = [
        each.act.result
        for each in archive.web.office.audit.entries()
        if each.act.act == "destruction-approve"
    ]
    assert results == ["done", "begun", *("failed", "begun") * 4]


def test_an_entry_in_a_ledger_that_asks_for_its_pin(archive: ArchiveOffice, pins: dict[str, str]) -> None:
    """A list is imported, and an entry made, with the PIN of the ledger's own credential."""
    visit, ledger = archive.web.visit(Role.OFFICER), archive.web.office.home.ledger
    assert field_of(visit.get("/ledger").text, LEDGER)
    entry = {"kind": "receive", "item": "A-1", "title": "通知", "giver": "省办", "receiver": "张三"}
    visit.post("/ledger/acts/add", entry)
    assert ended(child_of(ledger, "act-add")) == ExitCode.SIGNING
    visit.post("/ledger/acts/add", {**entry, "pin": pins[LEDGER]})
    assert ended(child_of(ledger, "act-add")) == 0, child_of(ledger, "act-add").last_words("en")
