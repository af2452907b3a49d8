"""Binary workbooks that count their dates from 1904."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from agreegen.rosters.formats.date_epochs import binary_counts_from_1904


def xlsb(path: Path, flags: int) -> Path:
    begin_book, properties = bytes.fromhex("830100"), bytes([0x99, 0x01, 8, flags, 0, 0, 0, 0, 0, 0, 0])
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/workbook.bin", begin_book + properties)
    return path


@pytest.mark.parametrize(("flags", "expected"), [(0, False), (1, True), (0x20, False), (0x21, True)])
def test_xlsb(tmp_path: Path, flags: int, expected: bool) -> None:
    assert binary_counts_from_1904(xlsb(tmp_path / "r.xlsb", flags)) is expected


def test_xlsb_that_is_cut_off(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "r.xlsb", "w") as package:
        package.writestr("xl/workbook.bin", bytes.fromhex("9901ff"))
    assert not binary_counts_from_1904(tmp_path / "r.xlsb")


@pytest.mark.parametrize(("mode", "expected"), [("220002000000", False), ("220002000100", True)])
def test_xls(tmp_path: Path, mode: str, expected: bool) -> None:
    path = tmp_path / "r.xls"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500) + bytes.fromhex(mode))
    assert binary_counts_from_1904(path) is expected


def test_ods_says_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "r.ods", "w") as package:
        package.writestr("content.xml", "<x/>")
    assert not binary_counts_from_1904(tmp_path / "r.ods")
