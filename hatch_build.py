"""Compiles the catalogues of messages into the wheel: `locale/<language>/LC_MESSAGES/<room>.mo`."""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands in compiled catalogues in place of the time of their making: equal sources give equal wheels."""


def compile_catalogue(source: Path, language: str) -> bytes:
    """Compile one catalogue; equal sources give equal bytes."""
    with source.open("rb") as reading:
        catalogue = read_po(reading, locale=language)
    catalogue.creation_date = catalogue.revision_date = _DATE
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()


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
            compiled.write_bytes(compile_catalogue(source, language))
            target = f"agreegen/messages/locale/{language}/LC_MESSAGES/{source.stem}.mo"
            build_data["force_include"][str(compiled)] = target
