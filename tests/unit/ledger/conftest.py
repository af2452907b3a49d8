"""Ledgers that really stand on disk, under a signer of names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agreegen.ledger.interface import Item, Kind, Movement, Note, OwnKind
from agreegen.ledger.store import Ledger
from agreegen.ledger.timeline import place
from tests.unit.register.conftest import NOW, SEAL

DAY = date(2026, 4, 1)
NOTICE = Item("关于加强普查保密管理工作的通知", "国污普〔2018〕6号")


def received(item: str = "2026-0001", *, count: int = 3, day: date = DAY, receiver: str = "张三") -> Movement:
    return Movement(
        Kind.RECEIVE, item, day, count=count, giver="省普查办", receiver=receiver, description=NOTICE
    )


def lent(to: str, *, giver: str = "张三", day: date = DAY, due: date | None = None) -> Movement:
    return Movement(Kind.CIRCULATE, "2026-0001", day, giver=giver, receiver=to, due=due)


def returned(giver: str, *, day: date = DAY) -> Movement:
    return Movement(Kind.RETURN, "2026-0001", day, giver=giver, receiver="张三")


def record(ledger: Ledger, *wishes: Movement | Note) -> None:
    """Settle and record entries, as the writer does; they must fit."""
    content = ledger.content()
    movements = [
        replace(each, backdated=each.day < NOW.date()) for each in wishes if isinstance(each, Movement)
    ]
    placing = place(content.movements, movements, content.left)
    assert placing.refused == []
    placed = [each for each in placing.placed if each is not None]
    marked = [each for each in wishes if isinstance(each, Note)]
    ledger.record([*placed, *marked], now=NOW, signer=SEAL)


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    """A ledger with an item, copies that went round, a training and a copy that is out."""
    path = tmp_path / "ledger.db"
    Ledger.create(path, NOW)
    with Ledger.open(path) as ledger:
        record(ledger, Note(OwnKind.OPENED, DAY, {"office": "豫州市普查办"}), received())
        record(ledger, lent("李四"), returned("李四"), lent("王五", due=date(2026, 4, 10)))
        people = [{"name": "李四", "staff_no": "", "unit": "", "attended": True}]
        record(
            ledger,
            Note(
                OwnKind.TRAINING, DAY, {"topic": "保密", "held_by": "", "people": people, "backdated": True}
            ),
        )
    return path
