"""Forms and roster files for the tests of the roster room."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from agreegen.model.form import Field, FieldType, Form

ID_A, ID_B = "419900199003076014", "419900199003076030"
"""Valid numbers of a county that does not exist."""

HEADER = ("编号", "姓 名", "身份证号码", "单位", "是否涉密")


def make_form() -> Form:
    """A pledge with the fields of the real one."""
    kind = FieldType
    return Form(
        id="personal-pledge",
        version="1.0",
        title_zh="保密承诺书",
        title_en="Pledge",
        source="test",
        directory=Path("nowhere"),
        template_sha256="0" * 64,
        description_sha256="0" * 64,
        fields=(
            Field(
                "pledger_name", "姓名", "Name", kind.PERSON_NAME, required=True, aliases=("姓名", "承诺人")
            ),
            Field("pledge_date", "承诺日期", "Date", kind.DATE),
            Field(
                "staff_no",
                "编号",
                "Staff number",
                kind.STAFF_NO,
                printed=False,
                aliases=("序列号", "工号", "人员编号"),
            ),
            Field(
                "id_number",
                "身份证号",
                "ID number",
                kind.RESIDENT_ID,
                printed=False,
                identifying=True,
                aliases=("身份证号码", "公民身份号码", "证件号码"),
            ),
            Field("unit", "单位", "Unit", kind.ORGANISATION_NAME, printed=False, aliases=("工作单位",)),
            Field("holds_state_secrets", "是否涉密", "Secrets", kind.YES_NO, printed=False),
        ),
        roles=(),
        subject="pledger_name",
        row_keys=("staff_no", "id_number"),
    )


@pytest.fixture
def form() -> Form:
    return make_form()


@pytest.fixture
def make_xlsx(tmp_path: Path) -> Callable[..., Path]:
    """Write rows to an XLSX file."""

    def make(rows: Sequence[Sequence[Any]], *, merges: Sequence[str] = (), name: str = "r.xlsx") -> Path:
        workbook = openpyxl.Workbook()
        worksheet = workbook.active
        assert worksheet is not None
        worksheet.title = "人员"
        for row in rows:
            worksheet.append(list(row))
        for merge in merges:
            worksheet.merge_cells(merge)
        path = tmp_path / name
        workbook.save(path)
        return path

    return make


@pytest.fixture
def make_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write rows to a CSV file."""

    def make(
        rows: Sequence[Sequence[str]], *, encoding: str = "utf-8", separator: str = ",", name: str = "r.csv"
    ) -> Path:
        text = io.StringIO()
        csv.writer(text, delimiter=separator).writerows(rows)
        path = tmp_path / name
        path.write_bytes(text.getvalue().encode(encoding))
        return path

    return make


@pytest.fixture
def make_xls(tmp_path: Path) -> Callable[..., Path]:
    """Write rows to an XLS file: BIFF8 ([MS-XLS]) within a compound file ([MS-CFB])."""

    def make(
        rows: Sequence[Sequence[str | float | None]], *, merge: tuple[int, int, int, int] | None = None
    ) -> Path:
        path = tmp_path / "r.xls"
        path.write_bytes(_compound_file(_biff(rows, merge)))
        return path

    return make


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _biff(rows: Sequence[Sequence[str | float | None]], merge: tuple[int, int, int, int] | None) -> bytes:
    end = _record(0x000A, b"")
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 6))
    name = "人员".encode("utf-16-le")
    offset = len(start) + 4 + 8 + len(name) + len(end)
    book = start + _record(0x0085, struct.pack("<IBBBB", offset, 0, 0, 2, 1) + name) + end
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 6))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                sheet += _record(
                    0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                )
            elif value is not None:
                sheet += _record(0x0203, place + struct.pack("<d", value))
    if merge:
        sheet += _record(0x00E5, struct.pack("<HHHHH", 1, *merge))
    return book + sheet + end


def _compound_file(stream: bytes) -> bytes:
    stream = stream.ljust(-(-max(len(stream), 4096) // 512) * 512, b"\0")
    sectors = len(stream) // 512
    free, last = 0xFFFFFFFF, 0xFFFFFFFE
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, last, 0, last, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    table = [0xFFFFFFFD, last, *range(3, sectors + 2), last]
    allocation = struct.pack("<128I", *table, *[free] * (128 - len(table)))

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = name.encode("utf-16-le")
        head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2 if text else 0, kind, 1)
        return head + struct.pack("<III", free, free, child) + bytes(36) + struct.pack("<IQ", first, size)

    directory = entry("Root Entry", 5, 1, last, 0) + entry("Workbook", 2, free, 2, len(stream))
    return header + allocation + directory + entry("", 0, free, 0, 0) * 2 + stream
