"""Connections that must get to the point: a request's head that does not arrive in time ends its connection.

uvicorn waits for a head for ever, and serves only so many connections: a few hundred silent ones would shut
everybody out.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0
"""Seconds for a whole head, on slow networks, too."""


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 whose heads have a time limit."""

    _head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; its first head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take some bytes; where they begin a further request, its head is awaited, too."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._forget_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let a connection go."""
        self._forget_head()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_S, self._end)

    def _forget_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _end(self) -> None:
        self._head_due = None
        if not self.transport.is_closing():
            self.transport.close()
