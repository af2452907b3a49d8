"""The bags of a job: every finished document that is in no bag yet, so many to a bag."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from agreegen.archive.create import create_bag
from agreegen.archive.interface import BagRequest
from agreegen.batch.interface import Job
from agreegen.batch.job.timestamp_services import timestamp_servers
from agreegen.batch.running.finished_bags import adopt_bags
from agreegen.files import clear_abandoned
from agreegen.recording.recorder import Recorder
from agreegen.register.store import Register
from agreegen.signing.interface import Credential, Trust


def archive_documents(
    job: Job, recorder: Recorder, credential: Credential, trust: Trust, now: datetime
) -> Iterator[Path]:
    """Adopt bags that a killed run left, write those that are due, and yield each when the register knows it.

    Raises:
        ArchiveError: A bag cannot be written.
        SigningError: A bag cannot be signed or timestamped.
    """
    archive = job.archive
    assert archive is not None
    clear_abandoned(archive.bags)  # half a bag holds ID numbers, and no other bag may be due here
    yield from adopt_bags(job, recorder, credential, now)
    while paths := tuple(islice(_ready(job, recorder.register), archive.documents_per_bag)):
        bag = _next_bag(archive.bags, job.form.id)
        request = BagRequest(
            source=job.output,
            bag=bag,
            credential=credential,
            now=now,
            trust=trust,
            tsa=timestamp_servers(job),
            omit_ids=archive.omit_ids,
            documents=paths,
            forms_folder=job.forms_folder,
            retention=archive.retention,
        )
        create_bag(request, recorder=recorder)
        yield bag


def _ready(job: Job, register: Register) -> Iterator[str]:
    """Yield the documents that are in no bag as they are now: by certificate or on paper, or plain ones."""
    for row in register.documents():
        finished = row.in_force and not row.pending and (row.fulfilled or not job.signatures)
        if finished and row.bag is None:
            yield row.registration.path


def _next_bag(folder: Path, form_id: str) -> Path:
    number = 1
    while (bag := folder / f"{form_id}-{number:04d}").exists():
        number += 1
    return bag
