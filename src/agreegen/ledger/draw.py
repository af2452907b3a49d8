"""Random spot checks that anybody can draw again: the recipe is two lines of a shell.

Each candidate is written as one line. Its lot is SHA-256 over `<seed>:<candidate>`. The seed is the hash of
the head that was signed last before the draw, in hex, and behind a colon the public word, if one was named.
The candidates with the smallest lots are drawn. docs/ledger.md gives the recipe for `sha256sum` and `sort`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from agreegen.ledger.store import Content
from agreegen.ledger.timeline import replay


class DrawOf(StrEnum):
    """What is drawn from."""

    COPIES = "copies"
    ITEMS = "items"
    PEOPLE = "people"


def candidates_of_draw(content: Content, of: DrawOf, day: date, before: int | None = None) -> tuple[str, ...]:
    """Return the candidates of a draw, sorted, each a line of its own.

    Args:
        content: The entries.
        of: Copies (`item/number`), items (their numbers), or the people who have copies.
        day: The day of the draw.
        before: Number of the draw's own event; later ones do not count. None for a new draw.

    Raises:
        Refused: The entries do not fit each other.
    """
    movements = [each for each in content.movements if before is None or each.seq < before]
    copies = replay(movements, {}, until=day).all()
    if of is DrawOf.COPIES:
        return tuple(sorted(f"{copy.item}/{copy.number}" for copy in copies))
    if of is DrawOf.ITEMS:
        return tuple(sorted({copy.item for copy in copies}))
    return tuple(sorted({copy.holder for copy in copies}))


def make_seed(head_hash: bytes, public: str) -> str:
    """Return the seed of a draw.

    Args:
        head_hash: Hash of the last signed head before the draw: nobody knows it before that head is signed.
        public: A word that was agreed on before, such as the numbers of a public lottery; empty for none.
    """
    return f"{head_hash.hex()}:{public}" if public else head_hash.hex()


def draw_lots(seed: str, candidates: Iterable[str], count: int) -> tuple[str, ...]:
    """Return the candidates with the smallest lots, smallest first."""
    lots = sorted((hashlib.sha256(f"{seed}:{each}".encode()).hexdigest(), each) for each in candidates)
    return tuple(candidate for _, candidate in lots[:count])


def population_hash(candidates: Sequence[str]) -> str:
    """Return SHA-256 over the candidates, one a line, as `sha256sum` gives it for such a file."""
    return hashlib.sha256("".join(f"{each}\n" for each in candidates).encode()).hexdigest()
