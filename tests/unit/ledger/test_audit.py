"""Every stored value of a ledger is covered; what no command writes is found though it is signed."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from agreegen.ledger.audit import verify_ledger
from agreegen.ledger.draw import DrawOf, candidates_of_draw, draw_lots, population_hash
from agreegen.ledger.interface import Kind, Movement, Note, OwnKind
from agreegen.ledger.store import Ledger
from agreegen.ledger.totals import after_closing, sum_up
from tests.unit.register.conftest import NOW, OTHER, SEAL, judge

from .conftest import DAY, NOTICE, record, returned

TABLES = {
    "meta": ("key", ["key", "value"]),
    "events": ("seq", ["seq", "at", "kind", "document", "role", "sha256", "details", "hash"]),
    "heads": ("seq", ["seq", "count", "hash", "signer", "signature"]),
}


def _flip(value: object) -> object:
    if value is None:
        return "x"
    if isinstance(value, int):
        return value + 100
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    assert isinstance(value, str)
    return ("0" if value[:1] != "0" else "1") + value[1:]


def _edit(path: Path, statement: str, values: tuple[object, ...] = ()) -> None:
    connection = sqlite3.connect(path)
    for each in statement.split(";"):
        connection.execute(each, values)
    connection.commit()
    connection.close()


def _codes(path: Path) -> set[str]:
    return {problem.code for problem in verify_ledger(path, judge_head=judge).problems}


def test_a_whole_ledger_has_no_problems(ledger_file: Path) -> None:
    audit = verify_ledger(ledger_file, judge_head=judge)
    assert audit.problems == ()
    assert audit.head is not None
    assert audit.head.kind == "ledger"


def test_every_stored_value_is_covered(ledger_file: Path) -> None:
    original, tried = ledger_file.read_bytes(), 0
    for table, (key, columns) in TABLES.items():
        connection = sqlite3.connect(ledger_file)
        rows = connection.execute(f"SELECT {key}, {', '.join(columns)} FROM {table}").fetchall()
        connection.close()
        assert rows
        for identity, *values in rows:
            for column, value in zip(columns, values, strict=True):
                _edit(
                    ledger_file, f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (_flip(value), identity)
                )
                assert _codes(ledger_file), f"{table}.{column} of {identity} changed unseen"
                ledger_file.write_bytes(original)
                tried += 1
    assert tried > 100
    assert _codes(ledger_file) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events WHERE seq = 5",
        "UPDATE events SET seq = 1000 WHERE seq = 5;UPDATE events SET seq = 5 WHERE seq = 6;"
        "UPDATE events SET seq = 6 WHERE seq = 1000",
        "DELETE FROM events WHERE seq > 6;DELETE FROM heads WHERE seq > 6",
        "DELETE FROM heads",
        "CREATE TABLE more (x)",
    ],
)
def test_a_row_that_is_removed_moved_or_added_is_found(ledger_file: Path, statement: str) -> None:
    _edit(ledger_file, statement)
    assert _codes(ledger_file)


def test_a_ledger_that_was_taken_back_is_found_by_a_known_code(ledger_file: Path, tmp_path: Path) -> None:
    earlier = ledger_file.read_bytes()
    with Ledger.open(ledger_file) as ledger:
        record(ledger, returned("王五"))
        head = ledger.last_head()
    assert head is not None
    assert verify_ledger(ledger_file, known_codes=[head.code], known_heads=[head]).problems == ()
    taken_back = tmp_path / "back"
    taken_back.mkdir()
    (taken_back / "ledger.db").write_bytes(earlier)
    codes = {each.code for each in verify_ledger(taken_back / "ledger.db", known_codes=[head.code]).problems}
    assert codes == {"cut-off"}


def test_a_head_of_a_register_is_none_of_a_ledger(ledger_file: Path) -> None:
    with Ledger.open(ledger_file, read_only=True) as ledger:
        head = ledger.last_head()
    assert head is not None
    foreign = replace(head, kind="register")
    assert foreign.message != head.message
    assert {each.code for each in verify_ledger(ledger_file, known_heads=[foreign]).problems} == {
        "head-of-another"
    }


def test_another_signer_is_found(ledger_file: Path) -> None:
    with Ledger.open(ledger_file) as ledger:
        ledger.record([Note(OwnKind.TRAINING, DAY, {"people": [], "backdated": True})], now=NOW, signer=OTHER)
    assert _codes(ledger_file) == {"other-signer"}


def _signed(path: Path, *entries: Movement | Note) -> set[str]:
    """Let the signer itself write entries that no command would settle."""
    with Ledger.open(path) as ledger:
        ledger.record(entries, now=NOW, signer=SEAL)
    return _codes(path)


MARKED = Movement(Kind.DISTRIBUTE, "2026-0001", DAY, copies=(2,), giver="张三", receiver="甲", backdated=True)


def test_who_holds_the_key_cannot_give_what_nobody_has(ledger_file: Path) -> None:
    assert _signed(ledger_file, replace(MARKED, giver="赵六")) == {"copies-do-not-fit"}


def test_who_holds_the_key_cannot_destroy_alone(ledger_file: Path) -> None:
    alone = replace(
        MARKED,
        kind=Kind.DESTROY,
        receiver="",
        approved_by="赵六",
        counted_by="甲",
        witness="甲",
        method="碎纸",
    )
    assert _signed(ledger_file, alone) == {"entry-wrong"}


def test_who_holds_the_key_cannot_hide_that_an_entry_came_late(ledger_file: Path) -> None:
    assert _signed(ledger_file, replace(MARKED, backdated=False)) == {"entry-wrong"}


def test_who_holds_the_key_cannot_enter_into_a_closed_period(ledger_file: Path) -> None:
    last = DAY + timedelta(days=1)
    with Ledger.open(ledger_file, read_only=True) as ledger:
        totals = sum_up(ledger.content(), after_closing(None, last), last).to_dict()
    closing = Note(OwnKind.CLOSING, last, {"same_day": False, "totals": totals})
    assert _signed(ledger_file, closing, MARKED) == {"entry-wrong"}


def test_who_holds_the_key_cannot_sign_other_numbers(ledger_file: Path) -> None:
    last = DAY + timedelta(days=1)
    with Ledger.open(ledger_file, read_only=True) as ledger:
        totals = sum_up(ledger.content(), after_closing(None, last), last).to_dict()
    closing = Note(OwnKind.CLOSING, last, {"same_day": False, "totals": {**totals, "held": 2}})
    assert _signed(ledger_file, closing) == {"closing-wrong"}


def test_a_draw_that_was_not_drawn_is_found(ledger_file: Path) -> None:
    with Ledger.open(ledger_file, read_only=True) as ledger:
        head, content = ledger.last_head(), ledger.content()
    assert head is not None
    candidates = candidates_of_draw(content, DrawOf.COPIES, DAY)
    assert candidates == ("2026-0001/1", "2026-0001/2", "2026-0001/3")
    facts = {
        "of": "copies",
        "count": 1,
        "public": "",
        "head_count": head.count,
        "head": head.hash.hex(),
        "candidates": 3,
        "candidates_sha256": population_hash(candidates),
        "drawn": list(draw_lots(head.hash.hex(), candidates, 1)),
    }
    original = ledger_file.read_bytes()
    assert _signed(ledger_file, Note(OwnKind.DRAW, DAY, facts)) == set()
    others = [each for each in candidates if each not in facts["drawn"]]  # type: ignore[operator]
    for changed in ({"drawn": others[:1]}, {"head": "00" * 32}, {"candidates_sha256": "00" * 32}):
        ledger_file.write_bytes(original)
        assert _signed(ledger_file, Note(OwnKind.DRAW, DAY, {**facts, **changed})) == {"draw-wrong"}


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"no database at all, but long enough to be one" * 100)
    assert {each.code for each in verify_ledger(path).problems} == {"damaged"}


def test_an_item_is_described_once(ledger_file: Path) -> None:
    other = replace(NOTICE, title="另一件")
    again = Movement(
        Kind.RECEIVE,
        "2026-0001",
        date(2026, 4, 2),
        copies=(4,),
        giver="省",
        receiver="张三",
        custodian="张三",
        description=other,
        backdated=True,
    )
    assert _signed(ledger_file, again) == {"copies-do-not-fit"}
