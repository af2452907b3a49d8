"""Every route of the server: one table, which the tests walk."""

from __future__ import annotations

from agreegen.web.endpoint import Page
from agreegen.web.office import cores
from agreegen.web.routes import (
    account,
    agreements,
    archive,
    audit,
    batches,
    coverage,
    desk,
    ledger,
    ledger_acts,
    login,
    office_root,
    scans,
    signing,
    users,
    verify,
)

PAGES: tuple[Page, ...] = (
    *verify.PAGES,
    *login.PAGES,
    *office_root.PAGES,
    *account.PAGES,
    *users.PAGES,
    *batches.PAGES,
    *coverage.PAGES,
    *desk.PAGES,
    *signing.PAGES,
    *scans.PAGES,
    *agreements.PAGES,
    *archive.PAGES,
    *ledger.PAGES,
    *ledger_acts.PAGES,
    *audit.PAGES,
)


def lane_sizes() -> dict[str, int]:
    """Return how many requests of a lane run at once; the others wait."""
    ours = {signing.LANE: cores(), agreements.LANE: cores(), archive.finding.LANE: cores()}
    return {verify.LANE: cores(), login.LANE: 2, **ours}
