"""Texts in JSON, in every language."""

from __future__ import annotations

from agreegen.messages import in_every_language, message, text_in, translate

_SAID = message("cli.interrupted")


def test_english_keeps_its_name_and_chinese_stands_beside() -> None:
    members = in_every_language("message", _SAID)
    assert members == {"message": str(_SAID), "message_zh": translate(_SAID, "zh")}
    assert text_in(members, "message", "zh") == translate(_SAID, "zh")
    assert text_in(members, "message", "en") == str(_SAID)


def test_several_stay_several_and_nothing_stays_nothing() -> None:
    members = in_every_language("reasons", (_SAID, "/srv/a b"))
    assert members["reasons_zh"] == [translate(_SAID, "zh"), "/srv/a b"]
    assert in_every_language("remedy", None) == {"remedy": None, "remedy_zh": None}


def test_what_an_earlier_version_wrote_is_read_in_english() -> None:
    assert text_in({"message": "as it was"}, "message", "zh") == "as it was"
