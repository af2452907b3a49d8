"""Exports and coverage."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from openpyxl import load_workbook

from agreegen.register.coverage import RosterPerson, measure_coverage
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


def test_coverage_names_who_is_missing_and_who_left(filled: Register) -> None:
    roster = [RosterPerson(f"staff:S{number:04}", f"S{number:04}", "王秀英") for number in (0, 1, 2, 7)]
    coverage = measure_coverage(filled, roster)
    assert (coverage.rows, coverage.covered, coverage.complete) == (4, 3, False)
    assert [person.label for person in coverage.missing] == ["S0007"]
    assert sorted(person.label for person in coverage.no_longer) == ["S0003", "S0004"]
    assert measure_coverage(filled, roster[:3]).complete
    assert not measure_coverage(filled, []).complete


def test_characters_that_no_workbook_can_carry_do_not_break_the_export_off(
    filled: Register, tmp_path: Path
) -> None:
    row = next(iter(filled.documents()))
    bad = replace(row, registration=replace(row.registration, unit="a\x00b\ufffe\ud800c\x1f", name="=1"))
    assert export_xlsx([bad], tmp_path / "a.xlsx") == 1
    assert export_csv([bad], tmp_path / "a.csv") == 1
    values = [cell.value for cell in load_workbook(tmp_path / "a.xlsx")["register"][2]]
    assert "a\ufffdb\ufffd\ufffdc\ufffd" in values
