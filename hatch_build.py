"""Compiles the catalogues of messages into the wheel: `locale/<language>/LC_MESSAGES/<room>.mo`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Puts a compiled catalogue beside each source; an editable checkout reads the sources themselves."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile what the wheel takes."""
        if version == "editable":
            return
        folder = Path(tempfile.mkdtemp(prefix="agreegen-catalogues-"))
        locale = Path(self.root, "src", "agreegen", "messages", "locale")
        for source in locale.glob("*/*.po"):
            language = source.parent.name
            compiled = folder / f"{language}-{source.stem}.mo"
            with source.open("rb") as reading, compiled.open("wb") as writing:
                write_mo(writing, read_po(reading, locale=language))
            target = f"agreegen/messages/locale/{language}/LC_MESSAGES/{source.stem}.mo"
            build_data["force_include"][str(compiled)] = target
