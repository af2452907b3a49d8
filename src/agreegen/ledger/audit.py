"""One audit of a ledger, as numbered steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from agreegen.chain.audit.interface import Audit, JudgeHead, Problem
from agreegen.chain.audit.service import audit_chain
from agreegen.chain.hashing import parse_time
from agreegen.chain.signed_heads import HEAD_EVENT, SIGNER_EVENT, Head
from agreegen.files import sha256_of_file
from agreegen.ledger.draw import DrawOf, candidates_of_draw, draw_lots, make_seed, population_hash
from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import DATED, Kind, OwnKind
from agreegen.ledger.rules import day_problems
from agreegen.ledger.rules import problems as rule_problems
from agreegen.ledger.schema import LEDGER
from agreegen.ledger.store import Content, read_all_entries
from agreegen.ledger.timeline import replay
from agreegen.ledger.totals import after_closing, sum_up
from agreegen.messages import message

_HEAD_BEFORE = "SELECT count, hash FROM heads WHERE seq < ? ORDER BY seq DESC LIMIT 1"
_ZONES = timedelta(days=1)
"""Days of events are those of UTC, days of entries those of the office."""
_KNOWN_KINDS = {*(kind.value for kind in Kind), *(kind.value for kind in OwnKind), HEAD_EVENT, SIGNER_EVENT}


def verify_ledger(
    path: Path,
    *,
    known_heads: Sequence[Head] = (),
    known_codes: Sequence[str] = (),
    judge_head: JudgeHead | None = None,
) -> Audit:
    """Find every changed, missing, reordered or cut-off row of a ledger, and entries that no command writes.

    1. Whatever holds for every chain (`audit_chain`, which says what the caller still owes).
    2. The entries: each says what its kind must say, none lies in a period that was closed before it, each
       that was entered later than its day is marked so, and together they never give a copy that nobody has.
    3. The closings: their numbers, counted again. The draws: candidates, seed and lots, drawn again.
    4. The scans beside the ledger: each is there, with its hash.

    Raises:
        RegisterError: There is no file to judge.
    """
    return audit_chain(
        path,
        LEDGER,
        lambda connection: (
            _entry_problems(connection),
            _draw_problems(connection),
            _scan_problems(connection, path.parent),
        ),
        known_heads=known_heads,
        known_codes=known_codes,
        judge_head=judge_head,
    )


def _entry_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    recorded: dict[int, date] = {}
    for seq, at, kind in connection.execute("SELECT seq, at, kind FROM events ORDER BY seq"):
        recorded[seq] = parse_time(at).date()
        if kind not in _KNOWN_KINDS:
            told = message("ledger.unknown-kind", kind=kind)
            yield Problem("entry-unknown", message("ledger.entry", seq=seq), told)
    content = read_all_entries(connection)
    for movement in content.movements:
        where = message("ledger.entry", seq=movement.seq)
        if movement.day < recorded[movement.seq] - _ZONES and not movement.backdated:
            yield Problem("entry-wrong", where, message("ledger.not-marked"))
        closed = content.closed_before(movement)
        for refused in rule_problems(movement, today=date.max, closed=closed):
            yield Problem("entry-wrong", where, refused.problem)
    yield from _note_problems(content, recorded)
    try:
        replay(content.movements, content.left)
        yield from _closing_problems(content)
    except Refused as exc:
        yield Problem("copies-do-not-fit", message("ledger.entries"), exc.problem)


def _note_problems(content: Content, recorded: Mapping[int, date]) -> Iterator[Problem]:
    for note in content.notes:
        where = message("ledger.entry", seq=note.seq)
        if note.kind in DATED and note.day < recorded[note.seq] - _ZONES and not note.backdated:
            yield Problem("entry-wrong", where, message("ledger.not-marked"))
        closed = content.closed_before(note) if note.kind in DATED else None
        for refused in day_problems(note, today=date.max, closed=closed):
            yield Problem("entry-wrong", where, refused.problem)


def _closing_problems(content: Content) -> Iterator[Problem]:
    """Count every period again, from the entries that were there when it was closed."""
    for note in content.closings:
        there = content.before(note.seq)
        earlier = there.closings[-1] if there.closings else None
        counted = sum_up(there, after_closing(earlier, note.day), note.day).to_dict()
        if counted != note.facts["totals"]:
            where = message("ledger.entry", seq=note.seq)
            yield Problem("closing-wrong", where, message("ledger.closing-numbers"))


def _draw_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    content = read_all_entries(connection)
    for note in content.of_kind(OwnKind.DRAW):
        facts, where = note.facts, message("ledger.entry", seq=note.seq)
        head = connection.execute(_HEAD_BEFORE, (note.seq,)).fetchone()
        if head is None or (head[0], head[1].hex()) != (facts["head_count"], facts["head"]):
            yield Problem("draw-wrong", where, message("ledger.draw-seed"))
            continue
        candidates = candidates_of_draw(content, DrawOf(facts["of"]), note.day, note.seq)
        drawn = draw_lots(make_seed(head[1], facts["public"]), candidates, facts["count"])
        if population_hash(candidates) != facts["candidates_sha256"] or list(drawn) != facts["drawn"]:
            yield Problem("draw-wrong", where, message("ledger.draw-lots"))


def _scan_problems(connection: sqlite3.Connection, root: Path) -> Iterator[Problem]:
    for seq, signed in read_all_entries(connection).scans():
        path = root / signed.reference
        if not path.resolve().is_relative_to(root.resolve()):
            yield Problem("file-outside", message("ledger.entry", seq=seq), message("ledger.scan-outside"))
        elif not path.is_file():
            yield Problem("file-missing", signed.reference, message("ledger.scan-missing", seq=seq))
        elif sha256_of_file(path) != signed.sha256:
            yield Problem("file-changed", signed.reference, message("ledger.scan-changed", seq=seq))
