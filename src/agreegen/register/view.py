"""What a register shows, now or as it was at an earlier time."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.chain.event_facts import NOT_OURS, read_facts
from agreegen.chain.hashing import format_time
from agreegen.chain.schema import EVENT_COLUMNS, execute_script
from agreegen.chain.view import ChainView
from agreegen.errors import RegisterError
from agreegen.messages import message
from agreegen.register.columns import COLUMNS, SCAN_COLUMNS, Cell, row_from_values
from agreegen.register.interface import ENDED, DocumentRow, DocumentState, Event, EventKind, ScanFile
from agreegen.register.migrations import (
    DERIVED_TABLES,
    REGISTER,
    compute_derived,
    event_from_row,
)

_SELECT = f"SELECT {COLUMNS} FROM documents"  # noqa: S608  # constants only
_EVENTS = f"SELECT {EVENT_COLUMNS} FROM events"  # noqa: S608  # constants only
_RETURNED = """SELECT DISTINCT document FROM events
WHERE document <> '' AND (kind = ? OR details LIKE '%"received_by":%')"""
_ALL_OF_REGISTER = "SELECT details FROM events WHERE document = '' AND kind = ? ORDER BY seq"


class RegisterView(ChainView):
    """The documents, scans, events and heads of a register, to be looked up and streamed.

    Args:
        path: The register's file, for messages.
        connection: Where documents and scans stand.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, connection, REGISTER)
        self._derived = connection

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        if self._derived is not self.connection:
            self._derived.close()
        super().close()

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Show the register within as it is now, whatever others write: many looks then take one lock."""
        with self.wrapped():
            self.connection.execute("BEGIN")
        try:
            yield
        finally:
            with self.wrapped():
                self.connection.rollback()

    def show_at(self, moment: datetime) -> None:
        """Show documents and scans from now on as they were at a time, computed from the chain.

        Raises:
            RegisterError: The events do not make documents.
        """
        derived = sqlite3.connect("", isolation_level=None)  # a temporary file that SQLite removes
        with self.wrapped():
            execute_script(derived, DERIVED_TABLES)
            derived.execute("BEGIN")
            compute_derived(self.connection, derived, format_time(moment))
            derived.execute("COMMIT")
        self._derived = derived

    def document(self, document_id: str) -> DocumentRow | None:
        """Return a document by its id, or None."""
        return next(self._select(f"{_SELECT} WHERE id = ?", document_id), None)

    def document_by_path(self, path: str) -> DocumentRow | None:
        """Return the document whose file has this path below the register's folder, or None."""
        return next(self._select(f"{_SELECT} WHERE path = ?", path), None)

    def state_of_path(self, path: str) -> DocumentState | None:
        """Return the state of the document whose file has this path below the register's folder, or None.

        Raises:
            RegisterError: It is none that a register knows.
        """
        with self.wrapped():
            row = self._derived.execute("SELECT id, state FROM documents WHERE path = ?", (path,)).fetchone()
        try:
            return None if row is None else DocumentState(row[1])
        except ValueError as exc:
            raise self._damaged(row[0]) from exc

    def returned_documents(self) -> frozenset[str]:
        """Return the ids of documents whose files were not made here alone: they came back, or were found."""
        with self.wrapped():
            rows = self.connection.execute(_RETURNED, (EventKind.ADOPTED.value,))
            return frozenset(str(document) for (document,) in rows)

    def documents_of(self, row_key: str) -> list[DocumentRow]:
        """Return all documents of a roster row, replaced ones among them."""
        return list(self._select(f"{_SELECT} WHERE row_key = ? ORDER BY id", row_key))

    def documents_by_staff_no(self, staff_no: str) -> list[DocumentRow]:
        """Return all documents of a staff number, replaced ones among them."""
        return list(self._select(f"{_SELECT} WHERE staff_no = ? ORDER BY id", staff_no))

    def current(self, row_key: str) -> DocumentRow | None:
        """Return the document in force for a roster row, or None."""
        with self.wrapped():
            rows = self._derived.execute(f"{_SELECT} WHERE row_key = ? ORDER BY id", (row_key,)).fetchall()
        return next((document for document in map(self._decode, rows) if document.in_force), None)

    def documents(
        self, *, state: DocumentState | None = None, by_path: bool = False
    ) -> Iterator[DocumentRow]:
        """Stream the documents, all or those of one state.

        Args:
            state: Only those in this state.
            by_path: In the order of their files, which is that of their numbers: for people. Ids, the usual
                order, look drawn by lot.
        """
        order = "path, id" if by_path else "id"
        if state is None:
            return self._select(f"{_SELECT} ORDER BY {order}")
        return self._select(f"{_SELECT} WHERE state = ? ORDER BY {order}", state.value)

    def paths_in(self, folder: str) -> set[str]:
        """Return the paths of all documents directly or deeper in a folder below the register's own."""
        with self.wrapped():
            rows = self._derived.execute(
                "SELECT path FROM documents WHERE path >= ? AND path < ?", (f"{folder}/", f"{folder}0")
            )
            return {str(path) for (path,) in rows}

    def document_count(self) -> int:
        """Return the number of documents ever registered."""
        with self.wrapped():
            return int(self._derived.execute("SELECT count(*) FROM documents").fetchone()[0])

    def state_counts(self) -> dict[str, int]:
        """Count the documents by state."""
        with self.wrapped():
            return dict(
                self._derived.execute("SELECT state, count(*) FROM documents GROUP BY state ORDER BY state")
            )

    def pending_count(self) -> int:
        """Count the documents in force that wait for a timestamp."""
        with self.wrapped():
            statement = "SELECT count(*) FROM documents WHERE pending AND state NOT IN (?, ?, ?)"
            return int(self._derived.execute(statement, sorted(ENDED)).fetchone()[0])

    def releases_in_force(self, form_id: str) -> frozenset[tuple[str, str]]:
        """Return version and template's SHA-256 of each release of a form that documents in force have."""
        with self.wrapped():
            rows = self._derived.execute(
                "SELECT DISTINCT form_version, template_sha256 FROM documents"
                " WHERE form = ? AND superseded_by IS NULL",
                (form_id,),
            )
            return frozenset((str(version), str(template)) for version, template in rows)

    def knows_bag(self, name: str) -> bool:
        """Whether any document was ever recorded as lying in a bag of that name."""
        where = "kind = ? AND json_extract(details, '$.bag') = ?"
        statement = f"SELECT 1 FROM events WHERE {where} ORDER BY seq DESC LIMIT 1"  # noqa: S608  # constants only
        with self.wrapped():
            row = self.connection.execute(statement, (EventKind.ARCHIVED.value, name)).fetchone()
        return row is not None

    def scans(
        self, *, document_id: str | None = None, retracted_too: bool = False
    ) -> Iterator[tuple[str, ScanFile]]:
        """Stream document id and scan of every record that stands, all or those of one document."""
        where, values = ("", ()) if document_id is None else (" AND document = ?", (document_id,))
        yield from self._scans(f"{'TRUE' if retracted_too else 'retracted = 0'}{where}", *values)

    def scan_owner(self, sha256: str) -> str | None:
        """Return the id of the document that a scan file of this hash belongs to, or None."""
        return next((owner for owner, _ in self._scans("retracted = 0 AND sha256 = ?", sha256)), None)

    def source_page_owner(self, source_sha256: str, source_page: int) -> str | None:
        """Return the id of the document that a page of a scanned file was accepted for, or None."""
        where = "retracted = 0 AND source_sha256 = ? AND source_page <= ? AND source_page + pages > ?"
        found = self._scans(where, source_sha256, source_page, source_page)
        return next((owner for owner, _ in found), None)

    def events(self, document_id: str | None = None, *, after: int = 0) -> Iterator[Event]:
        """Stream the events in chain order, all or those of one document; only those behind a number."""
        where, values = ("", (after,)) if document_id is None else (" AND document = ?", (after, document_id))
        for row in self._rows(f"{_EVENTS} WHERE seq > ?{where} ORDER BY seq", values):
            with self.decoded():
                event = event_from_row(row)
            yield event

    def job_file(self) -> Path | None:
        """Return the job file that last wrote here, or None where an earlier version did not keep it.

        It is looked for beside the register as it was at that time, so that both may move, then where it was.
        """
        facts = self.last_facts(EventKind.RUN.value) or {}
        if not isinstance(facts.get("job"), str):
            return None
        beside = self.path.resolve().parent / str(facts["job"])
        return beside if beside.is_file() else Path(str(facts.get("job_path", beside)))

    def mended_rows(self) -> Iterator[Mapping[str, Any]]:
        """Yield what the register remembers of rows mended apart from their roster, oldest first."""
        for (details,) in self._rows(_ALL_OF_REGISTER, (EventKind.MENDED.value,)):
            with self.decoded():
                facts = read_facts(details)
            yield facts

    def _rows(self, statement: str, values: tuple[Cell, ...]) -> Iterator[tuple[Any, ...]]:
        with self.wrapped():
            yield from self.connection.execute(statement, values)

    def is_rebuilt(self) -> bool:
        """Whether the register was rebuilt from documents after the first one was lost."""
        return self.last_facts(EventKind.REBUILT.value) is not None

    def _scans(self, where: str, *values: Cell) -> Iterator[tuple[str, ScanFile]]:
        statement = f"SELECT {SCAN_COLUMNS} FROM scans WHERE {where} ORDER BY event, number"  # noqa: S608  # constants only
        with self.wrapped():
            for row in self._derived.execute(statement, values):
                yield str(row[2]), ScanFile(*row[3:8])

    def _select(self, statement: str, *values: str) -> Iterator[DocumentRow]:
        with self.wrapped():
            for row in self._derived.execute(statement, values):
                yield self._decode(row)

    def _decode(self, row: tuple[Cell, ...]) -> DocumentRow:
        try:
            return row_from_values(row)
        except NOT_OURS as exc:
            raise self._damaged(row[0]) from exc

    def _damaged(self, document_id: object) -> RegisterError:
        return RegisterError(
            message("register.document-damaged", path=self.path, row=document_id),
            hint=message("register.run-register-verify"),
        )
