"""Random spot checks: drawn from the head that was signed last, and recorded."""

from __future__ import annotations

from agreegen.errors import UsageError
from agreegen.ledger.draw import DrawOf, candidates_of_draw, draw_lots, make_seed, population_hash
from agreegen.ledger.interface import Note, OwnKind
from agreegen.messages import message
from agreegen.recording.ledger.writer import LedgerWriter


def drawn_note(writer: LedgerWriter, count: int, of: DrawOf, public: str) -> tuple[Note, tuple[str, ...]]:
    """Draw, and return the entry that records it with the candidates.

    Args:
        writer: The ledger.
        count: How many to draw.
        of: What is drawn from.
        public: A word that was agreed on before; empty for none.

    Raises:
        UsageError: There are not so many candidates.
    """
    candidates = candidates_of_draw(writer.content, of, writer.today)
    head = writer.ledger.last_head()
    if head is None or not 1 <= count <= len(candidates):
        raise UsageError(message("ledger.cannot-draw", count=count, candidates=len(candidates)))
    facts = {
        "of": of.value,
        "count": count,
        "public": public,
        "head_count": head.count,
        "head": head.hash.hex(),
        "candidates": len(candidates),
        "candidates_sha256": population_hash(candidates),
        "drawn": list(draw_lots(make_seed(head.hash, public), candidates, count)),
    }
    return Note(OwnKind.DRAW, writer.today, facts), candidates
