"""How much room on the disk a job needs, measured on one of its own documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.errors import AgreegenError
from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.model.report import PadesLevel
from agreegen.pipeline.making import DocumentMaker
from agreegen.pipeline.seams import NO_SEAMS, Seams

_UNMEASURED_BYTES = 250_000
"""Of a document where none can be made yet; a page with a large subset of a Chinese font."""

_BLOCK_BYTES = 4_096
_REGISTER_BYTES = 4_096
_PARAMETERS_BYTES = 8_192
"""Parameters and report of one document in a bag."""

_SIGNATURE_BYTES = {
    PadesLevel.B_B: 14_000,
    PadesLevel.B_T: 26_000,
    PadesLevel.B_LT: 60_000,
    PadesLevel.B_LTA: 90_000,
}


def document_bytes(
    job: Job, maker: DocumentMaker | None, sample: Document | None, seams: Seams = NO_SEAMS
) -> int:
    """Return how many bytes one signed document of a job takes, from one that is made and thrown away.

    Args:
        job: The job, for its signatures and their levels.
        maker: Makes the sample; None where nobody can.
        sample: A document with long values.
        seams: The seals over the edges of its pages.
    """
    try:
        made = _UNMEASURED_BYTES if maker is None or sample is None else len(maker.make(sample, seams).pdf)
    except AgreegenError:
        made = _UNMEASURED_BYTES  # why it cannot be made is told elsewhere
    signatures = sum(_SIGNATURE_BYTES.get(signature.level, 0) for signature in job.signatures)
    return -(-(made + signatures) // _BLOCK_BYTES) * _BLOCK_BYTES


def lacking_room(job: Job, rows: int, registered: int, each: int) -> Iterator[tuple[Path, Message]]:
    """Yield each folder on whose disk the documents and bags of a job do not fit, and what is lacking.

    Args:
        job: The job.
        rows: Rows of the roster.
        registered: Documents that are there already.
        each: Bytes of one document.
    """
    needs = {job.output: max(0, rows - registered) * (each + _REGISTER_BYTES)}
    if job.archive is not None:
        needs[job.archive.bags] = rows * (each + _PARAMETERS_BYTES)
    by_disk: dict[int, tuple[Path, int]] = {}
    for folder, needed in needs.items():
        disk = nearest(folder).stat().st_dev
        first, before = by_disk.get(disk, (folder, 0))
        by_disk[disk] = (first, before + needed)
    for folder, needed in by_disk.values():
        free = shutil.disk_usage(nearest(folder)).free
        if free < needed:
            yield folder, message("batch.mib-free-some-mib-needed", free=free >> 20, needed=needed >> 20)


def nearest(path: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
