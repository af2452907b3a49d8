"""What a run tells while it goes on, and what it counts for the end."""

from __future__ import annotations

from collections.abc import Callable

from agreegen.batch.interface import RowResult, RunEvent, RunEventKind
from agreegen.batch.making.outcomes import TaskOutcome
from agreegen.messages import Message

Tell = Callable[[RunEvent], None]

_FINISHED = frozenset(RowResult) - {RowResult.ALREADY_DONE, RowResult.FAILED, RowResult.QUARANTINED}


class RunTeller:
    """Tells what happens to whoever listens, and keeps count of it.

    Args:
        rows: Rows of the roster.
        listener: Told of every event; None where nobody listens.
    """

    def __init__(self, rows: int, listener: Tell | None) -> None:
        self._rows, self._listener = rows, listener
        self._behind = 0
        self.counts = dict.fromkeys(RowResult, 0)
        self.warnings: list[Message] = []

    @property
    def done(self) -> int:
        """Rows whose document this run made, or made anew."""
        return sum(self.counts[result] for result in _FINISHED)

    @property
    def failed(self) -> int:
        """Rows without a document that could be kept."""
        return self.counts[RowResult.FAILED] + self.counts[RowResult.QUARANTINED]

    def warn(self, text: Message) -> None:
        """Tell a warning and keep it for the report."""
        self.warnings.append(text)
        self.tell(RunEventKind.WARNING, text)

    def tell(self, kind: RunEventKind, message: Message | None = None) -> None:
        """Tell something of the run as a whole."""
        self._send(RunEvent(kind, self._rows, self._behind, message=message))

    def count(self, outcome: TaskOutcome) -> None:
        """Count a row that is dealt with, and tell of it."""
        self.counts[outcome.result] += 1
        self._behind += 1
        self._send(
            RunEvent(
                RunEventKind.ROW,
                self._rows,
                self._behind,
                outcome.row,
                outcome.result,
                outcome.document_id or None,
                outcome.path or None,
                outcome.reason,
            )
        )

    def _send(self, event: RunEvent) -> None:
        if self._listener is not None:
            self._listener(event)
