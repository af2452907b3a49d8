"""Which language the reader reads: chosen, else told by the environment, else English."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

AUTOMATIC = "en"
"""What is read by programs, and by people whose language has no catalogue."""

LOCALE_FOLDER = Path(__file__).parent / "locale"
_VARIABLES = ("AGREEGEN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_ON_PAGE = "AGREEGEN_ON_PAGE"
_chosen: ContextVar[str | None] = ContextVar("language", default=None)
_on_page: ContextVar[bool | None] = ContextVar("on-page", default=None)


@cache
def catalogue_folders() -> dict[str, Path]:
    """Return language → folder of its catalogue; `zh` for `zh_CN`."""
    return {path.name.partition("_")[0]: path for path in sorted(LOCALE_FOLDER.iterdir()) if path.is_dir()}


def languages() -> tuple[str, ...]:
    """Return the languages that have a catalogue, as `--lang` takes them."""
    return tuple(catalogue_folders())


def reader_language() -> str:
    """Return the language that texts for people are shown in."""
    return _chosen.get() or _language_of_environment()


def reads_on_page() -> bool:
    """Tell whether the reader has a page of the office in a browser before her, and no command line."""
    chosen = _on_page.get()
    return bool(os.environ.get(_ON_PAGE)) if chosen is None else chosen


def use_language(language: str) -> None:
    """Let this process and those that it starts speak a language from now on."""
    os.environ["AGREEGEN_LANG"] = language


@contextmanager
def speaking(language: str, *, on_page: bool = False) -> Iterator[None]:
    """Speak a language inside the block, in this thread or task only: one request of one reader.

    Args:
        language: One of `languages()`.
        on_page: Whether she reads it on a page of the office: then advice names what a page can do.
    """
    tokens = _chosen.set(language), _on_page.set(on_page)
    try:
        yield
    finally:
        _chosen.reset(tokens[0])
        _on_page.reset(tokens[1])


def _language_of_environment() -> str:
    for name in _VARIABLES:
        value = os.environ.get(name)
        if value:
            language = value.replace("-", "_").partition("_")[0].lower()
            return language if language in catalogue_folders() else AUTOMATIC
    return AUTOMATIC
