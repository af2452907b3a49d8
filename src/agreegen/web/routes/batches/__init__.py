"""Batches: from a roster to documents, and to the printer."""

from __future__ import annotations

from agreegen.web.routes.batches import documents, making, overview, paper, printing

PAGES = (*overview.PAGES, *making.PAGES, *documents.PAGES, *paper.PAGES, *printing.PAGES)
