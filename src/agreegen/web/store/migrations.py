"""The tables of the office's database, each change by its name; what was once released is never edited."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of the tables.

    Attributes:
        name: Its name for ever.
        statements: What it does, in order.
    """

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "accounts",
        (
            "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
            """CREATE TABLE users (
                id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, display TEXT NOT NULL,
                role TEXT NOT NULL, password TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0,
                created TEXT NOT NULL, certificate TEXT UNIQUE) STRICT""",
            """CREATE TABLE sessions (
                key TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users(id), address TEXT NOT NULL,
                created TEXT NOT NULL, seen TEXT NOT NULL) STRICT""",
            """CREATE TABLE attempts (
                what TEXT NOT NULL, failures INTEGER NOT NULL, first TEXT NOT NULL, locked_until TEXT,
                PRIMARY KEY (what)) STRICT""",
        ),
    ),
    Migration(
        "audit",
        (
            """CREATE TABLE audit (
                number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL,
                act TEXT NOT NULL, subject TEXT NOT NULL, result TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
            """CREATE TABLE audit_heads (
                count INTEGER NOT NULL, at TEXT NOT NULL, hash TEXT NOT NULL, signer TEXT NOT NULL,
                signature TEXT NOT NULL) STRICT""",
        ),
    ),
    Migration(
        "batches",
        (
            """CREATE TABLE batches (
                id TEXT PRIMARY KEY, title TEXT NOT NULL, form TEXT NOT NULL, roster TEXT NOT NULL,
                created TEXT NOT NULL, by TEXT NOT NULL) STRICT""",
        ),
    ),
    Migration(
        "scan-decisions",
        (
            """CREATE TABLE scan_decisions (
                batch TEXT NOT NULL REFERENCES batches(id), source TEXT NOT NULL, page INTEGER NOT NULL,
                accepted INTEGER NOT NULL, number TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL,
                PRIMARY KEY (batch, source, page, by)) STRICT""",
        ),
    ),
    Migration(
        "agreements",
        (
            """CREATE TABLE agreements (
                id TEXT PRIMARY KEY, form TEXT NOT NULL, title TEXT NOT NULL, created TEXT NOT NULL,
                by TEXT NOT NULL) STRICT""",
        ),
    ),
    Migration(
        "signings",
        (
            """CREATE TABLE signings (
                id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, batch TEXT NOT NULL, document TEXT NOT NULL,
                sha256 TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL, occasion TEXT NOT NULL,
                witness TEXT, issued TEXT NOT NULL, expires TEXT NOT NULL, stage TEXT NOT NULL,
                tries INTEGER NOT NULL DEFAULT 0, visitor TEXT, opened TEXT, consented TEXT, signed TEXT,
                trouble TEXT NOT NULL DEFAULT '') STRICT""",
            "CREATE INDEX signings_document ON signings (document)",
            "CREATE TABLE drawings (shape TEXT PRIMARY KEY, signing TEXT NOT NULL) STRICT",
        ),
    ),
    Migration(
        "open-acts",
        (
            """CREATE TABLE open_acts (
                run TEXT PRIMARY KEY, folder TEXT NOT NULL, name TEXT NOT NULL, who TEXT NOT NULL,
                address TEXT NOT NULL, act TEXT NOT NULL, subject TEXT NOT NULL) STRICT""",
        ),
    ),
)
