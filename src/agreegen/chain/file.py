"""The file of a chain: made whole or not at all, connected with what durability needs."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from agreegen.chain.event_facts import NOT_OURS
from agreegen.chain.hashing import format_time, genesis_hash
from agreegen.chain.schema import (
    TIP_COUNT,
    TIP_HASH,
    ChainKind,
    describe_schema,
    expected_schema,
    migrate,
    schema_version,
)
from agreegen.errors import RegisterError, SpokenValueError
from agreegen.files import note_input
from agreegen.messages import message

T = TypeVar("T")
_SECRET_BYTES = 32
_META_KEYS = {"created", "secret", TIP_COUNT, TIP_HASH}
_BUSY_TIMEOUT_S = 10.0
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_MOST_NAMED = 5
_AS_IT_IS = "mode=ro&immutable=1"
_PRIMARY = 0xFF
"""The bits of an error code that tell its kind (SQLite, extended result codes)."""
_CACHE_KIB, _READING_CACHE_KIB = 64 << 10, 16 << 10
"""What writes meets its indexes again and again; what reads goes through the rows once."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Connect to the file with the settings that durability needs; read-only folders are read as they are.

    Raises:
        RegisterError: A rollback journal stands beside it.
    """
    _refuse_journal(path)
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    log = path.with_name(path.name + "-wal")
    wal = log.exists() and log.stat().st_size > 0
    mode = "mode=rw" if writable else "mode=ro" if wal else _AS_IT_IS
    try:
        return _connect(path, mode, read_only=read_only)
    except sqlite3.OperationalError as exc:
        if not read_only or wal or exc.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_IOERR:
            raise
        return _connect(path, _AS_IT_IS, read_only=True)  # a full disk has no room for SQLite's own files


def _refuse_journal(path: Path) -> None:
    """Refuse a rollback journal: ours is a write-ahead log, and SQLite obeys such a journal on opening.

    It writes its pages into the file and, by the name of a super-journal in it, removes any file of whoever
    opens the register, an inspector who was handed it among them (SQLite, "Atomic Commit", 5.5).
    """
    journal = path.with_name(path.name + "-journal")
    with contextlib.suppress(FileNotFoundError):
        if journal.lstat().st_size > 0:
            raise RegisterError(
                message("chain.journal-stands-beside", path=path, journal=journal.name),
                hint=message("chain.look-at-journal-move-away"),
            )


def _connect(path: Path, mode: str, *, read_only: bool) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA cache_size = -{_READING_CACHE_KIB if read_only else _CACHE_KIB}")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def read_meta(connection: sqlite3.Connection, kind: ChainKind) -> dict[str, str]:
    """Read the facts of a chain.

    Raises:
        ValueError: They are not those of such a chain.
    """
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    if set(meta) != _META_KEYS | {kind.name} or len(bytes.fromhex(meta["secret"])) != _SECRET_BYTES:
        raise SpokenValueError(message("chain.meta-of-another", kind=kind.word))
    return meta


def require_known(path: Path, kind: ChainKind, version: int) -> None:
    """Refuse a schema that this program does not know."""
    if not 1 <= version <= kind.version:
        raise RegisterError(
            message("chain.has-schema-program-knows-1", path=path, version=version, version2=kind.version),
            hint=message("chain.use-version-agreegen-wrote-or-newer"),
        )


def _refuse_foreign_schema(path: Path, kind: ChainKind, connection: sqlite3.Connection, version: int) -> None:
    """Refuse a file with anything but our tables: a trigger in it would fire in the middle of a run."""
    ours = set(expected_schema(kind, version))
    found = set(describe_schema(connection))
    if found != ours:
        names = tuple(sorted({name for _, name, _ in found ^ ours})[:_MOST_NAMED])
        raise RegisterError(
            message("chain.tables-indexes-or-triggers-not-those-2", path=path, name=kind.word, names=names),
            hint=message("chain.restore-from-copy-agreegen-verify-says", name=kind.name),
        )


def create_file(path: Path, kind: ChainKind, now: datetime) -> None:
    """Make an empty chain under a temporary name, so that a crash never leaves half of one."""
    meta = {
        kind.name: uuid.uuid4().hex,
        "created": format_time(now),
        "secret": secrets.token_bytes(_SECRET_BYTES).hex(),
    }
    tip = {TIP_COUNT: "0", TIP_HASH: genesis_hash(kind.name, meta).hex()}
    temporary = path.with_name(f".agreegen-{path.name}-{os.getpid()}")
    with wrapped(path, kind):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            connection = sqlite3.connect(temporary, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                migrate(connection, kind)
                connection.executemany("INSERT INTO meta (key, value) VALUES (?,?)", (meta | tip).items())
            finally:
                connection.close()
            _take_name(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    """Give the new file its name, but never that of another: two first runs may race for it."""
    try:
        os.link(temporary, path)
    except FileExistsError as exc:
        raise RegisterError(
            message("chain.another-run-made-same-moment", path=path),
            hint=message("chain.run-again-when-other-one-has"),
        ) from exc
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        if path.exists():
            raise RegisterError(
                message("chain.another-run-made-same-moment", path=path), hint=message("chain.run-again")
            ) from exc
        temporary.rename(path)


def connect_current(path: Path, kind: ChainKind, *, read_only: bool) -> sqlite3.Connection:
    """Connect, and bring an older schema up: in the file, or for reading only in a copy that nobody keeps.

    Raises:
        RegisterError: The schema is not known, or its events do not make what it shows.
    """
    connection = connect(path, read_only=read_only)
    try:
        version = schema_version(connection)
        require_known(path, kind, version)
        _refuse_foreign_schema(path, kind, connection, version)
        if version < kind.version and read_only:
            copy = sqlite3.connect("", isolation_level=None)  # a temporary file that SQLite removes
            connection.backup(copy)
            connection.close()
            connection = copy
        if version < kind.version:
            migrate(connection, kind)
    except BaseException:
        connection.close()
        raise
    return connection


def require_file(path: Path, kind: ChainKind) -> None:
    """Refuse a path where no file is.

    Raises:
        RegisterError: There is none.
    """
    if not path.is_file():
        raise RegisterError(message("chain.none", path=path, kind=kind.word), hint=kind.example)


def open_current(
    path: Path, kind: ChainKind, take: Callable[[Path, sqlite3.Connection], T], *, read_only: bool
) -> T:
    """Open a file that is there, brought up (`connect_current`), and give it to what reads it.

    Raises:
        RegisterError: There is none, it is not such a file, it is damaged, locked or from a newer version.
    """
    require_file(path, kind)
    note_input(path)
    with wrapped(path, kind):
        connection = connect_current(path, kind, read_only=read_only)
        try:
            return take(path, connection)
        except NOT_OURS as exc:
            connection.close()
            raise RegisterError(
                message("chain.not-whole", path=path, kind=kind.word), hint=message("chain.restore-from-copy")
            ) from exc
        except BaseException:
            connection.close()
            raise


@contextlib.contextmanager
def wrapped(path: Path, kind: ChainKind) -> Iterator[None]:
    """Turn what SQLite and the disk say into one clear error."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise RegisterError(
                message("chain.locked-another-program", path=path), hint=message("chain.wait-finish")
            ) from exc
        raise RegisterError(
            message("chain.cannot-used", path=path, exc=exc), hint=message("chain.check-disk-permissions")
        ) from exc
    except sqlite3.DatabaseError as exc:
        raise RegisterError(
            message("chain.not-or-damaged", path=path, name=kind.word, exc=exc),
            hint=message("chain.restore-from-copy-run-again"),
        ) from exc
    except OSError as exc:
        raise RegisterError(
            message("chain.cannot-written", path=path, exc=exc), hint=message("chain.check-disk")
        ) from exc


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells one file from another under the same name, None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
