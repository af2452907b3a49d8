"""Exports."""

from __future__ import annotations

import csv
from pathlib import Path

from openpyxl import load_workbook

from agreegen.register.export import export_csv, export_xlsx
from agreegen.register.store import Register


def test_csv_has_every_document(filled: Register, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    assert export_csv(filled.documents(), path) == 5
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert {row["staff_no"] for row in rows} == {f"S{number:04}" for number in range(5)}
    assert {row["id_number"] for row in rows} == {"11010519491231002X"}


def test_ids_can_be_left_out(filled: Register, tmp_path: Path) -> None:
    export_csv(filled.documents(), tmp_path / "register.csv", omit_ids=True)
    text = (tmp_path / "register.csv").read_text("utf-8-sig")
    assert "id_number" not in text
    assert "11010519491231002X" not in text


def test_xlsx_cells_are_text(filled: Register, tmp_path: Path) -> None:
    assert export_xlsx(filled.documents(), tmp_path / "register.xlsx") == 5
    sheet = load_workbook(tmp_path / "register.xlsx").active
    assert sheet is not None
    header, first = list(sheet.iter_rows(values_only=True))[:2]
    assert dict(zip(header, first, strict=True))["id_number"] == "11010519491231002X"
