"""Documents for people who sign on paper: merged by unit, in the order of the roster."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pikepdf

from agreegen.batch.interface import Job
from agreegen.batch.plan import conditions_for
from agreegen.batch.sheets import A4_PT, draw_sheet
from agreegen.errors import InputError
from agreegen.files import replacing, sha256_of
from agreegen.model.document import build_document, encode_value
from agreegen.model.form import RoleKind
from agreegen.register.interface import DocumentRow
from agreegen.register.store import Register
from agreegen.rosters.roster import open_roster
from agreegen.rosters.row import RosterRow

_NO_UNIT = "（未填单位）"


@dataclass(frozen=True, slots=True)
class PrintSettings:
    """What is printed, and how.

    Attributes:
        everything: Also documents that their person has signed already, electronically or on paper.
        duplex: Add a blank page where a document ends on a front side, for printers that print both sides.
        separators: Put a sheet with the unit's name and the number of its documents before each unit.
        units: Only these units, as the roster names them; empty for all.
    """

    everything: bool = False
    duplex: bool = False
    separators: bool = True
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintedDocument:
    """A document in the merged file.

    Attributes:
        id: Document id, as `register add-paper --document` takes it.
        staff_no: Staff number, if any.
        name: The person's name.
        unit: The person's unit.
        page: Its first page, from 1.
    """

    id: str
    staff_no: str | None
    name: str
    unit: str
    page: int


@dataclass(frozen=True, slots=True)
class Printed:
    """What was merged.

    Attributes:
        documents: In the order of the pages.
        pages: Number of pages.
        signed_already: Rows left out because their person has signed.
        skipped: Reason why a row is not in the file, by row number.
    """

    documents: tuple[PrintedDocument, ...]
    pages: int
    signed_already: int = 0
    skipped: dict[int, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `batch print --json`."""
        keys = ("id", "staff_no", "name", "unit", "page")
        return {
            "documents": [{key: getattr(document, key) for key in keys} for document in self.documents],
            "pages": self.pages,
            "signed_already": self.signed_already,
            "skipped": [{"row": row, "reason": reason} for row, reason in self.skipped.items()],
        }


@dataclass(slots=True)
class _Choice:
    """Which documents are wanted, by unit; only what the merging needs, so that long rosters fit."""

    units: dict[str, list[DocumentRow]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    signed_already: int = 0
    skipped: dict[int, str] = field(default_factory=dict)


def print_documents(job: Job, output: Path, settings: PrintSettings | None = None) -> Printed:
    """Merge the documents of a job into one PDF for a printer.

    The documents are those that the register has in force for the rows of the roster as it is now. Units
    stand in the order in which the roster first names them, people in the order of its rows; the outline
    leads to each. Signature fields are flattened to what they show: the result is for paper and carries no
    signature.

    Args:
        job: The job; `batch run` has made its documents.
        output: The merged PDF, written whole or not at all, readable by its owner only.
        settings: What is printed, and how.

    Raises:
        InputError: There is no register yet, or no document to print.
        RegisterError: The register cannot be read.
    """
    settings = settings or PrintSettings()
    if not job.register_file.is_file():
        raise InputError(f"{job.output} holds no documents yet", hint=f"first: agreegen batch run {job.path}")
    with Register.open(job.register_file, read_only=True) as register:
        choice = _choose(job, register, settings)
    if not choice.units:
        raise InputError(
            f"{job.path}: there is nothing to print ({choice.signed_already} have signed already, "
            f"{len(choice.skipped)} rows have no document)",
            hint=f"agreegen batch run {job.path} makes what is missing; --all prints what is signed, too",
        )
    with replacing(output, mode=0o600) as temporary, pikepdf.new() as merged:
        printed = _merge(job, choice, settings, merged)
        if not printed:
            raise InputError(
                f"{job.output}: none of the files is as the register knows it",
                hint=f"see: agreegen register verify --register {job.register_file}",
            )
        merged.save(temporary, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        pages = len(merged.pages)
    return Printed(tuple(printed), pages, choice.signed_already, choice.skipped)


def _choose(job: Job, register: Register, settings: PrintSettings) -> _Choice:
    choice = _Choice()
    source = job.roster
    roster = open_roster(
        source.file, job.form, sheet=source.sheet, columns=source.columns, defaults=job.defaults
    )
    for row in roster.rows():
        unit = row.values.get("unit")
        name = _NO_UNIT if unit is None else str(encode_value(unit))
        if settings.units and name not in settings.units:
            continue
        if row.failed:
            choice.skipped[row.number] = row.reason
            continue
        assert row.key is not None  # a row that nothing tells apart has failed
        current = register.current(register.row_key(row.key))
        if current is None:
            choice.skipped[row.number] = "it has no document yet"
        elif current.registration.id != _document_id(job, register, row):
            choice.skipped[row.number] = "the row was changed after its document was made"
        elif not settings.everything and _has_signed(job, current):
            choice.signed_already += 1
        else:
            choice.units.setdefault(name, []).append(current)
            choice.rows[current.registration.id] = row.number
    return choice


def _document_id(job: Job, register: Register, row: RosterRow) -> str:
    return build_document(
        job.form,
        row.values,
        conditions=conditions_for(job, row.values),
        register_secret=register.secret,
        aliases=job.aliases,
    ).id


def _has_signed(job: Job, document: DocumentRow) -> bool:
    """Whether nobody has to sign by hand any more: on paper already, or every person's role is signed."""
    persons = [role.id for role in job.form.roles if role.kind is RoleKind.SIGNATURE]
    return bool(persons) and not document.open_roles(persons)


def _merge(job: Job, choice: _Choice, settings: PrintSettings, merged: pikepdf.Pdf) -> list[PrintedDocument]:
    printed: list[PrintedDocument] = []
    with merged.open_outline() as outline:
        for unit, rows in choice.units.items():
            sources = list(_sources(job, rows, choice))
            if not sources:
                continue
            place = len(merged.pages)
            if settings.separators:
                _append(merged, draw_sheet(job.form.title_zh, unit, len(sources)), duplex=settings.duplex)
            entry = pikepdf.OutlineItem(f"{unit} ({len(sources)})", place)
            entry.is_closed = True
            outline.root.append(entry)
            for row, path in sources:
                known = row.registration
                page = len(merged.pages)
                _append(merged, path.read_bytes(), duplex=settings.duplex)
                entry.children.append(
                    pikepdf.OutlineItem(f"{known.staff_no or ''} {known.name}".strip(), page)
                )
                printed.append(PrintedDocument(known.id, known.staff_no, known.name, unit, page + 1))
    return printed


def _sources(job: Job, rows: list[DocumentRow], choice: _Choice) -> Iterator[tuple[DocumentRow, Path]]:
    """Give the files that are as the register knows them; a changed or lost one is never printed."""
    for row in rows:
        path = job.output / row.registration.path
        if not path.is_file():
            choice.skipped[choice.rows[row.registration.id]] = "its file is not there"
        elif sha256_of(path.read_bytes()) != row.sha256:
            choice.skipped[choice.rows[row.registration.id]] = "its file is not the one that was registered"
        else:
            yield row, path


def _append(merged: pikepdf.Pdf, data: bytes, *, duplex: bool) -> None:
    with pikepdf.open(io.BytesIO(data)) as source:
        source.flatten_annotations("print")
        for page in source.pages:
            for name in ("/StructParents", "/Tabs", "/Annots"):
                if name in page.obj:
                    del page.obj[name]
        merged.pages.extend(source.pages)
    if duplex and len(merged.pages) % 2:
        merged.add_blank_page(page_size=A4_PT)
