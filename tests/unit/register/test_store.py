"""Recording, looking up, and the errors of a register that cannot be used."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sqlite3
import time
from pathlib import Path

import pytest

from agreegen.chain.lock import lock_folder
from agreegen.errors import RegisterError
from agreegen.model.row_key import RowKey
from agreegen.register.interface import DocumentState, EventDraft, EventKind, How
from agreegen.register.store import Register
from tests.unit.register.conftest import NOW, made, on_paper, registration


def test_documents_follow_from_their_events(filled: Register) -> None:
    document = filled.current("staff:S0003")
    assert document is not None
    assert document.state is DocumentState.VERIFIED
    assert document.fulfilled["unit"].how is How.CERTIFICATE
    assert dict(document.hashes) == {"rendered": "11" * 32, "signed:unit": document.sha256}
    assert document.registration == registration(3)
    assert filled.document_by_path("documents/00001/S0003.pdf") == document
    assert filled.event_count == 17
    assert [event.kind for event in filled.events(document.registration.id)] == [
        "rendered",
        "signed",
        "verified",
    ]


def test_file_is_for_its_owner_only(filled: Register) -> None:
    assert filled.path.stat().st_mode & 0o777 == 0o600
    for side in filled.path.parent.glob("register.db-*"):
        assert side.stat().st_mode & 0o777 == 0o600


def test_it_opens_again_as_it_was(filled: Register) -> None:
    filled.close()
    with Register.open(filled.path) as again:
        assert (again.id, again.secret, again.event_count) == (filled.id, filled.secret, filled.event_count)
        again.record_many(made(9), now=NOW)
        assert again.document_count() == 6


def test_superseding_keeps_the_old_document_and_names_the_new_one(filled: Register) -> None:
    old, new = registration(1), registration(77)
    filled.record_many(
        [
            EventDraft(EventKind.SUPERSEDED, old.id, details={"by": new.id, "path": "superseded/S0001.pdf"}),
            *made(77),
        ],
        now=NOW,
    )
    document = filled.document(old.id)
    assert document is not None
    assert (document.state, document.superseded_by) == (DocumentState.REPLACED, new.id)
    assert document.registration.path == "superseded/S0001.pdf"
    assert filled.current("staff:S0001") is None


def test_a_batch_with_a_bad_event_records_nothing(filled: Register) -> None:
    unknown = EventDraft(EventKind.SIGNED, "0" * 32, "unit", "22" * 32)
    with pytest.raises(RegisterError, match="never registered"):
        filled.record_many([*made(8), unknown], now=NOW)
    assert filled.event_count == 17
    assert filled.document(registration(8).id) is None
    filled.record_many(made(8), now=NOW)


def test_life_and_roles_are_told_apart(filled: Register) -> None:
    """Three signed on paper, then a bag: today's one state forgot the first for the second."""
    known = registration(2).id
    filled.record(EventDraft(EventKind.PRINTED, known), now=NOW)
    filled.record(on_paper(2).to_draft(), now=NOW)
    filled.record(EventDraft(EventKind.ARCHIVED, known, details={"bag": "bag-1"}), now=NOW)
    document = filled.document(known)
    assert document is not None
    assert (document.state, document.bag) == (DocumentState.ARCHIVED, "bag-1")
    assert {role: each.how for role, each in document.fulfilled.items()} == {
        "unit": How.CERTIFICATE,
        "pledger": How.PAPER,
    }
    assert document.fulfilled["pledger"].by == "王主任"
    assert document.open_roles(["unit", "pledger"]) == ()


def test_what_changes_after_a_bag_is_due_for_another(filled: Register) -> None:
    known = registration(2).id
    filled.record(EventDraft(EventKind.ARCHIVED, known, details={"bag": "bag-1"}), now=NOW)
    filled.record(on_paper(2).to_draft(), now=NOW)
    document = filled.document(known)
    assert document is not None
    assert (document.state, document.bag) == (DocumentState.ARCHIVED, None)


def test_a_retraction_opens_the_role_again_and_keeps_both(filled: Register) -> None:
    known = registration(2).id
    filled.record(on_paper(2).to_draft(), now=NOW)
    [(_, scan)] = list(filled.scans())
    taken = filled.event_count
    facts = {"event": taken, "reason": "the wrong sheet", "by": "王主任"}
    filled.record(EventDraft(EventKind.RETRACTED, known, details=facts), now=NOW)
    document = filled.document(known)
    assert document is not None
    assert document.open_roles(["pledger"]) == ("pledger",)
    assert list(filled.scans()) == []
    assert filled.scan_owner(scan.sha256) is None
    kinds = [event.kind for event in filled.events(known)]
    assert kinds[-2:] == [EventKind.PAPER, EventKind.RETRACTED]


