"""The timestamp services of a job, and how often its workers may ask them."""

from __future__ import annotations

from dataclasses import replace

from agreegen.batch.interface import Job
from agreegen.messages import Message
from agreegen.signing.interface import TimestampServer
from agreegen.signing.services.timestamp_files import load_tsa


def timestamp_servers(job: Job, workers: int = 1) -> tuple[TimestampServer, ...]:
    """Return the job's timestamp services, each worker with its share of the allowed rate."""
    limit = job.timestamp_requests_per_minute
    share = None if limit is None else max(1, limit // workers)
    return tuple(_limited(load_tsa(name), share) for name in job.tsa)


def timestamp_warnings(job: Job) -> list[Message]:
    """Return what deserves a look about the files that describe the job's timestamp services."""
    return [warning for name in job.tsa for warning in load_tsa(name).warnings]


def _limited(server: TimestampServer, share: int | None) -> TimestampServer:
    limits = [limit for limit in (server.requests_per_minute, share) if limit is not None]
    return replace(server, requests_per_minute=min(limits, default=None))
