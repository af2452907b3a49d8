"""What a job says, and what a run tells while it goes on and when it ends."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from agreegen.conversion.interface import EngineChoice
from agreegen.messages import Message, in_every_language
from agreegen.model.complaint import Complaint, Severity
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.model.retention import Retention
from agreegen.pipeline.seams import NO_SEAMS, Seams
from agreegen.signing.interface import Prompt

CHUNK_ROWS = 200


class Missing(StrEnum):
    """What happens to a row whose credential file is not there."""

    FAIL = "fail"
    LEAVE_OPEN = "leave-open"


@dataclass(frozen=True, slots=True)
class RosterSource:
    """Which roster, and how its columns are named.

    Attributes:
        file: The roster.
        sheet: Sheet number from 1 or name; None for the first that fits.
        columns: Field name → header.
    """

    file: Path
    sheet: int | str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobSignature:
    """One signature that a job makes on every document.

    Attributes:
        role: The signature role.
        credential: Path of the credential file, with `{field}` where each person has their own.
        level: PAdES level.
        missing: What happens where the credential file is not there.
        reason: `/Reason` of the signature.
        location: `/Location` of the signature.
    """

    role: str
    credential: str
    level: PadesLevel
    missing: Missing = Missing.FAIL
    reason: str | None = None
    location: str | None = None

    @property
    def personal(self) -> bool:
        """Whether each row has a credential of its own."""
        return any(name is not None for _, name, _, _ in string.Formatter().parse(self.credential))


@dataclass(frozen=True, slots=True)
class JobArchive:
    """The bags that a job makes when every row is done.

    Attributes:
        bags: Folder for the bags.
        documents_per_bag: Greatest number of documents in one bag.
        credential: Who signs the bags and the heads of the register.
        omit_ids: Leave ID numbers out of the bags.
        retention: How long the bags are kept; None for what the form says.
    """

    bags: Path
    documents_per_bag: int
    credential: Path
    omit_ids: bool = False
    retention: Retention | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job file, read and checked; every path is absolute.

    Attributes:
        path: The job file.
        form: The form that every row fills.
        forms_folder: Where the form came from.
        roster: The roster.
        defaults: Field name → text for rows that do not give the field.
        output: Output folder.
        signatures: In signing order.
        tsa: Addresses of timestamp services.
        timestamp_requests_per_minute: Greatest rate of timestamp requests.
        trust: Files and folders with trust anchors and revocation lists.
        archive: The bags to make, if any.
        name: Pattern of file names; None for the staff number or the document id.
        aliases: Printed name → registered name that certificates carry.
        omit_clauses: Conditional clauses that are left out for rows whose field says no.
        relax_order: Whether roles may sign out of the form's order.
        register_credential: Who signs the heads of the register, where the job says so.
        seams: The seals that are printed over the edges of all pages of every document.
        seam_files: Where rows have seals of their own there: role → pattern of a credential file or picture,
            of the shared ones, too.
        names_release: Whether the job file names a release of the form (`ID@VERSION`).
        notes: What its user should know of how the job was read.
        sha256: Lower-case hex SHA-256 of the job file.
    """

    path: Path
    form: Form
    forms_folder: Path
    roster: RosterSource
    output: Path
    defaults: Mapping[str, str] = field(default_factory=dict)
    signatures: tuple[JobSignature, ...] = ()
    tsa: tuple[str, ...] = ()
    timestamp_requests_per_minute: int | None = None
    trust: tuple[Path, ...] = ()
    archive: JobArchive | None = None
    name: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    omit_clauses: tuple[str, ...] = ()
    relax_order: bool = False
    register_credential: Path | None = None
    seams: Seams = NO_SEAMS
    seam_files: Mapping[str, str] = field(default_factory=dict)
    names_release: bool = False
    notes: tuple[Message, ...] = ()
    sha256: str = ""

    @property
    def register_file(self) -> Path:
        """Path of the register."""
        return self.output / "register.db"

    @property
    def documents_folder(self) -> Path:
        """Folder of the finished documents."""
        return self.output / "documents"


class RunEventKind(StrEnum):
    """What a run tells."""

    STARTED = "started"
    ROW = "row"
    CHUNK = "chunk"
    WARNING = "warning"
    ARCHIVED = "archived"


