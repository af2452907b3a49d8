"""From when the dates of a binary workbook count: 1900, or 1904 as old Macintosh programs did."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

_XLSB_WORKBOOK = "xl/workbook.bin"
_BIFF_DATE_MODE = bytes.fromhex("220002000100")
"""Record DateMode with the value 1 ([MS-XLS] 2.4.77)."""

_BRT_WB_PROP = 153
_MOST_BYTES = 1 << 20


def binary_counts_from_1904(path: Path) -> bool:
    """Tell whether the dates of an XLS or XLSB workbook count from 1 January 1904; no other format says so.

    Raises:
        OSError: The file cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return _BIFF_DATE_MODE in path.read_bytes()
    with zipfile.ZipFile(path) as package:
        if _XLSB_WORKBOOK not in package.namelist():
            return False
        with package.open(_XLSB_WORKBOOK) as part:
            return _xlsb_counts_from_1904(io.BytesIO(part.read(_MOST_BYTES)))


def _xlsb_counts_from_1904(part: io.BytesIO) -> bool:
    """Look for the flag f1904 of the record BrtWbProp ([MS-XLSB] 2.1.4, 2.4.825)."""
    while (kind := _read_number(part, 2)) is not None and (size := _read_number(part, 4)) is not None:
        data = part.read(size)
        if kind == _BRT_WB_PROP:
            return bool(data[:1] and data[0] & 1)
    return False


def _read_number(part: io.BytesIO, most_bytes: int) -> int | None:
    value = 0
    for position in range(most_bytes):
        byte = part.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << (7 * position)
        if not byte[0] & 0x80:
            break
    return value
