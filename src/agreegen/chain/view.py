"""What the file of a chain shows of the chain itself: its id, its signed heads, who signs the next one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from agreegen.chain.event_facts import NOT_OURS, read_facts
from agreegen.chain.file import read_meta, wrapped
from agreegen.chain.schema import TIP_COUNT, ChainKind
from agreegen.chain.signed_heads import SIGNER_EVENT, Head, Notice, SignerIdentity
from agreegen.errors import RegisterError
from agreegen.messages import message

_LAST_FACTS = (
    "SELECT details FROM events WHERE document = '' AND kind = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
)
_ALL_FACTS = "SELECT details FROM events WHERE document = '' AND kind = ? ORDER BY seq DESC"
_NO_END = 1 << 62


class ChainView:
    """An open chain, to be looked at.

    Args:
        path: Its file, for messages.
        connection: The open file.
        kind: What the chain is of.

    Attributes:
        meta: The facts that the genesis commits to, and the stored end of the chain.

    Raises:
        ValueError: It is not such a chain.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, kind: ChainKind) -> None:
        self.path = path
        self.connection = connection
        self.kind = kind
        self.meta = read_meta(connection, kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self.connection.close()

    def wrapped(self) -> contextlib.AbstractContextManager[None]:
        """Turn what SQLite and the disk say within into one clear error."""
        return wrapped(self.path, self.kind)

    @contextlib.contextmanager
    def decoded(self) -> Iterator[None]:
        """Turn what SQLite and the disk say within, and values that are not ours, into one clear error."""
        try:
            with self.wrapped():
                yield
        except NOT_OURS as exc:
            raise RegisterError(
                message("chain.holds-what-no-command-writes", path=self.path, exc=exc),
                hint=message("chain.restore-from-copy-agreegen-verify-says", name=self.kind.name),
            ) from exc

    @property
    def id(self) -> str:
        """The chain's own random id."""
        return self.meta[self.kind.name]

    @property
    def event_count(self) -> int:
        """Number of events."""
        return int(self.meta[TIP_COUNT])

    def hash_at(self, count: int) -> bytes | None:
        """Return the hash of the event of a number, or None where there is none."""
        with self.wrapped():
            row = self.connection.execute("SELECT hash FROM events WHERE seq = ?", (count,)).fetchone()
        return None if row is None else bytes(row[0])

    def knows_any(self, *kinds: str) -> bool:
        """Whether any event is of one of these kinds."""
        marks = ",".join("?" * len(kinds))
        statement = f"SELECT 1 FROM events WHERE kind IN ({marks}) LIMIT 1"  # noqa: S608  # marks only
        with self.wrapped():
            return self.connection.execute(statement, kinds).fetchone() is not None

    def heads(self) -> Iterator[Head]:
        """Stream the signed heads, oldest first."""
        return self._heads("ASC")

    def last_head(self) -> Head | None:
        """Return the newest signed head, or None."""
        return next(self._heads("DESC LIMIT 1"), None)

    def signer(self) -> SignerIdentity | None:
        """Return who signs the next head, as an event under a signed head names them, or None."""
        last = self.last_head()
        return None if last is None else self._signer_before(last.count)

    def signer_of_last_head(self) -> SignerIdentity | None:
        """Return who must have signed the last head: whom the head before it names, else the first named."""
        heads = list(self._heads("DESC LIMIT 2"))
        named = [each for head in heads[::-1] if (each := self._signer_before(head.count)) is not None]
        return named[0] if named else None

    def notice_of(self, certificate_sha256: str) -> Notice | None:
        """Return what the last event that names this certificate as the signer says of its heads, or None."""
        with self.decoded():
            for (details,) in self.connection.execute(_ALL_FACTS, (SIGNER_EVENT,)):
                facts = read_facts(details)
                if SignerIdentity.from_dict(facts).certificate_sha256 == certificate_sha256:
                    return Notice.from_dict(facts)
        return None

    def last_facts(self, kind: str, until: int | None = None) -> dict[str, object] | None:
        """Return the details of the last event of a kind that concerns the chain itself, or None.

        Args:
            kind: The kind.
            until: Only events up to this number count.
        """
        values = (kind, _NO_END if until is None else until)
        with self.decoded():
            row = self.connection.execute(_LAST_FACTS, values).fetchone()
            return None if row is None else read_facts(row[0])

    def _signer_before(self, count: int) -> SignerIdentity | None:
        facts = self.last_facts(SIGNER_EVENT, count)
        return None if facts is None else SignerIdentity.from_dict(facts)

    def _heads(self, order: str) -> Iterator[Head]:
        statement = f"SELECT count, hash, signer, signature FROM heads ORDER BY seq {order}"  # noqa: S608  # constants only
        with self.wrapped():
            for count, digest, signer, signature in self.connection.execute(statement):
                yield Head(self.id, count, digest, signer, signature, self.kind.name)
