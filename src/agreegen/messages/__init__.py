"""Every sentence that a person reads, by code, in one gettext catalogue a language; docs/messages.md.

    raise InputError(
        message("rosters.no-sheet", path=path, sheet=sheet),
        hint=message("rosters.no-sheet.hint", sheets=names),
    )

A message is a value: code and values. It is put into words where it is shown, in the reader's language
(`translate`); `str(message)` is English, for JSON, logs and tests.
"""

from agreegen.messages.json_languages import in_every_language, text_in
from agreegen.messages.languages import AUTOMATIC, languages, reader_language, speaking, use_language
from agreegen.messages.message import (
    ForeignDetail,
    SaidElsewhere,
    any_of,
    first_few,
    foreign_text,
    join_sentences,
    message,
)
from agreegen.messages.times import moment_text
from agreegen.messages.translation import ErrorKind, Message, Translatable, has_entry, translate

__all__ = [
    "AUTOMATIC",
    "ErrorKind",
    "ForeignDetail",
    "Message",
    "SaidElsewhere",
    "Translatable",
    "any_of",
    "first_few",
    "foreign_text",
    "has_entry",
    "in_every_language",
    "join_sentences",
    "languages",
    "message",
    "moment_text",
    "reader_language",
    "speaking",
    "text_in",
    "translate",
    "use_language",
]