def test_id_numbers_are_not_guessable_from_row_keys(filled: Register, tmp_path: Path) -> None:
    key = RowKey("id_number", "11010519491231002X", identifying=True)
    with Register.open(tmp_path / "other.db", create=True, now=NOW) as other:
        one = filled.row_key(key)
        two = other.row_key(key)
    assert one != two
    assert "1101" not in one


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a database at all, but long enough to be read as one" * 40,
        b"SQLite format 3\0" + b"\0" * 84,
    ],
)
def test_what_is_no_register_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "register.db"
    path.write_bytes(content)
    with pytest.raises(RegisterError):
        Register.open(path)


def test_a_missing_register_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="there is no register"):
        Register.open(tmp_path / "register.db")


def test_a_newer_schema_is_refused(filled: Register) -> None:
    filled.connection.execute("PRAGMA user_version = 99")
    filled.close()
    with pytest.raises(RegisterError, match="schema 99"):
        Register.open(filled.path)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN UPDATE documents SET name = 'x'; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE INDEX i ON events (kind)",
        "DROP INDEX events_document",
        "ALTER TABLE documents ADD COLUMN more TEXT",
    ],
)
def test_tables_and_triggers_of_others_are_refused(filled: Register, statement: str) -> None:
    filled.close()
    with contextlib.closing(sqlite3.connect(filled.path)) as connection, connection:
        connection.execute(statement)
    for read_only in (False, True):
        with pytest.raises(RegisterError, match="not those of a register"):
            Register.open(filled.path, read_only=read_only)


def test_a_second_writer_is_told_so(filled: Register) -> None:
    with Register.open(filled.path) as second:
        second.record_many(made(20), now=NOW)
    with pytest.raises(RegisterError, match="written by another process"):
        filled.record_many(made(21), now=NOW)


def test_a_locked_register_says_so(filled: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(filled.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    filled.connection.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(RegisterError, match="locked"):
        filled.record_many(made(20), now=NOW)
    other.close()


def test_reading_leaves_no_files_behind(filled: Register) -> None:
    filled.close()
    with Register.open(filled.path, read_only=True) as register:
        assert register.document_count() == 5
        with pytest.raises(RegisterError):
            register.record_many(made(20), now=NOW)
    assert [path.name for path in filled.path.parent.glob("register*")] == ["register.db"]


def _hold(
    folder: Path, ready: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event
) -> None:
    with lock_folder(folder):
        ready.set()
        done.wait(30)


def test_two_runs_on_one_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path, ready, done))
    process.start()
    try:
        assert ready.wait(30)
        with pytest.raises(RegisterError, match="another run"), lock_folder(tmp_path):
            pass
    finally:
        done.set()
        process.join(30)
    with lock_folder(tmp_path):
        pass
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # the lock leaves no file


def test_twenty_thousand_events_a_second(tmp_path: Path) -> None:
    """The goal is 20,000 a second on a quiet machine; this holds a third of it on a busy one."""
    drafts = [draft for number in range(2000) for draft in made(number)]
    with Register.open(tmp_path / "register.db", create=True, now=NOW) as register:
        started = time.process_time()
        for start in range(0, len(drafts), 1500):
            register.record_many(drafts[start : start + 1500], now=NOW)
        seconds = time.process_time() - started
    assert len(drafts) / seconds > 7_000


def test_a_document_may_come_back_into_force(filled: Register) -> None:
    old = registration(1)
    filled.record(EventDraft(EventKind.SUPERSEDED, old.id, details={"by": "f" * 32}), now=NOW)
    again = EventDraft(
        EventKind.RENDERED, old.id, sha256="55" * 32, details={"path": "documents/00002/S0001.pdf"}
    )
    filled.record(again, now=NOW)
    document = filled.current("staff:S0001")
    assert document is not None
    assert (document.state, document.superseded_by) == (DocumentState.MADE, None)
    assert dict(document.hashes) == {"rendered": "55" * 32}


def test_paths_of_one_folder(filled: Register) -> None:
    assert len(filled.paths_in("documents/00001")) == 5
    assert filled.paths_in("documents/0000") == set()
