"""Writing results: JSON for machines, tables for people, and the generated part of docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.files import write_atomically
from benchmarks.measure import Figure, Ratio, Result

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
QUIET = 0.1
"""Up to this share of other programs' work the machine counts as quiet."""


def to_document(
    results: Sequence[Result], machine: dict[str, str | int], at: datetime, seconds: float, *, quick: bool
) -> dict[str, Any]:
    """Return everything as one JSON object."""
    return {
        "schema": "agreegen/benchmarks/1",
        "measured": at.date().isoformat(),
        "quick": quick,
        "seconds": round(seconds, 1),
        "machine": machine,
        "suites": [result.to_dict() for result in results],
    }


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write the JSON file."""
    write_atomically(path, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def to_markdown(
    results: Sequence[Result], machine: dict[str, str | int], at: datetime, seconds: float
) -> str:
    """Return the generated section: the machine, then for each suite its figures, ratios and notes."""
    busiest = max((result.busy_before for result in results), default=0.0)
    lines = [f"Measured on {at:%Y-%m-%d} in one run of {seconds / 60:.0f} minutes on one machine. "]
    if busiest > QUIET:
        lines[0] += (
            f"**The machine was shared**: other programs used up to {busiest:.0%} of its processors just "
            "before a suite, so times and rates are worse than on a quiet machine and their spread is wide; "
            "the ratios compare things that were measured in turn."
        )
    else:
        lines[0] += f"The machine was quiet (at most {busiest:.0%} of its processors in use before a suite)."
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {value} |" for name, value in machine.items()]
    for result in results:
        lines += ["", *suite_markdown(result)]
    return "\n".join(lines) + "\n"


def suite_markdown(result: Result) -> list[str]:
    """Return the lines of one suite."""
    lines = [f"### {result.title}"]
    if result.figures:
        lines += ["", "| what | unit | min | median | max | samples |", "|---|---|---:|---:|---:|---:|"]
        lines += [_figure_row(figure) for figure in result.figures]
    if result.ratios:
        lines += ["", "| compared | factor | goal | reached |", "|---|---:|---:|---|"]
        lines += [_ratio_row(ratio) for ratio in result.ratios]
    if result.notes:
        lines += ["", *(f"- {note}" for note in result.notes)]
    return lines


def _figure_row(figure: Figure) -> str:
    name = f"{figure.name} ({figure.note})" if figure.note else figure.name
    low, middle, high = (show(n) for n in (min(figure.samples), figure.median, max(figure.samples)))
    return f"| {name} | {figure.unit} | {low} | {middle} | {high} | {len(figure.samples)} |"


def _ratio_row(ratio: Ratio) -> str:
    goal, reached = "", ""
    if ratio.goal is not None:
        goal = f"{'≤' if ratio.at_most else '≥'} {ratio.goal:g}"
        reached = "yes" if ratio.reached else "**no**"
    return f"| {ratio.name} | {show(ratio.value)} | {goal} | {reached} |"


def show(number: float) -> str:
    """Return a number with three significant digits, thousands whole."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    if abs(number) >= 10:
        return f"{number:.1f}"
    return f"{number:.2f}" if abs(number) >= 0.1 else f"{number:.3f}"


def insert_section(path: Path, section: str) -> None:
    """Put the generated section between its marks, leaving the text around it alone.

    Raises:
        ValueError: The marks are not there.
    """
    text = path.read_text("utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path.name} has no marks {BEGIN} … {END}")
    write_atomically(path, f"{head}{BEGIN}\n{section}{END}{tail}".encode())
