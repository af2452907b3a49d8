"""What a person sees first in the HTML report of many files: counts, and one line a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from agreegen.messages import message, translate
from agreegen.model.report import FileReport, Verdict
from agreegen.model.text import printable
from agreegen.reports.verification.wording import (
    count_headlines,
    headline,
    open_roles,
    short_headline,
    signers_of,
)

_HEADS = (
    message("reports.column-result"),
    message("reports.column-file"),
    message("reports.column-signed-by"),
    message("reports.column-not-signed-yet"),
)


def render_counts(files: Sequence[FileReport], lang: str) -> Iterator[str]:
    """Yield the counts of the verdicts; valid files that are not complete are counted apart."""
    yield '<ul class="counts">'
    for (verdict, word), count in count_headlines(files, lang).items():
        kind = verdict.value if word == headline(verdict, lang) else f"{verdict.value} open"
        yield f'<li class="{kind}"><b>{count}</b> {escape(word)}</li>'
    yield "</ul>"


def css_class(file: FileReport) -> str:
    """Return the classes that colour a file: its verdict, and whether a valid one waits for a signature."""
    waits = file.verdict is Verdict.VALID and open_roles(file, "en")
    return f"{file.verdict.value} open" if waits else file.verdict.value


def render_overview(files: Sequence[FileReport], lang: str) -> Iterator[str]:
    """Yield a table with one line a file that leads to its section; nothing for a single file."""
    if len(files) < 2:
        return
    yield '<div class="overview"><table><thead><tr>'
    yield from (f"<th>{escape(translate(head, lang))}</th>" for head in _HEADS)
    yield "</tr></thead><tbody>"
    for number, file in enumerate(files, start=1):
        cells = (signers_of(file, lang), translate(open_roles(file, lang), lang))
        yield f'<tr class="{css_class(file)}"><td>{escape(short_headline(file, lang))}</td>'
        path = escape(printable(file.path))
        yield f"<td>{path}</td>" if file.abridged else f'<td><a href="#file-{number}">{path}</a></td>'
        yield from (f"<td>{escape(printable(cell))}</td>" for cell in cells)
        yield "</tr>"
    yield "</tbody></table></div>\n"
