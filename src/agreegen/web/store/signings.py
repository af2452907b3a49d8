"""Acts of signing on a device: who may sign what until when, and how far it has come.

A token has 256 random bits; only its SHA-256 is stored. It is bound to one document, to the bytes of
its file, and to the first visitor who opens it.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agreegen.chain.hashing import format_time, parse_time
from agreegen.web.store.database import Database

MOST_TRIES = 3
_TOKEN_BYTES, _ID_BYTES = 32, 8
_MOST_RECENT = 60
_INSERT = (
    "INSERT INTO signings (id, token, batch, document, sha256, role, name, occasion, witness, issued,"
    " expires, stage) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)


class Stage(StrEnum):
    """How far an act has come."""

    ISSUED = "issued"
    OPENED = "opened"
    CONSENTED = "consented"
    PREPARED = "prepared"
    SIGNED = "signed"
    LOCKED = "locked"
    CANCELLED = "cancelled"


_OPEN = (Stage.ISSUED, Stage.OPENED, Stage.CONSENTED, Stage.PREPARED)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be signed.

    Attributes:
        batch: Id of the batch.
        document: Id of the document.
        sha256: SHA-256 of its file.
        role: The role.
        name: Whose signature it is, for the office's list.
    """

    batch: str
    document: str
    sha256: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Signing:
    """One act of signing.

    Attributes:
        id: Random; the name of its folder, too.
        subject: What is to be signed.
        occasion: `desk` or `link`.
        witness: Who stands beside; None for nobody.
        issued: When it was begun, aware UTC.
        expires: Until when it may be signed.
        stage: How far it has come.
        tries: Failed checks of who it is.
        visitor: SHA-256 of the cookie of whom it belongs to; None before somebody opened it.
        opened: When.
        consented: When.
        signed: When.
        trouble: What went wrong last, as a code; empty where nothing did.
    """

    id: str
    subject: Subject
    occasion: str
    witness: str | None
    issued: datetime
    expires: datetime
    stage: Stage
    tries: int
    visitor: str | None
    opened: datetime | None
    consented: datetime | None
    signed: datetime | None
    trouble: str

    def belongs_to(self, cookie: str) -> bool:
        """Say whether it was opened with a cookie."""
        return self.visitor is not None and secrets.compare_digest(self.visitor, _stored(cookie))

    def is_open(self, now: datetime) -> bool:
        """Say whether it may still be signed."""
        return self.stage in _OPEN and now < self.expires


