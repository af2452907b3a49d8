"""No sentence is filled with a fragment of one: its values are data, or messages of their own."""

from __future__ import annotations

import string

import pytest

from agreegen.messages import languages

from .filled_words import CLASS_NAME, Module, Package, filled_words
from .test_catalogue import entries

DATA = {
    "keys of files": "agreements backend conditions credentials fields fonts forms id identifying kind"
    " label name otp packaged passphrase password pin policy printed required roles roster serial text title"
    " token trust username version backdated by copies count credential custodian day due giver item method"
    " note origin receiver signature witness",
    "folders and files": "agreements batch certificates crls documents paper parts pledges review samples"
    " scans transfer",
    "programs and packages": "clamscan fontconfig multipart starlette uvicorn verapdf",
    "roles of accounts, kinds of chains, which commands are named by": "officer ledger",
    "names of PDF": "Contents Encrypt Extensions Info Prev Root Subj Version",
    "scripts by ISO 15924": "Hani Kana",
    "answers of services, error handlers of encodings": "error replace strict",
    "an account without a name": "unknown",
}
"""What may stand in a sentence of every language, and why."""
PHRASES = {
    " · :style=Regular",
    " · tls",
    "BabelStone Han",
    "Common Name",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "import uno",
    "import · ",
    "scan · ",
}
"""Fonts, parts of addresses and of file names, and what certificates call the parts of their names."""

LEAKS = """
KINDS = {b"P": "a picture"}
def plural(errors):
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return message("a.b", count=count)
def looked_up(head):
    for magic, kind in KINDS.items():
        return message("a.b", kind=kind)
def told(what):
    return message("a.b", what=what)
def caller():
    told("timestamp service")
def found(seq):
    yield Problem("code", f"event {seq}", message("a.b"))
def shown(texts):
    return ", ".join(texts) or "none"
def used(texts):
    return message("a.b", texts=shown(texts))
def broken(exc):
    return message("a.b", kind=type(exc).__name__)
"""


def test_words_that_reach_a_sentence_are_followed() -> None:
    """The measure itself."""
    found = {text for _, text in Package([Module.parse("leaks.py", LEAKS)]).filled()}
    assert found == {
        "1 error",
        " ·  errors",
        "a picture",
        "timestamp service",
        "event  · ",
        "none",
        CLASS_NAME,
    }
    sound = 'def f(name):\n    return message("a.b", name=name, kind=message("a.c"), file="agreegen.json")'
    assert list(Package([Module.parse("sound.py", sound)]).filled()) == []


def test_no_fragment_of_a_language_fills_a_sentence() -> None:
    """A plural, the kind of a thing, a library's word: each is a message of its own."""
    data = PHRASES.union(*(words.split() for words in DATA.values()))
    leaks = {place: sorted(texts - data) for place, texts in filled_words().items() if texts - data}
    assert leaks == {}


def test_what_is_data_is_said_somewhere() -> None:
    """A word that nobody fills in any more goes from the list."""
    said = frozenset().union(*filled_words().values())
    assert sorted(PHRASES - said) == []
    assert sorted({word for words in DATA.values() for word in words.split()} - said) == []


@pytest.mark.parametrize("language", [each for each in languages() if each != "en"])
def test_values_stand_in_a_sentence_as_they_are(language: str) -> None:
    """`!r` would quote them as Python does."""
    found = [
        code
        for code, text in entries(language).items()
        if not code.startswith("click.")
        and any(conversion for *_, conversion in string.Formatter().parse(text))
    ]
    assert found == []
