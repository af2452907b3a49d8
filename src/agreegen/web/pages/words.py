"""Words of the pages by code, in the visitor's language."""

from __future__ import annotations

import functools
from importlib.resources import files


@functools.cache
def _catalogue() -> dict[str, dict[str, str]]:
    text = files("agreegen.web").joinpath("pages", "words.txt").read_text(encoding="utf-8")
    entries = [line.split(" | ") for line in text.splitlines()]
    return {
        language: {entry[0]: entry[index] for entry in entries}
        for index, language in enumerate(("zh", "en"), start=1)
    }


def say(language: str, code: str, **values: object) -> str:
    """Return the sentence of a code.

    Args:
        language: `zh` or `en`.
        code: The code.
        values: What the sentence names.

    Raises:
        KeyError: There is no such code: a bug.
    """
    return _catalogue()[language][code].format(**values)


def say_act(language: str, act: str) -> str:
    """Return the name of an act or a result of the audit; its code where it has none."""
    return _catalogue()[language].get(f"web.act.{act}", act)
