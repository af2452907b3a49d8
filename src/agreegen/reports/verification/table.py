"""The report as text for people: a table of all files, then each file that needs attention in plain words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from agreegen.messages import message, translate
from agreegen.model.report import FileReport, Report, Verdict
from agreegen.model.text import printable
from agreegen.reports.verification.wording import (
    EXAMPLE_NOTE,
    EXAMPLE_TRUST,
    alarm_detail,
    explain,
    open_roles,
    order_headlines,
    short_headline,
    signature_line,
    signers_of,
)

_MARKS = {
    Verdict.VALID: "✔",
    Verdict.INVALID: "✘",
    Verdict.INDETERMINATE: "?",
    Verdict.UNSIGNED: "○",
    Verdict.UNREADABLE: "!",
}
# Control, direction and private-use characters, surrogates, line separators. Unassigned ones stay: rare Han
# characters are encoded faster than programs learn of them.
_NAME_WIDTH = 60
_MAX_EXPLAINED = 200


def render_table(report: Report, *, lang: str = "en") -> str:
    """Render a report for a terminal.

    Args:
        report: The report.
        lang: `zh` or `en`.
    """
    table = Table(lang)
    for file in report.files:
        table.add(file)
    return table.render()


@dataclass(slots=True)
class Table:
    """What the table says of each file, so that the reports of many files need not be kept.

    Attributes:
        lang: `zh` or `en`.
        rows: A line a file.
        explained: The files that are explained: those that need attention, or the only one.
        unexplained: How many more need attention.
        counted: Files by verdict and words.
        example: Whether a verdict rests on an example certificate.
    """

    lang: str = "en"
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    explained: list[FileReport] = field(default_factory=list)
    unexplained: int = 0
    counted: Counter[tuple[Verdict, str]] = field(default_factory=Counter)
    example: bool = False

    def add(self, file: FileReport) -> None:
        """Take a file in."""
        word = short_headline(file, self.lang)
        signed = f"{signers_of(file, self.lang)}{_open_roles(file, self.lang)}"
        if len(self.rows) == 1 and not _needs_attention(self.explained[0]):
            self.explained.clear()  # it is not the only file any more
        self.rows.append((f"{_MARKS[file.verdict]} {word}", _shorten(file.path), signed))
        self.counted[file.verdict, word] += 1
        self.example = self.example or any(alarm.code == EXAMPLE_TRUST for alarm in file.alarms)
        if len(self.rows) > 1 and not _needs_attention(file):
            return
        if len(self.explained) < _MAX_EXPLAINED:
            self.explained.append(file)
        else:
            self.unexplained += 1

    @property
    def all_valid(self) -> bool:
        """Whether there is at least one file and every verdict is `valid`."""
        return bool(self.counted) and all(verdict is Verdict.VALID for verdict, _ in self.counted)

    def render(self) -> str:
        """Render what was taken in."""
        lines = _table(self.rows, self.lang)
        for file in self.explained:
            lines += ["", *_explained(file, self.lang)]
        if self.unexplained:
            lines += ["", translate(message("reports.and-more", count=self.unexplained), self.lang)]
        if self.example:
            lines += ["", translate(EXAMPLE_NOTE, self.lang)]
        words = [f"{word} {count}" for (_, word), count in order_headlines(self.counted).items()]
        total = message("reports.count-of-files", count=len(self.rows), words=words)
        return "\n".join([*lines, "", translate(total, self.lang)])


def _table(files: Sequence[tuple[str, str, str]], lang: str) -> list[str]:
    heads = (
        translate(message("reports.column-result"), lang),
        translate(message("reports.column-file"), lang),
        translate(message("reports.column-signed-by"), lang),
    )
    rows = [heads, *files]
    widths = [max(_width(row[column]) for row in rows) for column in range(2)]
    lines = [
        f"{_padded(row[0], widths[0])}  {_padded(row[1], widths[1])}  {printable(row[2])}".rstrip()
        for row in rows
    ]
    return [lines[0], "─" * min(100, max(map(_width, lines))), *lines[1:]]


def _open_roles(file: FileReport, lang: str) -> str:
    roles = open_roles(file, lang)
    return translate(message("reports.open-roles", roles=roles), lang) if roles else ""


def _needs_attention(file: FileReport) -> bool:
    codes = {alarm.code for alarm in file.alarms} - {EXAMPLE_TRUST}
    return file.verdict is not Verdict.VALID or bool(codes)


def _explained(file: FileReport, lang: str) -> list[str]:
    words = explain(file, lang)
    lines = [f"{_MARKS[file.verdict]} {words.headline}  {printable(file.path)}"]
    for title, items in (
        (message("reports.table-holds"), words.holds),
        (message("reports.table-fails"), words.fails),
        (message("reports.table-advice"), words.advice),
    ):
        if items:
            lines.append(translate(title, lang))
            lines += [f"    - {printable(item)}" for item in items]
    details = [
        _told(signature_line(s, file.document, lang), reason, lang)
        for s in file.signatures
        for reason in s.reasons
    ]
    details += [
        _told(alarm.code, alarm_detail(alarm, lang), lang)
        for alarm in file.alarms
        if alarm.code != EXAMPLE_TRUST
    ]
    if details:
        lines.append(translate(message("reports.table-details"), lang))
        lines += [f"    - {printable(line)}" for line in dict.fromkeys(details)]
    return lines


def _told(place: str, problem: object, lang: str) -> str:
    return translate(message("reports.told", place=place, problem=problem), lang)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _shorten(path: str) -> str:
    path = printable(path)
    if _width(path) <= _NAME_WIDTH:
        return path
    while _width(path) > _NAME_WIDTH - 1:
        path = path[1:]
    return f"…{path}"
