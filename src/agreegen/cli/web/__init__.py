"""`agreegen web`: the office in the browser."""

from __future__ import annotations

from agreegen.cli.web.serving import command

__all__ = ["command"]
