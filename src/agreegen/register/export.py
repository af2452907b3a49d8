"""The register as a table: a CSV of all columns by name, and a workbook for people in their words."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.chain.hashing import parse_time
from agreegen.files import replacing
from agreegen.messages import message, translate
from agreegen.register.columns import COLUMNS, row_values
from agreegen.register.interface import DocumentRow
from agreegen.unit_sheets import Table, write_tables

HEADERS = tuple(name.strip() for name in COLUMNS.split(","))
"""The columns of an export."""

_ID_COLUMNS = {"id_number"}


def export_csv(
    documents: Iterable[DocumentRow], path: Path, *, omit_ids: bool = False, for_people: bool = False
) -> int:
    """Write documents as CSV (UTF-8 with byte order mark, mode 0600) and return how many there are.

    Args:
        documents: E.g. all of them: `register.documents()`.
        path: The file to write.
        omit_ids: Leave the ID numbers out.
        for_people: Put the header into the reader's words; else columns go by their names, for programs.

    Raises:
        OSError: The file cannot be written.
        RegisterError: The register cannot be read.
    """
    count = 0
    header = _headers(omit_ids)
    if for_people:
        header = tuple(translate(message(f"register.column.{name}")) for name in header)
    with (
        replacing(path, mode=0o600) as temporary,
        temporary.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(header)
        for row in _rows(documents, omit_ids):
            writer.writerow(row)
            count += 1
    return count


def export_xlsx(
    documents: Iterable[DocumentRow],
    path: Path,
    *,
    omit_ids: bool = False,
    role_label: Callable[[str, str], object] = lambda _form, role: role,
    form_title: Callable[[str], object] = lambda form: form,
) -> int:
    """Write documents as a workbook for people (mode 0600) and return how many there are.

    Header, states, forms and roles are in the reader's words. Excel turns an 18-digit number into one that
    has lost its last digits; a text cell keeps them. On paper stand the columns that tell who has signed
    what; ID numbers and hashes do not.

    Args:
        documents: E.g. all of them: `register.documents()`.
        path: The file to write.
        omit_ids: Leave the ID numbers out.
        role_label: What people call a role, by form and role.
        form_title: What people call a form.

    Raises:
        OSError: The file cannot be written.
        RegisterError: The register cannot be read.
    """
    columns = [column for column in _SHEET if not (omit_ids and column.name in _ID_COLUMNS)]
    titles = [(translate(message(f"register.column.{each.name}")), each.width) for each in columns]
    count = 0

    def rows() -> Iterator[list[str | int]]:
        nonlocal count
        for document in documents:
            count += 1
            told = _told(document, role_label)
            told["form"] = message(
                "register.form-and-version",
                form=form_title(document.registration.form_id),
                version=document.registration.form_version,
            )
            yield [_harmless(translate(told[column.name])) for column in columns]

    printed = sum(column.printed for column in columns)
    write_tables(path, [Table(translate(message("register.sheet")), titles, rows(), printed)])
    return count


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    width: int
    printed: bool = True


_SHEET = (
    _Column("staff_no", 12),
    _Column("name", 14),
    _Column("unit", 20),
    _Column("form", 18),
    _Column("state", 9),
    _Column("signed", 46),
    _Column("printed_at", 18),
    _Column("bag", 12),
    _Column("id_number", 20, printed=False),
    _Column("path", 28, printed=False),
    _Column("id", 36, printed=False),
    _Column("superseded_by", 36, printed=False),
    _Column("sha256", 68, printed=False),
)
"""The columns of the workbook: what people look for first, and of that no more than A4 across can show."""


def _told(document: DocumentRow, role_label: Callable[[str, str], object]) -> dict[str, object]:
    """Return what the workbook says of a document, by column."""
    known = document.registration
    return {
        "staff_no": known.staff_no or "",
        "name": known.name,
        "unit": known.unit or "",
        "id_number": known.id_number or "",
        "state": message(f"register.state.{document.state.value}"),
        "signed": [
            message(
                "register.fulfilled",
                role=role_label(known.form_id, role),
                how=message(f"register.how.{each.how.value}"),
                at=parse_time(each.at),
            )
            for role, each in document.fulfilled.items()
        ],
        "printed_at": parse_time(document.printed_at) if document.printed_at else "",
        "bag": document.bag or "",
        "path": known.path,
        "id": known.id,
        "superseded_by": document.superseded_by or "",
        "sha256": document.sha256,
    }


def _headers(omit_ids: bool) -> tuple[str, ...]:
    return tuple(name for name in HEADERS if not (omit_ids and name in _ID_COLUMNS))


def _rows(documents: Iterable[DocumentRow], omit_ids: bool) -> Iterator[list[str]]:
    for document in documents:
        pairs = zip(HEADERS, row_values(document), strict=True)
        yield [
            _harmless("" if value is None else str(value))
            for name, value in pairs
            if not (omit_ids and name in _ID_COLUMNS)
        ]


def _harmless(text: str) -> str:
    """Keep a spreadsheet from running a value as a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
