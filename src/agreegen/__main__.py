"""`python -m agreegen` is the same program as `agreegen`."""

from __future__ import annotations

from agreegen.cli.main import main

main()
