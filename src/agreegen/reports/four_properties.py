"""The report on the four properties of a bag (四性检测): one HTML file, and the same as a workbook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agreegen.files import write_atomically
from agreegen.messages import message, moment_text, reader_language, translate
from agreegen.model.four_properties import Check, Outcome, Property, outcome_of
from agreegen.reports.verification.html_style import STYLE
from agreegen.unit_sheets import Table, write_tables

_CLASSES = {
    Outcome.PASSED: "valid",
    Outcome.FAILED: "invalid",
    Outcome.REMARK: "open",
    Outcome.NOT_DONE: "open",
}
_WIDTHS = (10, 26, 30, 10, 80)
_COLUMNS = ("property", "subject", "basis", "outcome", "detail")


def write_four_html(path: Path, bag: str, checks: Sequence[Check], *, stage: str, now: datetime) -> None:
    """Write the report as one file without anything from elsewhere, in the reader's language.

    Args:
        path: The file.
        bag: Name of the bag.
        checks: What was checked.
        stage: `archiving`, `receipt` or `preservation`.
        now: When, aware UTC.

    Raises:
        OSError: It cannot be written.
    """
    title = translate(message("reports.four-title"))
    about = message("reports.four-about", bag=bag, stage=message(f"reports.four-stage-{stage}"))
    parts = [
        f'<!DOCTYPE html><html lang="{reader_language()}"><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body><main>",
        f"<h1>{html.escape(title)}</h1>",
        f'<p class="about">{_text(about)} · {html.escape(moment_text(now))}</p>',
        f'<p class="legend">{_text(message("reports.four-no-certificate"))}</p>',
        *(_section(which, checks) for which in Property),
        "</main></body></html>\n",
    ]
    write_atomically(path, "".join(parts).encode())


def write_four_workbook(path: Path, checks: Sequence[Check]) -> None:
    """Write the same checks as a workbook, a row a check.

    Raises:
        OSError: It cannot be written.
    """
    headers = [translate(message(f"reports.four-column-{name}")) for name in _COLUMNS]
    rows = [[translate(cell) for cell in _cells(check)] for check in checks]
    title = translate(message("reports.four-title"))
    write_tables(path, [Table(title, list(zip(headers, _WIDTHS, strict=True)), rows)])


def _section(which: Property, checks: Sequence[Check]) -> str:
    outcome = outcome_of(checks, which)
    rows = "".join(
        f'<tr class="{_CLASSES[check.outcome]}"><td>{_text(cells[3])}</td><td>{_text(cells[1])}</td>'
        f"<td>{_text(cells[2])}</td><td>{_text(cells[4])}</td></tr>"
        for check in checks
        if check.property is which
        for cells in (_cells(check),)
    )
    name = _text(message(f"reports.four-{which.value}"))
    word = _text(message(f"reports.four-outcome-{outcome.value}"))
    return (
        f'<section class="file {_CLASSES[outcome]}"><header><h2>{name}</h2>'
        f'<span class="verdict">{word}</span></header>'
        f'<div class="overview"><table>{rows}</table></div></section>'
    )


def _cells(check: Check) -> tuple[object, ...]:
    return (
        message(f"reports.four-{check.property.value}"),
        check.subject,
        check.basis,
        message(f"reports.four-outcome-{check.outcome.value}"),
        check.detail,
    )


def _text(said: object) -> str:
    return html.escape(translate(said))
