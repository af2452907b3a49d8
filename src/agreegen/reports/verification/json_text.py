"""The report as JSON, exactly as `verify --json` prints it."""

from __future__ import annotations

import json

from agreegen.model.report import Report


def render_json(report: Report) -> str:
    """Render a report as indented JSON in UTF-8."""
    return json.dumps(report.to_dict(), ensure_ascii=False, indent=2)