class Signings:
    """The acts of signing of an office."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(
        self, subject: Subject, occasion: str, witness: str | None, *, now: datetime, expires: datetime
    ) -> tuple[Signing, str]:
        """Begin an act and return it with its token; open ones for the same document end."""
        token, number = secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_hex(_ID_BYTES)
        with self._database.writing() as connection:
            _end_open(connection, subject.document)
            values = (
                *(number, _stored(token), subject.batch, subject.document, subject.sha256, subject.role),
                *(subject.name, occasion, witness, format_time(now), format_time(expires)),
                Stage.ISSUED.value,
            )
            connection.execute(_INSERT, values)
            row = connection.execute("SELECT * FROM signings WHERE id = ?", (number,)).fetchone()
        return _signing(row), token

    def find(self, token: str) -> Signing | None:
        """Return the act of a token."""
        return self._one("token", _stored(token))

    def by_id(self, signing_id: str) -> Signing | None:
        """Return the act of an id."""
        return self._one("id", signing_id)

    def _one(self, column: str, value: str) -> Signing | None:
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT * FROM signings WHERE {column} = ?", (value,)).fetchone()  # noqa: S608 - a column of ours
        return None if row is None else _signing(row)

    def recent(self) -> tuple[Signing, ...]:
        """Return the newest acts."""
        query = "SELECT * FROM signings ORDER BY issued DESC, rowid DESC LIMIT ?"
        with self._database.reading() as connection:
            return tuple(map(_signing, connection.execute(query, (_MOST_RECENT,))))

    def open(self, signing_id: str, cookie: str, *, now: datetime) -> bool:
        """Give an act to the first visitor who opens it; return whether it is this one."""
        values = {"visitor": _stored(cookie), "opened": format_time(now)}
        return self._move(signing_id, (Stage.ISSUED,), Stage.OPENED, values)

    def consent(self, signing_id: str, *, now: datetime) -> bool:
        """Note that the person agreed; return whether it was time for that."""
        return self._move(signing_id, (Stage.OPENED,), Stage.CONSENTED, {"consented": format_time(now)})

    def prepare(self, signing_id: str) -> bool:
        """Note that the document waits for the device; return whether it may."""
        return self._move(signing_id, (Stage.CONSENTED, Stage.PREPARED), Stage.PREPARED, {})

    def sign(self, signing_id: str, *, now: datetime) -> bool:
        """Note that it is signed and recorded; return whether this was the one time."""
        return self._move(signing_id, (Stage.PREPARED,), Stage.SIGNED, {"signed": format_time(now)})

    def cancel(self, signing_id: str) -> bool:
        """End an act that is still open."""
        return self._move(signing_id, _OPEN, Stage.CANCELLED, {})

    def fail(self, signing_id: str) -> bool:
        """Count a failed check of who it is; return whether it locked the act."""
        with self._database.writing() as connection:
            connection.execute("UPDATE signings SET tries = tries + 1 WHERE id = ?", (signing_id,))
            locked = connection.execute(
                "UPDATE signings SET stage = ? WHERE id = ? AND stage = ? AND tries >= ?",
                (Stage.LOCKED.value, signing_id, Stage.ISSUED.value, MOST_TRIES),
            )
            return locked.rowcount == 1

    def trouble(self, signing_id: str, code: str) -> None:
        """Note what went wrong, for the officer to see."""
        with self._database.writing() as connection:
            connection.execute("UPDATE signings SET trouble = ? WHERE id = ?", (code, signing_id))

    def is_first_drawing(self, shape: bytes, signing_id: str) -> bool:
        """Keep the SHA-256 of a drawing's points; say whether no other act has the very same ones."""
        digest = hashlib.sha256(shape).hexdigest()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO drawings (shape, signing) VALUES (?,?)", (digest, signing_id)
            )
            row = connection.execute("SELECT signing FROM drawings WHERE shape = ?", (digest,)).fetchone()
        return bool(row["signing"] == signing_id)

    def _move(self, signing_id: str, before: Iterable[Stage], after: Stage, values: dict[str, str]) -> bool:
        """Move an act to a stage if it is at one of those before: of two who try, one does it."""
        stages = [stage.value for stage in before]
        columns = "".join(f", {name} = ?" for name in values)
        places = ",".join("?" * len(stages))
        query = f"UPDATE signings SET stage = ?{columns} WHERE id = ? AND stage IN ({places})"  # noqa: S608 - ours
        with self._database.writing() as connection:
            done = connection.execute(query, (after.value, *values.values(), signing_id, *stages))
            return done.rowcount == 1


def _end_open(connection: sqlite3.Connection, document: str) -> None:
    stages = [stage.value for stage in _OPEN]
    connection.execute(
        f"UPDATE signings SET stage = ? WHERE document = ? AND stage IN ({','.join('?' * len(stages))})",  # noqa: S608 - question marks
        (Stage.CANCELLED.value, document, *stages),
    )


def _signing(row: sqlite3.Row) -> Signing:
    times = {name: parse_time(row[name]) if row[name] else None for name in ("opened", "consented", "signed")}
    return Signing(
        id=row["id"],
        subject=Subject(row["batch"], row["document"], row["sha256"], row["role"], row["name"]),
        occasion=row["occasion"],
        witness=row["witness"],
        issued=parse_time(row["issued"]),
        expires=parse_time(row["expires"]),
        stage=Stage(row["stage"]),
        tries=row["tries"],
        visitor=row["visitor"],
        trouble=row["trouble"],
        **times,
    )


def _stored(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
