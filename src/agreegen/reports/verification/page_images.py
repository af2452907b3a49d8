"""Pages before and after a change, differences marked; drawn in a process that may fail alone."""

from __future__ import annotations

import multiprocessing
import resource
from multiprocessing.connection import Connection

from agreegen.foreign import contained
from agreegen.verification.pictures.interface import PagePair

_MEMORY_BYTES = 3 << 30


def compare_pages(
    data: bytes, signed_length: int, *, password: str | None = None, timeout_s: float = 60.0
) -> tuple[PagePair, ...] | None:
    """Show the pages that look different from what was signed.

    Args:
        data: The file as it is.
        signed_length: Length of the signed revision.
        password: For encrypted files.
        timeout_s: Time limit.

    Returns:
        The pages that differ, at most a few; None where they cannot be drawn.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, data, signed_length, password), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(timeout_s):
            return None
        pairs: tuple[PagePair, ...] | None = ours.recv()
    except (EOFError, OSError):
        return None
    else:
        return pairs
    finally:
        ours.close()
        process.kill()
        process.join()


def _serve(connection: Connection, data: bytes, signed_length: int, password: str | None) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        from agreegen.verification.pictures.page_pairs import draw_pairs  # noqa: PLC0415 - only where drawn

        connection.send(contained(draw_pairs)(data, signed_length, password))
    except Exception:
        connection.send(None)
