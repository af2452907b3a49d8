"""The entries of a language, room by room: compiled in a wheel, read from their sources in a checkout."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from agreegen.messages.languages import catalogue_folders

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"\s*$')
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(.)")


def find_entry(code: str, language: str) -> str | None:
    """Return the text of a code in a language, placeholders unfilled; None if it has none."""
    return _load_room(code.partition(".")[0], language)(code)


@cache
def _load_room(room: str, language: str) -> Callable[[str], str | None]:
    """Load what a room says in a language, to be asked by code."""
    folder = catalogue_folders().get(language)
    if folder is None:
        return lambda _code: None
    compiled = folder / "LC_MESSAGES" / f"{room}.mo"
    if compiled.is_file():
        with compiled.open("rb") as stream:
            translations = gettext.GNUTranslations(stream)
        return lambda code: None if (text := translations.gettext(code)) == code else text
    source = folder / f"{room}.po"
    return (read_po(source) if source.is_file() else {}).get


def read_po(path: Path) -> dict[str, str]:
    """Read the entries of a .po file that holds comments, `msgid` and `msgstr` only.

    Raises:
        ValueError: A line is something else, or a code stands twice.
    """
    entries: dict[str, str] = {}
    code, parts = "", None
    for number, line in enumerate([*path.read_text("utf-8").splitlines(), 'msgid ""'], 1):
        keyword, _, rest = line.partition(" ")
        if keyword == "msgid":
            if parts is not None and code:
                entries[code] = "".join(parts)
            code, parts = _unquoted(rest, path, number), None
            if code in entries:
                raise ValueError(f"{path}:{number}: {code} stands there twice")
        elif keyword == "msgstr":
            parts = [_unquoted(rest, path, number)]
        elif line.startswith('"') and parts is not None:
            parts.append(_unquoted(line, path, number))
        elif line and not line.startswith("#"):
            raise ValueError(f"{path}:{number}: neither comment nor msgid nor msgstr")
    return entries


def _unquoted(text: str, path: Path, number: int) -> str:
    found = _STRING.match(text)
    if found is None:
        raise ValueError(f"{path}:{number}: no string in double quotes")
    return _ESCAPE.sub(lambda match: _ESCAPES[match[1]], found[1])
