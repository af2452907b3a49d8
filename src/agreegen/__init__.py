"""agreegen fills Word forms from rosters, signs them with PAdES, verifies them and archives them."""

from __future__ import annotations

from importlib import metadata

try:
    __version__ = metadata.version("agreegen")
except metadata.PackageNotFoundError:  # pragma: no cover - a source tree that was never installed
    __version__ = "0+unknown"
