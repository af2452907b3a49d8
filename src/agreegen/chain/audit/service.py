"""The audit of a chain: what holds for every chain, and then what only its kind knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agreegen.chain.audit.interface import Audit, JudgeHead, Problem
from agreegen.chain.audit.steps import (
    SCHEMA_CHANGED,
    ChainWalk,
    HeadWalk,
    count_unsigned,
    schema_problems,
    tail_problems,
)
from agreegen.chain.event_facts import NOT_OURS
from agreegen.chain.file import connect, require_file
from agreegen.chain.schema import ChainKind
from agreegen.chain.signed_heads import Head
from agreegen.errors import RegisterError
from agreegen.messages import message


def audit_chain(
    path: Path,
    kind: ChainKind,
    further: Callable[[sqlite3.Connection], Iterable[Iterable[Problem]]],
    *,
    known_heads: Sequence[Head] = (),
    known_codes: Sequence[str] = (),
    judge_head: JudgeHead | None = None,
) -> Audit:
    """Find every changed, missing, reordered or cut-off row of a chain.

    1. SQLite's own check and the schema.
    2. The chain: every event follows from the one before, back to the genesis, which commits to `meta`.
    3. The heads: each stands in the chain; with `judge_head` its signature is good, and it is that of the
       chain's signer, whom only an event under the signature of the one before can change.
    4. Nothing stands behind the last head but the event that records it: every command ends under a head.
    5. What `further` finds.

    A chain without a key can be recomputed by whoever writes the file. What the caller still owes is trust in
    a head: `judge_head`, or `known_heads` and `known_codes` from elsewhere, e.g. from an archive bag.

    Raises:
        RegisterError: There is no file to judge.
    """
    require_file(path, kind)
    problems: list[Problem] = []
    chain, heads = ChainWalk(kind, known_heads, known_codes), HeadWalk(kind, judge_head)
    try:
        connection = connect(path, read_only=True)
    except (sqlite3.Error, RegisterError) as exc:
        told = message("chain.file-unreadable", kind=kind.word, exc=exc)
        return Audit((Problem("damaged", str(path), told),))
    try:
        for step in (
            schema_problems(connection, path, kind),
            chain.problems(connection),
            heads.problems(connection),
            tail_problems(connection),
            *further(connection),
        ):
            problems.extend(step)
            if problems and problems[-1].code == SCHEMA_CHANGED:
                return Audit(tuple(problems))
        events, unsigned = count_unsigned(connection)
    except (sqlite3.Error, RegisterError, *NOT_OURS) as exc:
        told = message("chain.unreadable-to-its-end", kind=kind.word, exc=exc)
        problems.append(Problem("damaged", str(path), told))
        events, unsigned = chain.count, 0
    finally:
        connection.close()
    return Audit(tuple(problems), events, unsigned, heads.last, heads.judgement, frozenset(heads.unnamed))
