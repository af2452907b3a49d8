"""The rows of a roster as far as counting needs them, kept in a nameless file: read once, told twice."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator

from agreegen.messages import message
from agreegen.model.complaint import Complaint, Location
from agreegen.model.row_key import RowKey
from agreegen.rosters.row import RosterRow


class RowSpool:
    """Takes rows as they come and gives them again, without cells and values."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")  # noqa: SIM115 - closed with this object

    def close(self) -> None:
        """Forget the rows."""
        self._file.close()

    def add(self, row: RosterRow) -> None:
        """Keep a row."""
        key = (
            None if row.key is None else (row.key.field, row.key.value, row.key.identifying, row.key.printed)
        )
        self._file.write(json.dumps((row.number, key, row.subject, row.failed, row.doubled)) + "\n")

    def rows(self) -> Iterator[RosterRow]:
        """Give the rows again, in their order."""
        self._file.flush()
        self._file.seek(0)
        for line in self._file:
            number, key, subject, failed, doubled = json.loads(line)
            yield RosterRow(
                number=number,
                cells=(),
                values={},
                complaints=(Complaint(Location(row=number), message("batch.told-before")),) if failed else (),
                key=None if key is None else RowKey(*key),
                subject=subject,
                doubled=doubled,
            )
