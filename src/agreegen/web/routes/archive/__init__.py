"""Archive: bags and registers of batches, single bags through their life, bags that came from elsewhere."""

from __future__ import annotations

from agreegen.web.routes.archive import bags, batches, destroying, received

PAGES = (*received.PAGES, *bags.PAGES, *destroying.PAGES, *batches.PAGES)
