"""JSON of others: one error for whatever is wrong, and no reader breaks down over it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.api.rebuilding import reported_job
from agreegen.archive.retention.records import DestructionOrder
from agreegen.archive.retention.tombstone_check import is_genuine
from agreegen.chain.event_facts import read_facts
from agreegen.errors import RegisterError
from agreegen.json_text import parse_json
from agreegen.verification.interface import Options

DEEP = b'{"a":' * 100_000


@pytest.mark.parametrize("data", [DEEP, b"[" * 100_000, b"", b"{", b"\xff", b"nothing"])
def test_there_is_one_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(data)


def test_a_value_is_read() -> None:
    assert parse_json('{"a": [1, "二"]}') == {"a": [1, "二"]}


@pytest.mark.parametrize("data", ["[" * 100_000, "[]", "1", ""])
def test_facts_are_an_object(data: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_facts(data)


def test_records_of_others_do_not_break_their_readers_down(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nested"):
        DestructionOrder.from_json(DEEP)
    for name in ("order.json", "completion.json", "report.json"):
        (tmp_path / name).write_bytes(DEEP)
    assert not is_genuine(tmp_path, Options(now=datetime.now(UTC)))
    with pytest.raises(RegisterError):
        reported_job(tmp_path)
