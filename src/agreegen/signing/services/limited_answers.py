"""Reading what services answer, within a size and a time that they cannot stretch."""

from __future__ import annotations

import time

import requests

from agreegen.messages import message

_PART_BYTES = 1 << 16


def read_answer(response: requests.Response, *, max_bytes: int, ends_at: float) -> bytes:
    """Read the body of an answer that was asked for with `stream=True`.

    Args:
        response: The answer; a session's own time limit counts from one packet to the next only.
        max_bytes: Reading stops soon after so many bytes, so a longer result is too large.
        ends_at: When the last byte must have come, by `time.monotonic`.

    Raises:
        requests.Timeout: It came too slowly.
    """
    parts: list[bytes] = []
    size = 0
    while size <= max_bytes and (part := response.raw.read1(_PART_BYTES, decode_content=True)):
        parts.append(part)
        size += len(part)
        if time.monotonic() > ends_at:
            raise requests.Timeout(message("signing.answer-comes-too-slowly"))
    return b"".join(parts)
