"""The audit's chain: whatever is changed, taken away or put in shows."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.chain.hashing import link_hash
from agreegen.web.security.audit_key import AuditKey
from agreegen.web.store.audit import Act, Audit
from agreegen.web.store.database import Database

NOW = datetime(2026, 5, 10, 8, 0, tzinfo=UTC)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Note five acts."""
    chain = Audit(Database(tmp_path / "office.db"), now=NOW)
    for number in range(5):
        chain.record(Act("wang", "10.0.0.7", "login", f"act {number}"), now=NOW)
    return chain


TAMPERINGS = {
    "UPDATE audit SET who = 'li' WHERE number = 3": 3,
    "UPDATE audit SET result = 'refused' WHERE number = 5": 5,
    "DELETE FROM audit WHERE number = 2": 2,
    "UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 1) WHERE number = 4": 4,
    "UPDATE facts SET value = '2020-01-01T00:00:00Z' WHERE name = 'audit-created'": 1,
}


@pytest.mark.parametrize("statement", TAMPERINGS)
def test_what_is_changed_shows_at_its_number(audit: Audit, tmp_path: Path, statement: str) -> None:
    """Also the facts that the first link builds on."""
    assert audit.check().broken_at is None
    with sqlite3.connect(tmp_path / "office.db") as connection:
        connection.execute(statement)
    again = Audit(Database(tmp_path / "office.db"), now=NOW)
    assert again.check().broken_at == TAMPERINGS[statement]


def test_a_tail_that_was_cut_off_shows_against_a_signed_head(audit: Audit, tmp_path: Path) -> None:
    """Without a head nobody could tell."""
    key = AuditKey.of_home(tmp_path)
    head = audit.sign_head(key, now=NOW)
    assert head is not None
    assert head.head.count == 5
    assert audit.sign_head(key, now=NOW) is None  # nothing new
    with sqlite3.connect(tmp_path / "office.db") as connection:
        connection.execute("DELETE FROM audit WHERE number > 3")
    assert audit.check().broken_at == 5


def test_a_head_is_the_keys_own_and_openssl_agrees(audit: Audit, tmp_path: Path) -> None:
    """The public key is enough to check a head elsewhere."""
    key = AuditKey.of_home(tmp_path)
    assert (tmp_path / "audit-key.pem").stat().st_mode & 0o777 == 0o600
    signed = audit.sign_head(key, now=NOW)
    assert signed is not None
    head = signed.head
    assert key.has_signed(head.message, head.signature)
    assert not key.has_signed(head.message + b"x", head.signature)
    assert AuditKey.of_home(tmp_path).identity == key.identity
    for name, data in (("public.pem", key.public_pem), ("head.sig", head.signature), ("head", head.message)):
        (tmp_path / name).write_bytes(data)
    command = "openssl dgst -sha256 -verify public.pem -signature head.sig head"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    assert b"Verified OK" in done.stdout


def test_the_hash_is_what_the_documentation_says(audit: Audit) -> None:
    """SHA-256 of the hash before and the compact JSON array of the other values."""
    second, first = list(audit.entries())[-2:][0], list(audit.entries())[-1]
    act = second.act
    row = (second.number, second.at, act.who, act.address, act.act, act.subject, act.result)
    assert link_hash(bytes.fromhex(first.hash), row).hex() == second.hash
    assert json.loads(json.dumps(row))[0] == 2
