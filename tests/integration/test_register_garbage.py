"""Whatever somebody writes into a register, each command ends with its word about it, and ends."""

from __future__ import annotations

import pytest

from agreegen.batch.interface import Job
from agreegen.cli.main import run as agreegen
from tests.integration.outsider_support import Outsider, is_found

_DEEP = "[" * 100_000
_GARBAGE = [
    ("meta", "key", "key = 'secret'", "x"),
    ("meta", "key", "key = 'register'", "x"),
    ("meta", "value", "key = 'secret'", "no hex"),
    ("meta", "value", "key = 'created'", "never"),
    ("meta", "value", "key = 'tip-count'", "many"),
    ("events", "details", "kind = 'signer'", "1"),
    ("events", "details", "kind = 'signer'", _DEEP),
    ("events", "details", "kind = 'signer'", '{"accepted": "zz"}'),
    ("events", "details", "kind = 'run'", "[]"),
    ("events", "details", "kind = 'run'", '{"job": "\\u0000"}'),
    ("events", "details", "kind = 'rendered'", _DEEP),
    ("events", "details", "kind = 'rendered'", '{"registration": 1}'),
    ("events", "details", "kind = 'verified'", '{"size": 1e400}'),
    ("events", "details", "kind = 'paper'", '{"scans": [1]}'),
    ("events", "at", "kind = 'verified'", "9999-12-31T23:59:59.999999Z"),
    ("events", "at", "kind = 'head'", "0001-01-01T00:00:00Z"),
    ("events", "kind", "kind = 'verified'", "spelled"),
    ("documents", "fulfilled", "TRUE", _DEEP),
    ("documents", "fulfilled", "TRUE", '{"unit": 1}'),
    ("documents", "printed_at", "TRUE", "9999-12-31T23:59:59.999999Z"),
    ("heads", "signature", "TRUE", b""),
]


@pytest.mark.parametrize(("table", "column", "where", "value"), _GARBAGE)
def test_no_value_breaks_a_command_down(
    job: Job, table: str, column: str, where: str, value: str | bytes
) -> None:
    outsider = Outsider(job)
    outsider.run(f"UPDATE {table} SET {column} = ? WHERE {where}", value)
    if table == "events":
        outsider.rechain()
    outsider.close()
    assert is_found(job)
    register = ["--register", str(job.register_file)]
    scan = str(job.path.parent / "scan.png")
    output = str(job.path.parent / "register.xlsx")
    assert agreegen(["register", "add-paper", *register, "--staff-no", "T002", "--scan", scan]) == 7
    assert agreegen(["register", "list", *register]) in {0, 7}
    assert agreegen(["register", "export", *register, "-o", output]) in {0, 7}
    assert agreegen(["register", "coverage", "--job", str(job.path)]) in {0, 1, 7}
    assert agreegen(["batch", "status", str(job.path)]) in {0, 1, 7, 8}


def test_a_view_without_an_end_ends(job: Job) -> None:
    """Somebody's view in the place of a table is never read, nor is anything behind it."""
    outsider = Outsider(job)
    outsider.run("ALTER TABLE events RENAME TO events_of_old")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    outsider.run(f"CREATE VIEW events AS SELECT e.* FROM events_of_old AS e, ({endless})")
    outsider.close()
    assert is_found(job)
    assert agreegen(["register", "list", "--register", str(job.register_file)]) == 7
