"""Words of the pages by code, in the visitor's language."""

from __future__ import annotations

from agreegen.messages import Message, has_entry, message, translate
from agreegen.web.store.audit import COMMAND_LINE


def say(language: str, code: str, **values: object) -> str:
    """Return the sentence of a code.

    Args:
        language: One of `agreegen.messages.languages()`.
        code: The code, as templates write it.
        values: What the sentence names.

    Raises:
        KeyError: There is no such code, or a value is missing: a bug.
    """
    return translate(Message(code, tuple(values.items())), language)


def say_address(language: str, address: str) -> str:
    """Return where an act came from: an address as it is, the server's own command line in words."""
    return say(language, "web.audit.command_line") if address == COMMAND_LINE else address


def say_act(language: str, act: str) -> str:
    """Return the name of an act or a result of the audit, as at the desk; its code where it has none."""
    names = (message(f"web.act.{act}"), message(f"sign.trouble.{act}"))
    return next((translate(name, language) for name in names if has_entry(name.code)), act)
