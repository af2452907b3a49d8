"""ZIPs that are made as they are sent: whatever their size, a piece at a time is in memory."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from agreegen.web.work.archive.bag_folders import TRANSFER, Bag

_PIECE_BYTES = 1 << 20
_LARGE_BYTES = 1 << 31
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""ZIPs know no earlier one."""
_READABLE = 0o644


class _Outlet(io.RawIOBase):
    """Takes what a ZIP is written to and hands it on; it cannot be gone back in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes
        """Take a piece."""
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since it was asked last."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def zip_pieces(files: Iterable[tuple[Path, str]]) -> Iterator[bytes]:
    """Yield a ZIP piece by piece; documents are compressed already, so that nothing is packed.

    Args:
        files: Each file, and its path in the ZIP.
    """
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as archive:
        for path, name in files:
            entry = _entry(path, name)
            with path.open("rb") as file, archive.open(entry, "w", force_zip64=_is_large(entry)) as target:
                while piece := file.read(_PIECE_BYTES):
                    target.write(piece)
                    yield outlet.taken()
    yield outlet.taken()


def _entry(path: Path, name: str) -> zipfile.ZipInfo:
    found = path.stat()
    moment = max(time.gmtime(found.st_mtime)[:6], _FIRST_DAY)
    entry = zipfile.ZipInfo(name, moment)
    entry.file_size, entry.external_attr = found.st_size, _READABLE << 16
    return entry


def _is_large(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size >= _LARGE_BYTES


def bag_files(bag: Bag) -> Iterator[tuple[Path, str]]:
    """Yield the files of a bag, and of the transfer list beside it, with their paths in a ZIP of both."""
    for folder in (bag.path, bag.beside(TRANSFER)):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, path.relative_to(bag.place.folder).as_posix()
