"""Paths and names of documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from agreegen.batch.planning.document_paths import (
    FILES_PER_FOLDER,
    Inventory,
    PathGiver,
    fill_pattern,
    portable_name,
    superseded_path,
    take_inventory,
)
from agreegen.batch.planning.planner import conditions_for, credential_path
from agreegen.model.document import build_document
from agreegen.register.store import Register

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "people.csv").write_text("编号,姓名\n", "utf-8")
    path = tmp_path / "job.yaml"
    path.write_text(
        "form: personal-pledge\nroster: people.csv\noutput: out\nsignatures:\n"
        '  - {role: pledger, credential: "people/{staff_no}.yaml"}\n',
        "utf-8",
    )
    return read_job(path)


@pytest.fixture
def register(job: Job) -> Iterator[Register]:
    with Register.open(job.register_file, create=True, now=NOW) as opened:
        yield opened


def test_no_folder_holds_more_than_a_thousand(job: Job, register: Register) -> None:
    giver = PathGiver(job, register, Inventory(last_folder=3, files_in_last=998))
    document = build_document(job.form, {"pledger_name": "王秀英"})
    given_paths = [giver.give(document, {}, f"S{number}") for number in range(2 * FILES_PER_FOLDER)]
    folders = [path.split("/")[1] for path in given_paths]
    assert folders[:3] == ["00003", "00003", "00004"]
    assert folders.count("00004") == FILES_PER_FOLDER
    assert len(set(given_paths)) == len(given_paths)


def test_a_name_that_is_taken_gets_the_document_id(job: Job, register: Register) -> None:
    giver = PathGiver(replace(job, name="{unit}"), register, Inventory())
    values = {"pledger_name": "王秀英", "unit": "普查办"}
    document = build_document(job.form, values)
    assert giver.give(document, values, "S1") == "documents/00001/普查办.pdf"
    assert giver.give(document, values, "S2") == f"documents/00001/普查办-{document.id[:8]}.pdf"


@given(st.text(max_size=400))
def test_names_are_never_paths(text: str) -> None:
    name = portable_name(text)
    assert "/" not in name
    assert name not in {".", ".."}
    assert not name.startswith((".", "-", "~"))
    assert len(name.encode()) <= 200


def test_patterns(job: Job) -> None:
    assert fill_pattern("a-{staff_no}-{unit}", {"staff_no": "S1"}) == "a-S1-"
    assert superseded_path("documents/00002/S1.pdf", "0123456789") == "superseded/00002/S1-01234567.pdf"
    [signature] = job.signatures
    assert credential_path(signature, {"staff_no": "S1"}) == job.path.resolve().parent / "people/S1.yaml"
    for bad in ("../S1", "a/b", "..", ""):
        assert credential_path(signature, {"staff_no": bad}) is None
    assert credential_path(signature, {}) is None


def test_clauses_are_left_out_only_where_the_row_says_no(job: Job) -> None:
    asked = replace(job, omit_clauses=("state_secrets_clause",))
    assert conditions_for(asked, {"holds_state_secrets": False}) == {"state_secrets_clause": False}
    assert conditions_for(asked, {"holds_state_secrets": True}) == {"state_secrets_clause": True}
    assert conditions_for(asked, {}) == {"state_secrets_clause": True}
    assert conditions_for(job, {"holds_state_secrets": False}) == {"state_secrets_clause": True}


def test_an_inventory_finds_orphans_and_clears_leftovers(job: Job, register: Register) -> None:
    folder = job.documents_folder / "00002"
    folder.mkdir(parents=True)
    for name in ("a.pdf", "b.PDF", "notes.txt", ".agreegen-1-x.pdf"):
        (folder / name).write_bytes(b"x")
    inventory = take_inventory(job.output, register)
    assert sorted(inventory.orphans) == ["documents/00002/a.pdf", "documents/00002/b.PDF"]
    assert (inventory.last_folder, inventory.files_in_last) == (2, 2)
    assert sorted(path.name for path in folder.iterdir()) == ["a.pdf", "b.PDF", "notes.txt"]
