"""The hash of each payload file of a bag in the making, kept on the disk: there may be very many."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Self

_CACHE_KIB = 2048


class PayloadHashes(Mapping[str, str]):
    """Payload path → lower-case hex SHA-256, in a temporary file; sorted by code points, as a manifest is."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._connection.execute("CREATE TABLE hashes (path TEXT PRIMARY KEY, sha256 BLOB) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._connection.close()

    def add(self, path: str, sha256: str) -> None:
        """Note the hash of one more file.

        Raises:
            OSError: The disk is full.
        """
        row = path, bytes.fromhex(sha256)
        try:
            self._connection.execute("INSERT OR REPLACE INTO hashes VALUES (?, ?)", row)
        except sqlite3.OperationalError as exc:
            raise OSError(str(exc)) from exc

    def below(self, folder: str) -> Iterator[str]:
        """Yield the paths in a folder, which ends with a slash, and below it."""
        statement = "SELECT path FROM hashes WHERE path >= ? AND path < ? ORDER BY path"
        for (path,) in self._connection.execute(statement, (folder, f"{folder[:-1]}0")):
            yield path

    def __getitem__(self, path: str) -> str:
        found = self._connection.execute("SELECT sha256 FROM hashes WHERE path = ?", (path,)).fetchone()
        if found is None:
            raise KeyError(path)
        digest: bytes = found[0]
        return digest.hex()

    def __iter__(self) -> Iterator[str]:
        for (path,) in self._connection.execute("SELECT path FROM hashes ORDER BY path"):
            yield path

    def __len__(self) -> int:
        (count,) = self._connection.execute("SELECT count(*) FROM hashes").fetchone()
        return int(count)
