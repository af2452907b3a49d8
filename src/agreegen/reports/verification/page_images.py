"""Pages before and after a change, differences marked; drawn in a process that may fail alone."""

from __future__ import annotations

from agreegen.foreign.confinement import ConfinedError, shared
from agreegen.foreign.limits import Limits
from agreegen.verification.pictures.interface import PagePair

_LIMITS = Limits(memory_bytes=3 << 30, cpu_s=60)


def compare_pages(
    data: bytes, signed_length: int, *, password: str | None = None
) -> tuple[PagePair, ...] | None:
    """Show the pages that look different from what was signed.

    Args:
        data: The file as it is.
        signed_length: Length of the signed revision.
        password: For encrypted files.

    Returns:
        The pages that differ, at most a few; None where they cannot be drawn.
    """
    from agreegen.verification.pictures.page_pairs import draw_pairs  # noqa: PLC0415 - loads numpy

    try:
        return tuple(shared(_LIMITS).call(draw_pairs, data, signed_length, password))
    except ConfinedError:
        return None
