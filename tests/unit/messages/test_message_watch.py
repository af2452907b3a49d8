"""The watch over all tests sees a fragment of a language, and lets data pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agreegen.messages import message
from agreegen.model.report import PadesLevel, Verdict
from tests.message_watch import fragments


@pytest.mark.parametrize(
    "value", ["7 errors were found", "no such file", Verdict.VALID, timedelta(1), ["王芳", "is not known"]]
)
def test_a_fragment_is_seen(value: object) -> None:
    assert list(fragments(message("a.b", value=value)))


@pytest.mark.parametrize(
    "value",
    [
        "王芳",
        "EXAMPLE Root CA",
        "unit-seal",
        Path("a b c.pdf"),
        PadesLevel.B_B,
        datetime(2026, 1, 1, tzinfo=UTC),
        message("a.c"),
        OSError("x"),
        ["pledger_name", 3],
        None,
    ],
)
def test_data_and_what_says_itself_pass(value: object) -> None:
    assert list(fragments(message("a.b", value=value))) == []
