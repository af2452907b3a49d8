"""What went wrong is told in the language of who reads the page, whoever began it in whichever language."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreegen.api import open_register
from agreegen.errors import ExitCode
from agreegen.web.store.users import Role
from agreegen.web.work.archive.deliveries import Deliveries
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.children import Child
from agreegen.web.work.ledger_view import child_of
from tests.archive_office import RECIPIENT, ArchiveOffice, archive_office, ended
from tests.integration.test_web_batches import folder_of
from tests.visible_text import english_sentences, visible_text
from tests.web_office import Visit

pytestmark = pytest.mark.timeout(900)
_WRONG = "姓名,编号,身份证号\n张三,A1,11010119900307461X\n张三,A1,\n".encode()
_COMMAND = re.compile(r"[^\n]*(?:--[a-z]|agreegen [a-z]+)[^\n]*")
_UNREADABLE = b"PK\x03\x04 no workbook"


class Mishaps:
    """An office where everything goes wrong.

    Attributes:
        archive: The office.
        officer: An officer who reads one language.
    """

    def __init__(self, archive: ArchiveOffice, language: str) -> None:
        self.archive = archive
        self.officer = reading(archive, language)
        self.home = archive.web.office.home

    def spoil(self, path: Path, statement: str) -> None:
        """Change a database behind the back of its program."""
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.execute(f'DROP TRIGGER "{name}"')
            connection.execute(statement)

    def fail(self, child: Child, *paths: str) -> tuple[str, ...]:
        """Wait until a command has failed; return the pages that tell it."""
        assert ended(child) not in {0, ExitCode.BUG}, (child.name, child.last_words("en"))
        return paths

    def rosters(self) -> Iterator[str]:
        """Check rosters with wrong rows, and no roster at all."""
        for data in (_WRONG, _UNREADABLE):
            files = [("roster", ("people.csv" if data is _WRONG else "people.xlsx", data))]
            there = self.officer.post("/batches", {"form": "personal-pledge"}, files).headers["location"]
            yield from self.fail(folder_of(self.home.folder, there).check, there)

    def rows(self, batch: BatchFolder) -> Iterator[str]:
        """Run mended rows that are not mended; read scans that are none; record a scan that is none."""
        page = f"/batches/{batch.path.name}"
        self.officer.post(f"{page}/mended", files=[("roster", ("again.csv", _WRONG))])
        yield from self.fail(batch.run, page)
        self.officer.post(f"/scans/{batch.path.name}", files=[("scans", ("scan.png", b"no picture"))])
        yield from self.fail(batch.scans, f"/scans/{batch.path.name}")
        document = self.document(batch)
        self.officer.post(f"{page}/documents/{document}/paper", files=[("scan", ("scan.pdf", b"%PDF"))])
        yield from self.fail(batch.paper(document), f"{page}/documents/{document}")

    def document(self, batch: BatchFolder) -> str:
        """Return the id of a document."""
        with open_register(batch.register) as register:
            return next(iter(register.documents())).registration.id

    def bags(self, batch: BatchFolder) -> Iterator[str]:
        """Verify a damaged bag; plan its destruction too early; timestamp, list and encrypt it in vain."""
        page = f"/archive/{batch.path.name}"
        self.officer.post(f"{page}/bags")
        assert ended(batch.archiving) == 0
        bag = batch.bags[0]
        wish = {"approver": self.second_id(), "witness": "王五", "reason": "期满"}
        self.officer.post(f"{page}/bags/bag-01/destruction", wish)
        child = Child(batch.path / "acts" / "bag-01", "plan", batch.path)
        ended(child)
        yield f"{page}/bags/bag-01"
        self.officer.post(f"{page}/bags/bag-01/seal", files=[("recipients", ("to.pem", b"none"))])
        yield from self.fail(Child(child.folder, "seal", batch.path), f"{page}/bags/bag-01")
        with next((bag / "data" / "documents").rglob("*.pdf")).open("ab") as file:
            file.write(b"% more")
        (bag / "data" / "foreign.txt").write_text("hello")
        (bag / "tagmanifest-sha256.txt.p7s").write_bytes(b"no signature")
        self.officer.post(f"{page}/verify", {"bag": "bag-01"})
        yield from self.fail(batch.bag_check, page)
        self.officer.post(f"{page}/bags/bag-01/stamp")
        yield from self.fail(Child(child.folder, "stamp", batch.path), f"{page}/bags/bag-01")

    def second_id(self) -> str:
        """Return the id of the other officer."""
        user = self.archive.web.office.users.find_name("second")
        assert user is not None
        return user.id

    def registers(self, batch: BatchFolder) -> Iterator[str]:
        """Verify a register that was changed."""
        page = f"/archive/{batch.path.name}"
        self.spoil(batch.register, "UPDATE events SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 2")
        self.officer.post(f"{page}/register")
        yield from self.fail(batch.register_check, page)

    def deliveries(self) -> Iterator[str]:
        """Open what is not sealed, with a wrong PIN."""
        answer = self.officer.post("/archive/received", files=[("files", ("bag.p7m", b"no envelope"))])
        there = answer.headers["location"]
        found = Deliveries(self.home).all()[0]
        self.officer.post(f"{there}/open", {"credential": RECIPIENT, "pin": "wrong"})
        yield from self.fail(found.opening, there)

    def ledgers(self) -> Iterator[str]:
        """Import what is no list, enter what does not fit; verify what was changed."""
        ledger = self.home.ledger
        self.officer.post("/ledger")
        assert ended(child_of(ledger, "new")) == 0
        self.officer.post("/ledger/import", files=[("workbook", ("list.csv", "甲,乙\n1,2\n".encode()))])
        yield from self.fail(child_of(ledger, "import"), "/ledger")
        self.officer.post("/ledger/acts/add", {"kind": "return", "item": "A-1", "giver": "张三"})
        yield from self.fail(child_of(ledger, "act-add"), "/ledger/acts")
        self.officer.post("/ledger/acts/draw", {"count": "3", "of": "items"})
        ended(child_of(ledger, "act-draw"))
        self.spoil(ledger, "UPDATE events SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 1")
        self.officer.post("/ledger/verify")
        yield from self.fail(child_of(ledger, "verify"), "/ledger")


def reading(archive: ArchiveOffice, language: str) -> Visit:
    """Visit as an officer whose browser asks for a language."""
    visit = archive.web.visit(Role.OFFICER)
    visit.session.headers["Accept-Language"] = language
    return visit


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveOffice]:
    """Serve an office that keeps bags."""
    with archive_office(tmp_path_factory.mktemp("office")) as office:
        yield office


def test_a_failure_that_somebody_began_in_english_is_told_in_chinese(archive: ArchiveOffice) -> None:
    """Every command of the pages fails for an officer who reads English; another one reads Chinese."""
    mishaps, chinese = Mishaps(archive, "en"), reading(archive, "zh")
    batch = archive.make_batch()
    found: dict[str, list[str]] = {}
    steps = (mishaps.rosters(), mishaps.rows(batch), mishaps.bags(batch), mishaps.deliveries())
    for step in (*steps, mishaps.ledgers(), mishaps.registers(batch)):
        for page in step:
            answer = chinese.get(page)
            assert answer.status_code == 200, page
            told = visible_text(answer.text)
            if wrong := [*english_sentences(told), *_COMMAND.findall(told)]:
                found[page] = wrong
    assert found == {}
