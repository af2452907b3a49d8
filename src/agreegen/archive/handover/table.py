"""The transfer list as a workbook for people, with the columns that archives use (DA/T 22-2015, 6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agreegen.archive.handover.transfer_list import TransferList
from agreegen.messages import message, translate
from agreegen.unit_sheets import Table, write_tables

_COLUMNS = {
    "number": 6,
    "reference": 16,
    "document": 18,
    "responsible": 16,
    "title": 28,
    "day": 12,
    "label": 7,
    "pages": 6,
    "note": 10,
    "path": 24,
    "size": 11,
    "sha256": 24,
}
"""Columns of the list and their widths: those of the paper form first, then those of electronic documents."""

_FACTS = ("sender", "receiver", "day", "bag", "documents", "pages", "size", "tag_manifest_sha256", "by")
_SIGNED_BY_HAND = ("handed-over-by", "checked-by", "taken-over-by", "signed-on")


def write_list_table(path: Path, listed: TransferList) -> None:
    """Write the list: a sheet with who hands over what to whom, and a sheet with a row a document.

    Raises:
        OSError: It cannot be written.
    """
    head = (_told("column-fact"), 24), (_told("column-value"), 70)
    columns = [(_told(f"column-{name.replace('_', '-')}"), width) for name, width in _COLUMNS.items()]
    rows = ([getattr(row, name) for name in _COLUMNS] for row in listed.rows)
    write_tables(
        path,
        [
            Table(_told("sheet-sheet"), head, _facts(listed)),
            Table(_told("sheet-list"), columns, rows),
        ],
    )


def _facts(listed: TransferList) -> Iterator[list[str | int]]:
    counted = {
        "day": translate(listed.day),
        "documents": str(len(listed.rows)),
        "pages": str(listed.pages),
        "size": f"{listed.size:,}",
    }
    for name in _FACTS:
        value = counted[name] if name in counted else str(getattr(listed, name))
        yield [_told(f"fact-{name.replace('_', '-')}"), value]
    for name in _SIGNED_BY_HAND:
        yield [_told(f"fact-{name}"), ""]


def _told(name: str) -> str:
    return translate(message(f"archive.transfer-{name}"))
