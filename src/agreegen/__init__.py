"""agreegen fills Word forms from rosters, signs them with PAdES, verifies them and archives them."""

from __future__ import annotations

__version__ = "0.2.0"
"""Of the code that runs: what is known of an installed package may be of an earlier one. Builds read it."""
