"""What travels between a coordinator and its workers: settings out, outcomes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agreegen.batch.interface import Job, RowResult
from agreegen.batch.making.remote_key import RemoteKey
from agreegen.conversion.interface import EngineChoice
from agreegen.errors import AgreegenError
from agreegen.messages import Message
from agreegen.register.interface import EventDraft
from agreegen.signing.certificate_paths import KnownPaths
from agreegen.signing.interface import Trust


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker is told at its start.

    Attributes:
        job: The job.
        trust: Anchors and revocation lists.
        engine: Who lays out the page.
        remote_keys: Keys that stay with the coordinator, by index into `Job.signatures`.
        workers: Number of workers that share the limit of timestamp requests.
        paths: Certification paths that the coordinator found valid.
        copy_back: Whether the worker has no output folder and hands the finished files back.
    """

    job: Job
    trust: Trust
    engine: EngineChoice
    remote_keys: Mapping[int, RemoteKey]
    workers: int = 1
    paths: KnownPaths = ()
    copy_back: bool = False


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What became of one task.

    Attributes:
        row: Number of the row.
        document_id: The document's id.
        result: What became of it.
        path: Its file below the output folder.
        events: What the register has to record.
        reason: Why it failed.
        warning: What a person should look at.
        pending: Whether a timestamp is still missing.
    """

    row: int
    document_id: str
    result: RowResult
    path: str
    events: tuple[EventDraft, ...] = ()
    reason: Message | None = None
    warning: Message | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class ChunkOutcome:
    """What became of a chunk.

    Attributes:
        outcomes: Of every task that was dealt with, in order.
        fatal: What makes going on pointless: a credential, the disk, a missing program.
        notes: What a person should know about the whole run.
    """

    outcomes: tuple[TaskOutcome, ...]
    fatal: AgreegenError | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What has been made of one task: the end of the chain of drafts, and what a cluster's worker hands back.

    Attributes:
        data: The finished file; empty where nothing is to be written.
        result: What became of it.
        events: What the register has to record.
        reason: Why it failed, or why the file goes to the quarantine folder.
        quarantined: Whether the finished file is not what it must be.
        changed: Whether the file differs from what is on the disk.
        pending: Whether a timestamp is still missing.
        warning: What a person should look at.
        aside: Why the file that stands in its place must not stay there.
    """

    data: bytes
    result: RowResult
    events: tuple[EventDraft, ...] = ()
    reason: Message | None = None
    quarantined: bool = False
    changed: bool = True
    pending: bool = False
    warning: Message | None = None
    aside: Message | None = None


@dataclass(frozen=True, slots=True)
class ChunkDelivery:
    """A chunk whose files the coordinator has still to write.

    Attributes:
        items: By the number of the task in the chunk; tasks that were not dealt with are not in it.
        fatal: As in `ChunkOutcome`.
        notes: As in `ChunkOutcome`.
    """

    items: Mapping[int, Delivery]
    fatal: AgreegenError | None = None
    notes: tuple[Message, ...] = ()
