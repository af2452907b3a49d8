"""What leaves the ledger for people: tables, the self-inspection sheet, the signed report, closings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from agreegen.api.documents import generate
from agreegen.api.ledger.entries import LedgerAccess, ledger_content, open_ledger
from agreegen.api.signing import sign
from agreegen.archive.create import create_bag
from agreegen.archive.interface import BagRequest
from agreegen.chain.signed_heads import Head
from agreegen.clock import read_clock
from agreegen.errors import RegisterError, UsageError
from agreegen.files import read_limited, sha256_of, write_atomically
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.ledger.holdings import Refused
from agreegen.ledger.store import Content
from agreegen.ledger.totals import Totals, between, sum_up
from agreegen.ledger.words import inspection_points
from agreegen.messages import message, reader_language, translate
from agreegen.recording.known_heads import encode_heads, heads_in_bag
from agreegen.recording.ledger.access import open_ledger_writer
from agreegen.recording.ledger.clock import office_day
from agreegen.recording.ledger.closing import closed_totals, closing_note, first_day, last_day, next_totals
from agreegen.recording.ledger.workbook import columns_of
from agreegen.recording.ledger.writer import LedgerWriter
from agreegen.reports.ledger.printed import write_pdf
from agreegen.reports.ledger.rows import LedgerTables
from agreegen.reports.ledger.summary import report_values
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.temporary import OwnFolder, shared_temporary_folder
from agreegen.unit_sheets import Table, write_tables

__all__ = [
    "ClosedLedger",
    "WrittenReport",
    "close_ledger",
    "export_ledger",
    "write_inspection_sheet",
    "write_ledger_report",
]

_FORM, _ROLE = "ledger-report", "unit"
_IN_BAG = "ledger"
_MAX_SCAN_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report on a period.

    Attributes:
        totals: The numbers that it prints.
        pdf: The PDF, signed where a credential was given.
        docx: The filled Word file; None where a compiled form laid the page out.
    """

    totals: Totals
    pdf: bytes
    docx: bytes | None


@dataclass(frozen=True, slots=True)
class ClosedLedger:
    """A period that was closed.

    Attributes:
        totals: Its numbers, as the closing keeps them.
        head: The signed head over the closing.
        bag: The archived closing; None where none was asked for.
    """

    totals: Totals
    head: Head
    bag: Path | None


def export_ledger(
    path: Path,
    output: Path,
    *,
    first: date | None = None,
    last: date | None = None,
    lang: str | None = None,
    now: datetime | None = None,
) -> None:
    """Write a ledger as the tables that offices keep, XLSX or PDF (mode 0600).

    Args:
        path: The ledger.
        output: A `.xlsx` or `.pdf` file.
        first: First day of what is listed; None for the beginning.
        last: Last day; None for today.
        lang: `zh` or `en`; None for the reader's.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: The output's name ends otherwise.
        RegisterError: The ledger cannot be read, or its entries do not fit.
        MissingProgramError: A PDF needs LibreOffice, which is not installed.
        OSError: The output cannot be written.
    """
    if output.suffix.lower() not in {".xlsx", ".pdf"}:
        raise UsageError(message("ledger.export-suffix", path=output))
    with open_ledger(path) as ledger:
        office, content = str(ledger.opening.get("office", "")), ledger.content()
    until = last or office_day(now or read_clock())
    tables = LedgerTables(content, first, until, lang or reader_language())
    try:
        if output.suffix.lower() == ".xlsx":
            write_tables(output, tables.tables())
        else:
            period = f"{first or ''}—{until}".lstrip("—")
            write_pdf(output, [each for each in tables.tables() if each.rows], f"{office} {period}")
    except Refused as exc:
        raise _not_fitting(path, exc) from exc


def write_inspection_sheet(output: Path) -> None:
    """Write the yearly self-inspection sheet, to be filled in and recorded.

    Raises:
        OSError: It cannot be written.
    """
    columns = columns_of("inspection")
    number_header = translate(message("ledger.column-number"))
    headers = [(number_header, 6), *((each.label_zh, 30) for each in columns)]
    rows: list[tuple[str | int, ...]] = [
        (number, content, points, *([""] * (len(columns) - 2)))
        for number, (content, points) in enumerate(inspection_points(), 1)
    ]
    write_tables(output, [Table(translate(message("ledger.sheet-inspection")), headers, rows)])


def write_ledger_report(
    path: Path,
    *,
    year: int | None = None,
    credential: Credential | None = None,
    trust: Trust | None = None,
    forms: Path | None = None,
    now: datetime | None = None,
) -> WrittenReport:
    """Fill the Word form `ledger-report` from the ledger, and seal its PDF where a credential is given.

    Args:
        path: The ledger.
        year: The year; None for the present one. The report ends with the year, or today.
        credential: Who seals it, from `load_credential`; None for a report that nobody signs.
        trust: Anchors that the credential must chain to; None for not asking.
        forms: Folder of forms; None for the usual ones.
        now: Aware UTC time; None for the clock.

    Raises:
        RegisterError: The ledger cannot be read, or its entries do not fit.
        MissingProgramError: LibreOffice is not installed.
        SigningError: The report cannot be sealed.
    """
    moment = now or read_clock()
    today = office_day(moment)
    first, last = date(year or today.year, 1, 1), last_day(today, year=year, through=None)
    content = ledger_content(path)
    try:
        totals = sum_up(content, between(first, last), last)
    except Refused as exc:
        raise _not_fitting(path, exc) from exc
    with open_ledger(path) as ledger:
        office, head = str(ledger.opening.get("office", "")), ledger.last_head()
    values = report_values(
        content, totals, office=office, first=first, today=today, head_code="" if head is None else head.code
    )
    return _report(totals, values, credential, trust, forms, moment)


