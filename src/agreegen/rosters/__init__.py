"""Parameter files and rosters: YAML, CSV, XLSX and XLS in, typed rows and located complaints out."""

from __future__ import annotations

from agreegen.rosters.failed_rows import write_failed_rows
from agreegen.rosters.parameters import check_parameters, read_parameters
from agreegen.rosters.roster import Roster, open_roster
from agreegen.rosters.row import RosterRow

__all__ = ["Roster", "RosterRow", "check_parameters", "open_roster", "read_parameters", "write_failed_rows"]
