"""The coverage page of everybody: 27,000 people, as a census of a province has."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from agreegen.demo.run import invented_roster
from agreegen.register.interface import EventDraft
from agreegen.register.store import Register
from agreegen.web.office import Office
from agreegen.web.store.users import Role
from agreegen.web.work.batch_folder import BatchFolder
from tests.integration.test_web_batches import wait
from tests.unit.register.conftest import NOW, SEAL, made
from tests.web_office import serving

PEOPLE, MADE = 27_000, 9_000
MOST_S = 1.0


def everybody(home: Path) -> str:
    """Put a batch of everybody into a home folder, a third of it made; return its id."""
    office = Office.open(home)
    batch = office.batches.add("全员", "personal-pledge", "people.csv", "officer", now=NOW)
    folder = BatchFolder.of(office.home, batch)
    folder.output.mkdir(parents=True)
    (folder.path / "people.csv").write_text(invented_roster(PEOPLE), encoding="utf-8-sig")
    folder.write_job(office.home, office.settings, batch.form, "people.csv", {"pledge_date": "2026-11-28"})
    with Register.open(folder.register, create=True, now=NOW) as register:
        register.record_many(drafts(), now=NOW, signer=SEAL)
    return batch.id


def drafts() -> Iterable[EventDraft]:
    """Give what the register records of the documents that are made."""
    return (draft for number in range(MADE) for draft in made(number))


@pytest.mark.timeout(900)
def test_the_page_of_everybody_takes_less_than_a_second(tmp_path: Path) -> None:
    """Once they are counted, which is done behind the page; each part of it that can be asked for."""
    batch = everybody(tmp_path / "home")
    with serving(tmp_path / "home") as web:
        visit = web.visit(Role.READER)
        page = f"/coverage?batch={batch}"
        assert visit.get(page).status_code == 200, "it answers while they are counted"
        wait(lambda: f"{PEOPLE}" in visit.get(page).text.replace(",", ""), 600)
        for query in ("", "&state=all", "&q=DEMO0026", "&state=made"):
            taken = []
            for _ in range(3):
                started = time.perf_counter()
                assert visit.get(page + query).status_code == 200
                taken.append(time.perf_counter() - started)
            assert statistics.median(taken) < MOST_S, query
