"""What was done in the office: who, when, from where, what, on what, and what came of it, on a hash chain."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from agreegen.chain.hashing import format_time, genesis_hash, link_hash
from agreegen.chain.signed_heads import Head, HeadSigner
from agreegen.web.store.database import Database

KIND = "audit"
COMMAND_LINE = "command line"
"""Stands for the address of who did something at the machine itself."""
_SECRET_BYTES = 32
_COLUMNS = "number, at, who, address, act, subject, result"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody did.

    Attributes:
        who: Name of the account; empty for nobody.
        address: Where the request came from.
        act: What was done, as a code.
        subject: To what, e.g. a batch or an account; no personal ID number.
        result: What came of it, as a code, e.g. `done` or `refused`.
    """

    who: str
    address: str
    act: str
    subject: str = ""
    result: str = "done"


@dataclass(frozen=True, slots=True)
class Entry:
    """An act on the chain.

    Attributes:
        number: From 1.
        at: When, ISO 8601 UTC.
        act: What.
        hash: Lower-case hex SHA-256 of the link.
    """

    number: int
    at: str
    act: Act
    hash: str


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed head as it is stored.

    Attributes:
        at: When it was signed, ISO 8601 UTC.
        head: The head.
    """

    at: str
    head: Head


@dataclass(frozen=True, slots=True)
class ChainState:
    """What re-reading the whole chain found.

    Attributes:
        entries: Number of links.
        broken_at: Number of the first link that does not fit, or of the head that names another hash; None
            where all fit.
        heads: Signed heads, oldest first.
    """

    entries: int
    broken_at: int | None
    heads: tuple[SignedHead, ...]


class Audit:
    """The audit of an office: it only grows."""

    def __init__(self, database: Database, *, now: datetime) -> None:
        self._database = database
        with database.writing() as connection:
            fresh = {"audit-created": format_time(now), "audit-secret": secrets.token_hex(_SECRET_BYTES)}
            connection.executemany("INSERT OR IGNORE INTO facts (name, value) VALUES (?, ?)", fresh.items())
            rows = connection.execute("SELECT name, value FROM facts WHERE name LIKE 'audit-%'")
            facts = {row["name"].removeprefix("audit-"): row["value"] for row in rows}
        self._genesis = genesis_hash(KIND, facts)

    @property
    def chain_id(self) -> str:
        """What tells this chain from every other: its genesis hash."""
        return self._genesis.hex()

    def record(self, act: Act, *, now: datetime) -> None:
        """Put an act behind the last one, durably."""
        with self._database.writing() as connection:
            self.put(connection, act, now=now)

    def put(self, connection: sqlite3.Connection, act: Act, *, now: datetime) -> None:
        """Put an act behind the last one, together with what else the caller is writing."""
        number, tip = self._tip(connection)
        row = (number + 1, format_time(now), act.who, act.address, act.act, act.subject, act.result)
        connection.execute(
            f"INSERT INTO audit ({_COLUMNS}, hash) VALUES (?,?,?,?,?,?,?,?)",  # noqa: S608 - constants only
            (*row, link_hash(tip, row).hex()),
        )

    def _tip(self, connection: sqlite3.Connection) -> tuple[int, bytes]:
        last = connection.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
        return (0, self._genesis) if last is None else (last["number"], bytes.fromhex(last["hash"]))

    def entries(self, *, most: int | None = None, before: int | None = None) -> Iterator[Entry]:
        """Yield the entries, newest first.

        Args:
            most: So many at most.
            before: Only those with a smaller number.
        """
        with self._database.reading() as connection:
            query = f"SELECT {_COLUMNS}, hash FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608
            limits = (before if before is not None else 1 << 62, -1 if most is None else most)
            for row in connection.execute(query, limits):
                yield _entry(row)

    def sign_head(self, signer: HeadSigner, *, now: datetime) -> SignedHead | None:
        """Sign the end of the chain, unless the last head signed it already."""
        with self._database.writing() as connection:
            number, tip = self._tip(connection)
            last = connection.execute("SELECT max(count) AS count FROM audit_heads").fetchone()
            if number == 0 or last["count"] == number:
                return None
            unsigned = Head(self.chain_id, number, tip, signer.name, kind=KIND)
            signature = signer.sign(unsigned.message)
            connection.execute(
                "INSERT INTO audit_heads (count, at, hash, signer, signature) VALUES (?,?,?,?,?)",
                (number, format_time(now), tip.hex(), signer.name, signature.hex()),
            )
        head = Head(self.chain_id, number, tip, signer.name, signature, KIND)
        return SignedHead(format_time(now), head)

    def heads(self) -> tuple[SignedHead, ...]:
        """Return the signed heads, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM audit_heads ORDER BY count").fetchall()
        return tuple(
            SignedHead(
                row["at"],
                Head(
                    self.chain_id,
                    row["count"],
                    bytes.fromhex(row["hash"]),
                    row["signer"],
                    bytes.fromhex(row["signature"]),
                    KIND,
                ),
            )
            for row in rows
        )

    def check(self) -> ChainState:
        """Compute every link again and compare the heads; their signatures are the caller's to check."""
        heads = self.heads()
        expected = {signed.head.count: signed.head.hash for signed in heads}
        tip, count = self._genesis, 0
        with self._database.reading() as connection:
            for row in connection.execute(f"SELECT {_COLUMNS}, hash FROM audit ORDER BY number"):  # noqa: S608
                tip = link_hash(tip, tuple(row)[:-1])
                count += 1
                if row["number"] != count or row["hash"] != tip.hex() or expected.get(count, tip) != tip:
                    return ChainState(count, count, heads)
        missing = max(expected, default=0)
        return ChainState(count, missing if missing > count else None, heads)


def _entry(row: sqlite3.Row) -> Entry:
    act = Act(row["who"], row["address"], row["act"], row["subject"], row["result"])
    return Entry(row["number"], row["at"], act, row["hash"])
