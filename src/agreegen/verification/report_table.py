"""The report as text for people: a table of all files, then each file that needs attention in plain words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from agreegen.model.report import FileReport, Report, Verdict
from agreegen.verification.wording import (
    EXAMPLE_NOTE,
    EXAMPLE_TRUST,
    count_headlines,
    explain,
    open_roles,
    pick,
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
_UNPRINTABLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_NONCHARACTER = 0xFFFE
_NAME_WIDTH = 60
_MAX_EXPLAINED = 200


def render_table(report: Report, *, lang: str = "en") -> str:
    """Render a report for a terminal.

    Args:
        report: The report.
        lang: `zh` or `en`.
    """
    lines = _table(report.files, lang)
    lone = len(report.files) == 1
    attention = [file for file in report.files if lone or _needs_attention(file)]
    for file in attention[:_MAX_EXPLAINED]:
        lines += ["", *_explained(file, lang)]
    if len(attention) > _MAX_EXPLAINED:
        rest = len(attention) - _MAX_EXPLAINED
        lines += [
            "",
            pick((f"… and {rest} more; --json and --html name them all", f"……另有 {rest} 份"), lang),
        ]
    if any(alarm.code == EXAMPLE_TRUST for file in report.files for alarm in file.alarms):
        lines += ["", pick(EXAMPLE_NOTE, lang)]
    counts = count_headlines(report.files, lang)
    words = ", ".join(f"{word} {count}" for (_, word), count in counts.items())
    lines += [
        "",
        pick((f"{len(report.files)} file(s): {words}", f"共 {len(report.files)} 份：{words}"), lang),
    ]
    return "\n".join(lines)


def _table(files: Sequence[FileReport], lang: str) -> list[str]:
    heads = pick(("Result", "结果"), lang), pick(("File", "文件"), lang), pick(("Signed by", "签署人"), lang)
    rows = [heads]
    for file in files:
        word = f"{_MARKS[file.verdict]} {short_headline(file, lang)}"
        rows.append((word, _shorten(file.path), f"{signers_of(file)}{_open_roles(file, lang)}"))
    widths = [max(_width(row[column]) for row in rows) for column in range(2)]
    lines = [
        f"{_padded(row[0], widths[0])}  {_padded(row[1], widths[1])}  {printable(row[2])}".rstrip()
        for row in rows
    ]
    return [lines[0], "─" * min(100, max(map(_width, lines))), *lines[1:]]


def _open_roles(file: FileReport, lang: str) -> str:
    roles = ", ".join(open_roles(file))
    return pick((f"  (open: {roles})", f"（尚待签署：{roles}）"), lang) if roles else ""


def _needs_attention(file: FileReport) -> bool:
    codes = {alarm.code for alarm in file.alarms} - {EXAMPLE_TRUST}
    return file.verdict is not Verdict.VALID or bool(codes)


def _explained(file: FileReport, lang: str) -> list[str]:
    words = explain(file, lang)
    lines = [f"{_MARKS[file.verdict]} {words.headline}  {printable(file.path)}"]
    for title, items in (
        (pick(("What holds", "成立的"), lang), words.holds),
        (pick(("What does not", "不成立或存疑的"), lang), words.fails),
        (pick(("What to do", "怎么办"), lang), words.advice),
    ):
        if items:
            lines.append(f"  {title}:" if lang == "en" else f"  {title}：")
            lines += [f"    - {printable(item)}" for item in items]
    details = [f"{signature_line(s, lang)}: {reason}" for s in file.signatures for reason in s.reasons]
    details += [f"{alarm.code}: {alarm.message}" for alarm in file.alarms if alarm.code != EXAMPLE_TRUST]
    if details:
        lines.append(pick(("  In detail:", "  细节："), lang))
        lines += [f"    - {printable(line)}" for line in dict.fromkeys(details)]
    return lines


def printable(text: str) -> str:
    """Drop control and direction characters, which could make a terminal or a page show something else."""
    return "".join(
        c
        for c in text
        if unicodedata.category(c) not in _UNPRINTABLE and ord(c) & _NONCHARACTER != _NONCHARACTER
    )


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
