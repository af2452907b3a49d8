"""Accounts, sessions, locks: what is stored, and for how long it counts."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agreegen.errors import RegisterError, UsageError
from agreegen.web.accounts import add_user
from agreegen.web.office import Office
from agreegen.web.security.passwords import hash_password, matches
from agreegen.web.store.attempts import AttemptRule, Attempts
from agreegen.web.store.database import Database
from agreegen.web.store.sessions import SessionRules, Sessions

NOW = datetime(2026, 5, 10, 8, 0, tzinfo=UTC)
RULE = AttemptRule(failures=2, within=timedelta(minutes=15), locked=timedelta(minutes=10))
GOOD = "correct horse battery"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Open an office of an empty folder."""
    return Office.open(tmp_path / "home", clock=lambda: NOW)


def test_there_is_no_account_until_somebody_adds_one(office: Office) -> None:
    """No default account, no default password."""
    assert office.users.all() == ()


WEAK = ["", "short", "a" * 40, "12345123451", "officer is my name", "x" * 300]


@pytest.mark.parametrize("password", WEAK)
def test_weak_passwords_are_refused(office: Office, password: str) -> None:
    """Short, of few characters, or with the account's name in it."""
    with pytest.raises(UsageError):
        add_user(office, "officer", "", "officer", password)


UNFIT = [("", "officer"), ("a b", "officer"), ("x" * 41, "desk"), ("wang", "root")]


@pytest.mark.parametrize(("name", "role"), UNFIT)
def test_names_and_roles_are_of_their_kind(office: Office, name: str, role: str) -> None:
    """A name stands in addresses and on pages."""
    with pytest.raises(UsageError):
        add_user(office, name, "", role, GOOD)


def test_names_are_one_in_any_case_and_passwords_are_argon2id(office: Office) -> None:
    """Nobody becomes another by a capital letter."""
    user = add_user(office, "wang", "王芳", "officer", GOOD)
    with pytest.raises(UsageError):
        add_user(office, "Wang", "", "reader", GOOD)
    stored = office.users.password_hash(user.id)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert GOOD not in (office.home.database.read_bytes()).decode("latin-1")
    assert matches(GOOD, stored)
    assert not matches(f"{GOOD} ", stored)
    assert not matches("nobody's", None)
    assert hash_password(GOOD) != stored


def test_sessions_end_idle_or_old_and_their_keys_are_not_stored(office: Office) -> None:
    """Who reads the database cannot log in with it."""
    user = add_user(office, "wang", "", "officer", GOOD)
    rules = SessionRules(idle=timedelta(minutes=30), longest=timedelta(hours=12))
    sessions = Sessions(office.database, rules)
    key = sessions.begin(user.id, "10.0.0.7", now=NOW)
    assert not any(key.encode() in path.read_bytes() for path in office.home.folder.glob("office.db*"))
    moment = NOW
    while moment < NOW + rules.longest:
        assert sessions.user_of(key, now=moment) == user.id
        moment += timedelta(minutes=29)
    assert sessions.user_of(key, now=NOW + rules.longest + timedelta(minutes=1)) is None
    idle = sessions.begin(user.id, "10.0.0.7", now=NOW)
    assert sessions.user_of(idle, now=NOW + timedelta(minutes=31)) is None
    assert sessions.user_of(idle, now=NOW) is None
    assert sessions.user_of("guessed", now=NOW) is None


def test_failures_lock_and_time_or_success_frees(tmp_path: Path) -> None:
    """Two are borne, the third locks; old failures are forgotten."""
    attempts = Attempts(Database(tmp_path / "office.db"))
    assert [attempts.fail("x", RULE, now=NOW) for _ in range(3)] == [False, False, True]
    assert attempts.locked_until("x", now=NOW) == NOW + RULE.locked
    assert attempts.locked_until("x", now=NOW + RULE.locked) is None
    assert attempts.locked_until("y", now=NOW) is None
    assert not attempts.fail("x", RULE, now=NOW + timedelta(minutes=16))
    attempts.clear("x")
    assert not attempts.fail("x", RULE, now=NOW)
    attempts.forgive("x")
    assert [attempts.fail("x", RULE, now=NOW) for _ in range(3)] == [False, False, True]


def test_a_database_of_a_newer_version_or_of_something_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written to what is not understood."""
    path = tmp_path / "office.db"
    Database(path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO migrations VALUES ('of-the-future')")
    with pytest.raises(RegisterError, match="newer"):
        Database(path)
    other = tmp_path / "other.db"
    other.write_bytes(b"something else, long enough to be no database at all" * 40)
    with pytest.raises(RegisterError):
        Database(other)
