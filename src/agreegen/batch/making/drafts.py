"""A document under way as a chain of frozen values: each step gives the next one and changes none.

Task → Draft (made, or taken as it stood there) → Draft (a role signed) → … → TaskResult → laid down
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from agreegen.batch.interface import RowResult
from agreegen.batch.making.outcomes import Delivery
from agreegen.batch.planning.document_paths import QUARANTINE
from agreegen.batch.planning.planner import Task
from agreegen.files import sha256_of
from agreegen.messages import Message
from agreegen.register.interface import EventDraft, EventKind


@dataclass(frozen=True, slots=True)
class FileBytes:
    """The bytes of a file, hashed once; what is appended to them is hashed alone.

    Attributes:
        data: The file.
        sha256: Lower-case hex SHA-256.
        begun: Its first bytes and the state of SHA-256 behind them; None where nobody keeps that.
    """

    data: bytes
    sha256: str
    begun: tuple[bytes, Any] | None = None

    @classmethod
    def begin(cls, data: bytes) -> FileBytes:
        """Hash a file that will be appended to."""
        state = hashlib.sha256(data)
        return cls(data, state.hexdigest(), (data, state))

    @classmethod
    def whole(cls, data: bytes) -> FileBytes:
        """Hash a file that stood there already."""
        return cls(data, sha256_of(data))

    def grown(self, data: bytes) -> FileBytes:
        """Return the file with what was appended to it."""
        if self.begun is None or not data.startswith(self.begun[0]):
            return FileBytes.whole(data)
        state = self.begun[1].copy()
        state.update(memoryview(data)[len(self.begun[0]) :])
        return FileBytes(data, str(state.hexdigest()), self.begun)


@dataclass(frozen=True, slots=True)
class Draft:
    """What has been made of a task so far.

    Attributes:
        task: The task.
        file: The file so far.
        result: What will be said of it.
        events: What happened so far.
        roles: Roles signed in the file.
        changed: Whether the file differs from what is on the disk.
        pending: Whether a timestamp is missing.
        warning: What a person should look at.
        aside: Why the file that stands in its place must not stay there.
        plain: Whether this run made every byte, and nothing but plain signatures was added.
        unread: Whether the page may say something else than when its text was last compared.
    """

    task: Task
    file: FileBytes
    result: RowResult = RowResult.DONE
    events: tuple[EventDraft, ...] = ()
    roles: frozenset[str] = frozenset()
    changed: bool = True
    pending: bool = False
    warning: Message | None = None
    aside: Message | None = None
    plain: bool = False
    unread: bool = False

    def noting(self, *events: EventDraft) -> Draft:
        """Return the draft with further events."""
        return replace(self, events=(*self.events, *events))

    def warned(self, warning: Message | None) -> Draft:
        """Return the draft with a warning, unless it has one already."""
        return self if warning is None or self.warning is not None else replace(self, warning=warning)

    def finished(self) -> TaskResult:
        """Return what is to be laid down and registered."""
        return TaskResult(
            self.task,
            Delivery(
                data=self.file.data if self.changed else b"",
                result=self.result,
                events=self.events,
                changed=self.changed,
                pending=self.pending,
                warning=self.warning,
                aside=self.aside,
            ),
        )

    def failed(self, reason: Message) -> TaskResult:
        """Return what is said of a row that failed; nothing of it is laid down."""
        return failed(self.task, reason, warning=self.warning, aside=self.aside)

    def quarantined(self, reason: Message) -> TaskResult:
        """Return a finished file that is not what it must be."""
        return replace(self, changed=True).finished().quarantined(reason, self.file.sha256)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """A task that is dealt with: finished, failed, or to be put into quarantine.

    Attributes:
        task: The task.
        made: What has been made of it.
    """

    task: Task
    made: Delivery

    @property
    def path(self) -> str | None:
        """Where its file is to be laid down, below the output folder; None where nothing is written."""
        if self.made.quarantined:
            return _quarantine_path(self.task, sha256_of(self.made.data))
        if self.made.reason is not None or not self.made.changed:
            return None
        return self.task.registration.path

    def warned(self, warning: Message) -> TaskResult:
        """Return it with this warning."""
        return replace(self, made=replace(self.made, warning=warning))

    def quarantined(self, reason: Message, sha256: str | None = None) -> TaskResult:
        """Return it as a file that goes to the quarantine folder.

        Args:
            reason: Why it is not what it must be.
            sha256: Its hash, where that is known already.
        """
        made, document_id = self.made, self.task.document.id
        digest = sha256 or sha256_of(made.data)
        event = EventDraft(
            EventKind.QUARANTINED,
            document_id,
            sha256=digest,
            details={"path": _quarantine_path(self.task, digest)},
        )
        events = (*made.events, event)
        made = replace(made, result=RowResult.QUARANTINED, events=events, reason=reason, quarantined=True)
        return TaskResult(self.task, made)


def failed(
    task: Task, reason: Message, *, warning: Message | None = None, aside: Message | None = None
) -> TaskResult:
    """Return what is said of a task that failed."""
    made = Delivery(data=b"", result=RowResult.FAILED, reason=reason, warning=warning, aside=aside)
    return TaskResult(task, made)


def _quarantine_path(task: Task, sha256: str) -> str:
    return f"{QUARANTINE}/{task.document.id}-{sha256[:8]}.pdf"
