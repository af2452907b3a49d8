"""The report of a run for people, in the reader's language, dressed like the verification report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from agreegen.batch.interface import Job, RunSummary
from agreegen.messages import message, reader_language, translate
from agreegen.reports.verification.html_style import STYLE

SHOWN = 1_000
"""So many failed rows and warnings are told one by one."""


def render_report(job: Job, summary: RunSummary, states: Mapping[str, int], reasons: Sequence[str]) -> str:
    """Render the page. It holds no ID numbers.

    Args:
        job: The job.
        summary: What came of the run.
        states: Documents of the register by state.
        reasons: Why rows failed, in words.
    """
    title = _say("title")
    done, failed = summary.done + summary.already_done, summary.failed
    parts = [
        f'<!DOCTYPE html>\n<html lang="{reader_language()}">\n<head><meta charset="utf-8">',
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><main><h1>{title}</h1>",
        f'<p class="when">{escape(f"{job.form.title_zh} {job.form.id} {job.form.version}")}</p>',
        f'<ul class="counts"><li class="valid"><b>{done}</b> {_say("done-in-all")}</li>',
        f'<li class="{"invalid" if failed else "valid"}"><b>{failed}</b> {_say("failed")}</li></ul>',
        f'<section class="overview"><table>{_facts(summary, states)}</table></section>',
        _list("reasons", reasons, "invalid"),
        _list("warnings", map(translate, summary.warnings), "open"),
    ]
    if failed:
        stem = Path(str(summary.failed_rows)).stem
        parts.append(f'<p class="legend">{escape(translate(message("batch.report.mend", stem=stem)))}</p>')
    return "\n".join([*parts, "</main></body></html>\n"])


def _facts(summary: RunSummary, states: Mapping[str, int]) -> str:
    facts: list[tuple[str, object]] = [
        (_say("rows"), summary.rows),
        (_say("done"), summary.done),
        (_say("done-before"), summary.already_done),
        (_say("failed"), summary.failed),
        (_say("superseded"), summary.superseded),
        (_say("kept"), summary.kept_signed),
        (_say("remade"), summary.remade),
        (_say("pending"), summary.timestamp_pending),
        (_say("open"), summary.left_open),
        (_say("seconds"), round(summary.seconds, 1)),
        (_say("per-second"), summary.documents_per_second),
        *((f"{_say('register')}{_say(f'state.{state}')}", count) for state, count in states.items()),
        (_say("head"), summary.register_head or "—"),
        *((_say("bag"), bag) for bag in summary.bags),
    ]
    return "".join(f"<tr><th>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in facts)


def _list(name: str, lines: Iterable[str], kind: str) -> str:
    told = [escape(line) for line in lines]
    if not told:
        return ""
    shown = told[:SHOWN] + (["…"] if len(told) > SHOWN else [])
    items = "".join(f"<li>{line}</li>" for line in shown)
    heading = f'<span class="verdict">{_say(name)}</span>'
    return f'<section class="file {kind}"><header>{heading}</header><ol>{items}</ol></section>'


def _say(name: str) -> str:
    return escape(translate(message(f"batch.report.{name}")))
