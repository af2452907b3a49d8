"""The bags of a job: every finished document that is in no bag yet, so many to a bag."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from agreegen.archive.create import BagRequest, create_bag, record_archived
from agreegen.batch.interface import Job
from agreegen.batch.timestamping import timestamp_servers
from agreegen.register.interface import DocumentState
from agreegen.register.store import Register
from agreegen.signing.interface import Credential, Trust

_READY = (DocumentState.SIGNED, DocumentState.RENDERED, DocumentState.PAPER)


def archive_documents(
    job: Job, register: Register, credential: Credential, trust: Trust, now: datetime
) -> Iterator[Path]:
    """Write the bags that are due and yield each one when the register knows of it.

    Raises:
        ArchiveError: A bag cannot be written.
        SigningError: A bag cannot be signed or timestamped.
    """
    archive = job.archive
    assert archive is not None
    while paths := tuple(islice(_ready(job, register), archive.documents_per_bag)):
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
        )
        summary = create_bag(request, register=register)
        record_archived(register, summary, request)
        yield bag


def _ready(job: Job, register: Register) -> Iterator[str]:
    wanted = _READY if not job.signatures else (DocumentState.SIGNED,)
    for state in wanted:
        for row in register.documents(state=state.value):
            if row.bag is None:
                yield row.registration.path


def _next_bag(folder: Path, form_id: str) -> Path:
    number = 1
    while (bag := folder / f"{form_id}-{number:04d}").exists():
        number += 1
    return bag
