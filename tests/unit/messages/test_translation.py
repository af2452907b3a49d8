"""Messages put into words: languages, values of every kind, times, errors that travel."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from agreegen.errors import InputError
from agreegen.messages import ErrorKind, message, moment_text, reader_language, speaking, translate
from agreegen.messages.catalogue import read_po

MOMENT = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's language and zone out."""
    for name in ("AGREEGEN_LANG", "AGREEGEN_TZ", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value", "language"),
    [
        ("LANG", "zh_CN.UTF-8", "zh"),
        ("LANG", "zh_CN.GBK", "zh"),
        ("LC_ALL", "zh-Hans", "zh"),
        ("LC_MESSAGES", "de_DE.UTF-8", "en"),
        ("LANG", "C.UTF-8", "en"),
        ("AGREEGEN_LANG", "zh", "zh"),
    ],
)
def test_the_environment_tells_the_language(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, language: str
) -> None:
    """A language without a catalogue is read in English."""
    monkeypatch.setenv(name, value)
    assert reader_language() == language


def test_our_own_variable_goes_before_the_locale_and_a_block_before_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server speaks to each reader in turn."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("AGREEGEN_LANG", "en")
    assert reader_language() == "en"
    with speaking("zh"):
        assert reader_language() == "zh"
        assert translate(message("cli.interrupted")) == "已中断"
    assert translate(message("cli.interrupted")) == "interrupted"


def test_text_is_english_and_words_are_the_readers() -> None:
    """JSON and logs take `str`; values are put into words with their sentence."""
    inner = message("cli.error", text=[Path("a.csv"), 7, "王{x}"])
    outer = message("cli.hint", text=inner)
    assert str(outer) == "hint: error: a.csv, 7, 王{x}"
    assert translate(outer, "zh") == "提示：错误：a.csv、7、王{x}"


def test_an_error_travels_and_is_said_as_a_cause() -> None:
    """Errors come from worker processes; who tells a cause hands over the error itself."""
    error = InputError(message("cli.bug"), hint=message("cli.bug.hint"))
    error = pickle.loads(pickle.dumps(error))
    assert (str(error), error.message) == ("this is a bug in agreegen", "this is a bug in agreegen")
    assert error.hint == "please report it with the lines above"
    assert translate(message("cli.error", text=error), "zh") == "错误：这是 agreegen 程序的缺陷"
    assert translate(error.advice, "zh") == "请将以上各行反馈给开发者"


def test_signed_in_the_morning_in_beijing_is_not_yesterday(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are in the reader's zone, which is named; the zone can be set."""
    assert moment_text(MOMENT, "zh") == "2026年11月29日 07:30，北京时间"
    assert moment_text(MOMENT.astimezone(timezone(timedelta(hours=-5))), "en") == "2026-11-28 23:30 UTC"
    monkeypatch.setenv("AGREEGEN_TZ", "Asia/Shanghai")
    assert moment_text(MOMENT, "en") == "2026-11-29 07:30 Beijing time"
    monkeypatch.setenv("AGREEGEN_TZ", "Asia/Kathmandu")
    assert moment_text(MOMENT, "zh") == "2026年11月29日 05:15，Asia/Kathmandu, UTC+05:45"
    monkeypatch.setenv("AGREEGEN_TZ", "UTC")
    assert moment_text(MOMENT, "zh") == "2026年11月28日 23:30，协调世界时（UTC）"
    assert translate(date(2026, 1, 5), "zh") == "2026年1月5日"
    assert translate(date(2026, 1, 5), "en") == "2026-01-05"


@pytest.mark.parametrize("name", ["Asia/Nowhere", "../etc/passwd", "Mars"])
def test_an_unknown_zone_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A wrong zone must not pass for the reader's."""
    monkeypatch.setenv("AGREEGEN_TZ", name)
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        moment_text(MOMENT, "zh")


def test_a_code_without_an_entry_is_a_bug() -> None:
    """Nothing is shown as if it were a sentence."""
    with pytest.raises(KeyError, match=r"cli\.no-such-code"):
        translate(message("cli.no-such-code"))


@pytest.mark.parametrize(
    "text", ['msgid "a.b"\nmsgstr x', 'msgid "a.b"\nnonsense', 'msgid "a.b"\nmsgstr "1"\n\n' * 2]
)
def test_a_source_that_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    """Half a catalogue would show codes to people."""
    path = tmp_path / "a.po"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"a\.po:\d+: "):
        read_po(path)


def test_no_message_is_written_before_it_is_translated() -> None:
    """A message's own text is English: whoever writes one by `click.echo` has to translate it first."""
    folder = Path(__file__).parents[3] / "src" / "agreegen"
    written = re.compile(r"(?:click\.echo|\.write|\bprint)\(\s*message\(")
    found = [path.name for path in sorted(folder.rglob("*.py")) if written.search(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("exc", "english", "chinese"),
    [
        (KeyError("x"), "a library broke down over these bytes (KeyError)", "程序库在处理这些数据时出错"),
        (
            UnicodeDecodeError("utf-8", b"", 0, 1, "?"),
            "a library broke down over these bytes (UnicodeDecodeError)",
            "程序库在处理这些数据时出错（文字编码不符）",
        ),
    ],
)
def test_the_class_of_an_error_is_told_to_readers_of_english_only(
    exc: Exception, english: str, chinese: str
) -> None:
    """Others read what it means, where that is known, and never the name of a Python class."""
    told = message("foreign.library-broke-down-over-these-bytes", kind=ErrorKind.of(exc))
    assert (str(told), translate(told, "zh")) == (english, chinese)


def test_what_a_library_says_is_not_shown_by_its_class() -> None:
    """An exception of a kind without a text of its own: a sentence all the same."""
    told = message("signing.credential", path="seal.yaml", cause=KeyError("x"))
    assert "KeyError" not in translate(told, "zh")
