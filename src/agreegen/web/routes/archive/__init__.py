"""Archive: bags and registers of batches."""

from __future__ import annotations

from agreegen.web.routes.archive import batches

PAGES = (*batches.PAGES,)

__all__ = ["PAGES"]
