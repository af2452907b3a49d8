"""Pictures that a page has just been given, in memory for some minutes, for one visitor only."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

_KEPT_S = 600.0
_MOST_BYTES = 64 << 20
_NAME_BYTES = 24


@dataclass(frozen=True, slots=True)
class _Picture:
    data: bytes
    owner: str
    until: float


class Shelf:
    """Pictures by random names; the oldest go when there is no room."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[str, _Picture] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, data: bytes, owner: str) -> str:
        """Keep a picture for a while and return its name.

        Args:
            data: The picture.
            owner: Cookie of who may see it.
        """
        name = secrets.token_urlsafe(_NAME_BYTES)
        with self._lock:
            self._pictures[name] = _Picture(data, owner, time.monotonic() + _KEPT_S)
            self._bytes += len(data)
            self._drop()
        return name

    def get(self, name: str, owner: str) -> bytes | None:
        """Return a picture of this owner; None where there is none, or no more."""
        with self._lock:
            self._drop()
            picture = self._pictures.get(name)
        return picture.data if picture is not None and picture.owner == owner else None

    def _drop(self) -> None:
        now = time.monotonic()
        while self._pictures:
            oldest = next(iter(self._pictures.values()))
            if self._bytes <= _MOST_BYTES and oldest.until > now:
                return
            _, gone = self._pictures.popitem(last=False)
            self._bytes -= len(gone.data)
