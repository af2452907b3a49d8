"""Text encodings of files that offices exchange: UTF-8, UTF-16, otherwise GB 18030."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.values.text import GB18030_2022

_BLOCK_BYTES = 1 << 20
_HEAD_BYTES = 4096
_TABLE_SIGNS = frozenset("\r\n,;\t")
_ENCODING_HINT = message("rosters.save-again-utf-8-excel-csv")


def detect_encoding(path: Path) -> str:
    """Tell the encoding of a text file: a byte order mark, zero bytes, strictly valid UTF-8 or GB 18030.

    The whole file is read, in blocks; nothing is guessed from statistics, because guessers take GB 18030 for
    Korean. `gb2312` is never used: its table maps A1A4 to another dot than names carry.

    Raises:
        InputError: The bytes are none of these.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif unmarked := _unmarked_utf16(head):
        candidates = [unmarked]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    raise InputError(message("rosters.text-neither-utf-8-nor-gb", path=path), hint=_ENCODING_HINT)


def _unmarked_utf16(head: bytes) -> str | None:
    """Tell UTF-16 without a mark: half of each comma and line end is a zero, which text has nowhere else."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even == odd:
        return None
    encoding = "utf-16-be" if even > odd else "utf-16-le"
    text = head[: len(head) // 2 * 2].decode(encoding, errors="replace")
    return encoding if "\0" not in text and set(text) & _TABLE_SIGNS else None


def read_lines(path: Path, encoding: str) -> Iterator[str]:
    """Read a text file line by line, line ends kept, with the code points of GB 18030-2022."""
    with path.open(encoding=encoding, newline="") as file:
        yield from modernise(file) if encoding == "gb18030" else file


def modernise(lines: Iterable[str]) -> Iterator[str]:
    """Replace the private-use code points that older GB 18030 tables give by the standard ones."""
    for line in lines:
        yield line.translate(GB18030_2022) if _needs_translation(line) else line


def _needs_translation(line: str) -> bool:
    return not line.isascii() and any("\ue000" <= char <= "\uf8ff" for char in line)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
