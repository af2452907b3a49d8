"""Pictures of the pages of documents, drawn once and kept for a while in memory, within a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from starlette.exceptions import HTTPException

from agreegen.api import draw_pages
from agreegen.errors import InputError

_MOST_BYTES = 96 << 20
_MOST_PAGES = 60
_NOT_FOUND = 404
_Key = tuple[str, int, int]


class Pictures:
    """Pages as PNG, by file; what was not asked for longest goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, tuple[bytes, ...]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def pages(self, path: Path) -> tuple[bytes, ...]:
        """Return the pages of a file; none where it cannot be drawn.

        Raises:
            HTTPException: There is no such file (404).
        """
        if not path.is_file():
            raise HTTPException(_NOT_FOUND)
        status = path.stat()
        key = (str(path), status.st_mtime_ns, status.st_size)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        try:
            drawn = tuple(draw_pages(path.read_bytes(), dpi=110, most_pages=_MOST_PAGES))
        except InputError:
            drawn = ()
        self._keep(key, drawn)
        return drawn

    def _keep(self, key: _Key, drawn: tuple[bytes, ...]) -> None:
        with self._lock:
            self._kept[key] = drawn
            self._bytes += sum(map(len, drawn))
            while self._bytes > _MOST_BYTES and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= sum(map(len, dropped))

    def page(self, path: Path, number: int) -> bytes:
        """Return one page of a file, counted from 1.

        Raises:
            HTTPException: There is no such page (404).
        """
        pages = self.pages(path)
        if not 1 <= number <= len(pages):
            raise HTTPException(_NOT_FOUND)
        return pages[number - 1]