class RowResult(StrEnum):
    """What became of a row."""

    DONE = "done"
    ALREADY_DONE = "already-done"
    ADOPTED = "adopted"
    SUPERSEDED = "superseded"
    COMPLETED = "completed"
    REMADE = "remade"
    FAILED = "failed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How to run a job.

    Attributes:
        roster: Another roster than the job's, e.g. `failed-rows.csv`.
        workers: Worker processes; None for one a processor, 1 for this process alone.
        limit: Greatest number of rows.
        engine: `local`, or `dask` for a cluster.
        scheduler: Address of the cluster's scheduler, `tls://host:port`.
        pages: Who lays out the pages.
        prompt: Asks for secrets that must be typed in.
        copy_back: Whether a cluster's finished files come back to be written here; None for finding out.
        replace_signed: Whether documents that their person has signed may be replaced.
        check_files: Whether every byte of each finished file is looked at.
        chunk_rows: Greatest number of rows that are signed, synced and registered together.
    """

    roster: Path | None = None
    workers: int | None = None
    limit: int | None = None
    engine: str = "local"
    scheduler: str | None = None
    pages: EngineChoice = EngineChoice.AUTO
    prompt: Prompt | None = None
    copy_back: bool | None = None
    replace_signed: bool = False
    check_files: bool = False
    chunk_rows: int = CHUNK_ROWS


@dataclass(frozen=True, slots=True)
class PrintSettings:
    """What is printed, and how.

    Attributes:
        everything: Also documents that their person has signed already, electronically or on paper.
        duplex: Add a blank page where a document ends on a front side, for printers that print both sides.
        separators: Put a sheet with the unit's name and its list before each unit.
        units: Only these units, as the roster names them; empty for all.
        staff_nos: Only people with these numbers; empty for all.
        marks: Put marks and a line with the person's name on each page, so that scans find their way back.
    """

    everything: bool = False
    duplex: bool = False
    separators: bool = True
    units: tuple[str, ...] = ()
    staff_nos: tuple[str, ...] = ()
    marks: bool = True


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One thing that a run tells; `done` of `rows` rows are behind it.

    Attributes:
        kind: What it is about.
        rows: Rows of the roster.
        done: Rows dealt with so far, whatever came of them.
        row: Number of the row in the roster.
        result: What became of it.
        document: Its document id.
        path: Its file below the output folder.
        message: Reason of a failure, or the text of a warning; no ID number in it.
    """

    kind: RunEventKind
    rows: int
    done: int
    row: int | None = None
    result: RowResult | None = None
    document: str | None = None
    path: str | None = None
    message: Message | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of one line of `batch run --json`; what is not known is left out."""
        data: dict[str, Any] = {"event": self.kind.value, "rows": self.rows, "done": self.done}
        data |= {"row": self.row, "result": self.result, "document": self.document}
        data |= {"path": self.path, **in_every_language("message", self.message)}
        return {key: value for key, value in data.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The end of a run.

    Attributes:
        rows: Rows of the roster.
        done: Documents finished in this run.
        already_done: Rows that an earlier run had finished.
        failed: Rows that failed.
        seconds: Wall time.
        superseded: Documents that replaced an earlier one, among `done`.
        adopted: Finished files of a run that had been cut short, among `done`.
        remade: Damaged files that were made again, among `done`.
        kept_signed: Rows that failed because they would replace what their person has signed.
        register_head: Short code of the register's last signed head, to be kept on paper.
        timestamp_pending: Documents that still wait for a timestamp.
        left_open: Rows of the job's roster that are not signed, whatever the reason; None where the roster
            could not be read again.
        interrupted: Whether the run was asked to stop before its end.
        bags: Bags written.
        warnings: What a person should look at.
        failed_rows: The file of the rows that failed, ready to be mended and run again.
    """

    rows: int
    done: int
    already_done: int
    failed: int
    seconds: float
    superseded: int = 0
    adopted: int = 0
    remade: int = 0
    kept_signed: int = 0
    register_head: str | None = None
    timestamp_pending: int = 0
    left_open: int | None = None
    interrupted: bool = False
    bags: tuple[str, ...] = ()
    warnings: tuple[Message, ...] = ()
    failed_rows: str = ""

    @property
    def documents_per_second(self) -> float:
        """New documents per second of wall time."""
        return round(self.done / self.seconds, 2) if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the last line of `batch run --json` and of `report.json`."""
        return {
            "rows": self.rows,
            "done": self.done,
            "already_done": self.already_done,
            "failed": self.failed,
            "seconds": round(self.seconds, 3),
            "documents_per_second": self.documents_per_second,
            "superseded": self.superseded,
            "adopted": self.adopted,
            "remade": self.remade,
            "kept_signed": self.kept_signed,
            "register_head": self.register_head,
            "timestamp_pending": self.timestamp_pending,
            "left_open": self.left_open,
            "interrupted": self.interrupted,
            "bags": list(self.bags),
            **in_every_language("warnings", self.warnings),
            "failed_rows": self.failed_rows,
        }


@dataclass(frozen=True, slots=True)
class JobCheck:
    """What a preflight found.

    Attributes:
        rows: Rows of the roster.
        complaints: Errors and warnings, in the order of the steps.
        samples: Sample documents that were rendered for approval.
        replaced: Documents that a run would replace, how many of them are signed, and the first of them.
    """

    rows: int
    complaints: tuple[Complaint, ...]
    samples: tuple[Path, ...] = ()
    replaced: Mapping[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """Number of errors."""
        return sum(complaint.severity is Severity.ERROR for complaint in self.complaints)

    @property
    def warnings(self) -> int:
        """Number of warnings."""
        return len(self.complaints) - self.errors

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `batch check --json`."""
        return {
            "rows": self.rows,
            "errors": self.errors,
            "warnings": self.warnings,
            "complaints": [describe_complaint(complaint) for complaint in self.complaints],
            "samples": [str(path) for path in self.samples],
            "replaced": dict(self.replaced),
        }


def describe_complaint(complaint: Complaint) -> dict[str, Any]:
    """Return a complaint as a JSON object."""
    place = complaint.location
    return {
        "severity": complaint.severity.value,
        "file": None if place.file is None else str(place.file),
        "sheet": place.sheet,
        "row": place.row,
        "cell": place.cell,
        "field": place.field,
        "label": place.label,
        **in_every_language("problem", complaint.problem),
        **in_every_language("remedy", complaint.remedy),
    }