def close_ledger(
    access: LedgerAccess,
    *,
    year: int | None = None,
    through: date | None = None,
    bag: Path | None = None,
    tsa: Sequence[TimestampServer] = (),
    forms: Path | None = None,
    now: datetime | None = None,
) -> ClosedLedger:
    """Close the ledger through a day: sign its numbers, refuse entries for its days, archive all of it.

    The bag holds the sealed report, the ledger itself, its scans, its tables as XLSX and its signed heads;
    `archive verify` and `ledger verify` judge it.

    Args:
        access: The ledger, and who writes.
        year: The year, which is closed through today where it has not ended; None for the present one.
        through: Another last day; None for the year's.
        bag: The folder to write; None for a closing that is not archived.
        tsa: Timestamp services for the bag, tried in order.
        forms: Folder of forms; None for the usual ones.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: The period is closed already or still to come, or the bag is there; nothing was written.
        RegisterError: The ledger cannot be written; nothing was.
        CredentialError: The credential cannot be used; nothing was written.
        MissingProgramError: A bag needs LibreOffice; nothing was written.
        ArchiveError: The closing stands, but the bag cannot be written; closing again with a bag writes it.
    """
    moment = now or read_clock()
    if bag is not None and (bag.exists() or bag.is_symlink()):
        raise UsageError(message("ledger.bag-there", path=bag))
    with open_ledger_writer(access, now=moment) as writer:
        last = last_day(writer.today, year=year, through=through)
        try:
            lacking = None if bag is None else closed_totals(writer.content, last)
            totals = lacking or next_totals(writer.content, last)
        except Refused as exc:
            raise _not_fitting(access.file, exc) from exc
        report = None if bag is None else _closing_report(writer, totals, access.trust, forms, moment)
        if lacking is None:
            sealed = None if report is None else sha256_of(report)
            writer.note(closing_note(totals, writer.today, sealed))
        head = writer.ledger.last_head()
        assert head is not None  # the closing stands under one
        if bag is not None and report is not None:
            _archive(writer, totals, report, BagTarget(bag, access.trust, tuple(tsa), forms))
    return ClosedLedger(totals, head, bag)


@dataclass(frozen=True, slots=True)
class BagTarget:
    """Where a closing is archived, and what its bag needs.

    Attributes:
        bag: The folder to write.
        trust: Anchors for the report inside the bag.
        tsa: Timestamp services.
        forms: Folder of forms; None for the usual ones.
    """

    bag: Path
    trust: Trust
    tsa: tuple[TimestampServer, ...]
    forms: Path | None


def _closing_report(
    writer: LedgerWriter, totals: Totals, trust: Trust, forms: Path | None, now: datetime
) -> bytes:
    head, content = writer.ledger.last_head(), writer.content
    values = report_values(
        content,
        totals,
        office=str(writer.ledger.opening.get("office", "")),
        first=first_day(content, totals.last),
        today=writer.today,
        head_code="" if head is None else head.code,
    )
    return _report(totals, values, writer.signer.credential, trust, forms, now).pdf


def _report(
    totals: Totals,
    values: dict[str, str | list[str]],
    credential: Credential | None,
    trust: Trust | None,
    forms: Path | None,
    now: datetime,
) -> WrittenReport:
    form = find_form(_FORM, forms_folder(forms))
    raw = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    made = generate(form, raw, now=now)
    pdf = made.pdf
    if credential is not None:
        pdf = sign(pdf, credential, _ROLE, trust=trust, forms=forms, now=now).pdf.data
    return WrittenReport(totals, pdf, made.docx)


def _archive(writer: LedgerWriter, totals: Totals, report: bytes, target: BagTarget) -> None:
    """Write the bag of a closing; the ledger in it ends with the closing."""
    with OwnFolder(shared_temporary_folder(), "closing") as folder:
        write_atomically(folder / "documents" / f"{_FORM}-{totals.last}.pdf", report)
        tables = LedgerTables(writer.content, None, totals.last, "zh")
        write_tables(folder / "ledger.xlsx", tables.tables())
        attachments = [
            (f"{_IN_BAG}/ledger.db", writer.ledger.snapshot()),
            (f"{_IN_BAG}/ledger.xlsx", (folder / "ledger.xlsx").read_bytes()),
            (heads_in_bag("ledger").removeprefix("data/"), encode_heads(writer.ledger)),
            *_scans(writer.content, writer.ledger.path.parent),
        ]
        create_bag(
            BagRequest(
                source=folder,
                bag=target.bag,
                credential=writer.signer.credential,
                now=writer.now,
                trust=target.trust,
                tsa=target.tsa,
                forms_folder=target.forms,
                attachments=tuple(attachments),
            )
        )


def _scans(content: Content, root: Path) -> list[tuple[str, bytes]]:
    names = sorted({signed.reference for _, signed in content.scans()})
    return [(f"{_IN_BAG}/{name}", read_limited(root / name, _MAX_SCAN_BYTES)) for name in names]


def _not_fitting(path: Path, exc: Refused) -> RegisterError:
    return RegisterError(
        message("ledger.do-not-fit", path=path, problem=exc.problem), hint=message("ledger.run-verify")
    )
