"""A request's body within limits of size and time, whatever the other side sends."""

from __future__ import annotations

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

_GRACE_S = 20.0
_LEAST_BYTES_PER_S = 128 << 10
_MOST_DRAINED_BYTES = 1 << 30
_DRAINING_S = 60.0
TOO_LARGE, TOO_SLOW = 413, 408


class BoundedBody:
    """Receives a body; raises when it grows too large or comes too slowly.

    A body that is too large is read on and dropped for a while, since a browser that is still sending does
    not read the answer.

    Args:
        receive: Where the body comes from.
        max_bytes: Greatest size.
        declared: `Content-Length`, where there is one.
    """

    def __init__(self, receive: Receive, max_bytes: int, declared: int | None = None) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._declared = declared
        self._started = time.monotonic()
        self._received = 0

    async def __call__(self) -> Message:
        """Return the next message.

        Raises:
            HTTPException: 413 or 408.
        """
        if self._declared is not None and self._declared > self._max_bytes:
            await self._refuse(self._declared)
        message = await self._next(self._started + _GRACE_S + self._received / _LEAST_BYTES_PER_S)
        self._received += len(message.get("body", b""))
        if self._received > self._max_bytes:
            await self._refuse(0 if message.get("more_body") else None)
        return message

    async def _next(self, until: float) -> Message:
        try:
            return await asyncio.wait_for(self._receive(), max(0.0, until - time.monotonic()))
        except TimeoutError:
            raise HTTPException(TOO_SLOW, headers={"Connection": "close"}) from None

    async def _refuse(self, announced: int | None) -> None:
        """Drop the rest, then refuse; what announces more than we care to drop is refused at once."""
        until = time.monotonic() + _DRAINING_S
        more = announced is not None and announced <= _MOST_DRAINED_BYTES
        while more and self._received <= _MOST_DRAINED_BYTES:
            message = await self._next(until)
            self._received += len(message.get("body", b""))
            more = bool(message.get("more_body"))
        raise HTTPException(TOO_LARGE, headers={"Connection": "close"})
