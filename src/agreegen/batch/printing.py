"""Documents merged for the printer: by unit, in the order of the roster, for people who sign on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pikepdf

from agreegen.batch.interface import Job
from agreegen.batch.places import plain_name
from agreegen.errors import InputError
from agreegen.files import replacing
from agreegen.register.store import Register
from agreegen.rosters.roster import open_roster

__all__ = ["print_job"]

_DOCUMENTS_PER_FILE = 500
_NO_UNIT = "no-unit"


def print_job(job: Job, folder: Path) -> list[Path]:
    """Merge the documents of a job into files for the printer.

    Each file holds at most 500 documents of one unit. Merged pages are paper copies without signatures; the
    documents themselves are not touched.

    Args:
        job: The job; its register says where the documents are.
        folder: Where the files go.

    Returns:
        The files, in the order in which their units first appear in the roster.

    Raises:
        InputError: No row of the roster has a document, or one cannot be read.
        RegisterError: There is no register.
    """
    units = _paths_by_unit(job)
    if not units:
        raise InputError(f"{job.output} holds no document for this roster", hint="run the job first")
    written: list[Path] = []
    for unit, paths in units.items():
        name = plain_name(unit) or _NO_UNIT
        for number, part in enumerate(_parts(paths), 1):
            target = folder / f"{len(written) + 1:04d}-{name}-{number}.pdf"
            _merge(part, target)
            written.append(target)
    return written


def _paths_by_unit(job: Job) -> dict[str, list[Path]]:
    source = job.roster
    roster = open_roster(
        source.file, job.form, sheet=source.sheet, columns=source.columns, defaults=job.defaults
    )
    units: dict[str, list[Path]] = {}
    with Register.open(job.register_file, read_only=True) as register:
        for row in roster.rows():
            if row.key is None:
                continue
            key = register.row_key(staff_no=row.staff_no, id_number=row.id_number)
            document = register.current(key)
            if document is not None:
                known = document.registration
                units.setdefault(known.unit or "", []).append(job.output / known.path)
    return units


def _parts(paths: Iterable[Path]) -> Iterator[list[Path]]:
    stream = iter(paths)
    while part := list(islice(stream, _DOCUMENTS_PER_FILE)):
        yield part


def _merge(paths: list[Path], target: Path) -> None:
    with pikepdf.new() as merged:
        for path in paths:
            try:
                with pikepdf.open(path) as document:
                    if "/AcroForm" in document.Root:
                        del document.Root.AcroForm
                    for page in document.pages:
                        if "/Annots" in page:
                            del page["/Annots"]
                    merged.pages.extend(document.pages)
            except (OSError, pikepdf.PdfError) as exc:
                raise InputError(f"{path} cannot be read for printing", hint="run register verify") from exc
        with replacing(target) as temporary:
            merged.save(temporary)
