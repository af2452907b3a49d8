"""Which document a row makes, also where the secret that told people apart was lost with the register."""

from __future__ import annotations

from dataclasses import replace

from agreegen.batch.interface import Job
from agreegen.model.document import Document
from agreegen.register.interface import DocumentRow
from agreegen.register.store import Register


def under_known_id(job: Job, register: Register, current: DocumentRow | None, document: Document) -> Document:
    """Return a row's document under the id of the one in force, if a rebuilt register has it under another.

    Where only an ID number tells people apart, it enters ids through the register's secret. A rebuilt
    register has a new secret, and documents keep their ids: the same words for the same person are the same.

    Args:
        job: The job.
        register: The register.
        current: The document in force for the row, if any.
        document: The document that the row makes now.
    """
    if current is None or current.registration.id == document.id or not register.is_rebuilt():
        return document
    # Rebuilt registers are rare, and reading files takes long to load.
    from agreegen.recording.own_documents import read_own  # noqa: PLC0415 - see above

    path = job.output / current.registration.path
    own = read_own(path.read_bytes()).document if path.is_file() else None
    if own is None or own.id != current.registration.id:
        return document
    again = replace(document, id=own.id, engine=own.engine)
    return again if again.to_json() == own.to_json() else document
