"""The report as one HTML file: plain words first, details below, no network, made to be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from agreegen.files import replacing
from agreegen.messages import Message, has_entry, message, translate
from agreegen.model.report import DocumentFacts, FileReport, Report, SignatureReport
from agreegen.model.text import printable
from agreegen.reports.verification.changed_pages import (
    changed_pages,
    changed_signature,
    content_of_file,
    shows_pages,
)
from agreegen.reports.verification.html_overview import css_class, render_counts, render_overview
from agreegen.reports.verification.html_seals import render_seals
from agreegen.reports.verification.html_style import STYLE
from agreegen.reports.verification.wording import (
    EXAMPLE_NOTE,
    EXAMPLE_TRUST,
    alarm_detail,
    explain,
    signature_line,
)
from agreegen.verification.interface import Options
from agreegen.verification.pictures.interface import PagePair

MAX_COMPARED = 10
_MAX_BYTES = 64 << 20
_AXES = ("integrity", "coverage", "changes_after", "trust", "revocation", "level", "method", "evidence")
_GOOD = {"intact", "whole-file", "revision", "none", "permitted", "trusted", "clear", "certificate", "device"}
_BAD = {"broken", "unreadable", "partial", "forbidden", "untrusted", "revoked", "differs", "missing"}


def write_html(path: Path, report: Report, options: Options, *, lang: str) -> None:
    """Write a report as one self-contained HTML file, piece by piece.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(html_parts(report, options, lang))


def render_html(
    report: Report, options: Options, *, lang: str = "en", contents: Mapping[str, bytes] | None = None
) -> str:
    """Render a report as one self-contained HTML file; `contents` as for `html_parts`."""
    return "".join(html_parts(report, options, lang, contents))


def html_parts(
    report: Report, options: Options, lang: str, contents: Mapping[str, bytes] | None = None
) -> Iterator[str]:
    """Yield a report as one self-contained HTML file, piece by piece.

    For files that were changed after signing, the pages that look different are shown as signed and as they
    are now; for that the files are read again.

    Args:
        report: The report.
        options: What the caller chose.
        lang: `zh` or `en`.
        contents: Path → bytes of files that lie on no disk; None to read the files again.
    """
    title = escape(translate(message("reports.title"), lang))
    tag = "zh-CN" if lang == "zh" else "en"
    yield (
        f'<!DOCTYPE html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    )
    yield from _head(report, options, lang)
    yield "\n"
    yield from _sections(report, options, lang, contents)
    yield f"{_legend(lang)}</main>\n</body>\n</html>\n"


def _sections(
    report: Report, options: Options, lang: str, contents: Mapping[str, bytes] | None
) -> Iterator[str]:
    budget = MAX_COMPARED
    for number, file in enumerate(report.files, start=1):
        if file.abridged:
            continue
        pairs: tuple[PagePair, ...] | None = ()
        if shows_pages(file) and budget and changed_signature(file) is not None:
            budget -= 1
            data = content_of_file(file) if contents is None else contents.get(file.path)
            pairs = None if data is None else changed_pages(file, data, password=options.password)
        yield from _file(number, file, pairs, lang)


def _text(text: str) -> str:
    return escape(printable(text))


def _said(sentence: Message, lang: str) -> str:
    return _text(translate(sentence, lang))


def _note(sentence: Message, lang: str) -> str:
    return f'<p class="note">{_said(sentence, lang)}</p>'


def _named(code: str, name: str, lang: str) -> str:
    """Return the word for a value or a detail; its name where it has none, e.g. a level."""
    return _said(message(code), lang) if has_entry(code) else _text(name)


def _head(report: Report, options: Options, lang: str) -> Iterator[str]:
    at = options.at or options.now
    yield f'<p class="when">{_said(message("reports.judged-for", time=at), lang)}</p>'
    yield from render_counts(report.files, lang)
    if any(alarm.code == EXAMPLE_TRUST for file in report.files for alarm in file.alarms):
        yield _note(EXAMPLE_NOTE, lang)
    if any(file.abridged for file in report.files):
        yield _note(message("reports.abridged-note"), lang)
    if not options.anchors_der:
        yield _note(message("reports.no-anchors-note"), lang)
    yield from render_overview(report.files, lang)


def _file(number: int, file: FileReport, pairs: tuple[PagePair, ...] | None, lang: str) -> Iterator[str]:
    words = explain(file, lang)
    yield f'<section class="file {css_class(file)}" id="file-{number}">\n<header>'
    yield f'<span class="verdict">{_text(words.headline)}</span>'
    yield f"<h2>{_text(file.path)}</h2>"
    if file.document is not None:
        about = " · ".join(part for part in (file.document.title, file.document.id) if part)
        yield f'<p class="about">{_text(about)}</p>'
    yield "</header>\n"
    for name, title, items in (
        ("holds", message("reports.holds"), words.holds),
        ("fails", message("reports.fails-or-doubtful"), words.fails),
        ("advice", message("reports.advice"), words.advice),
    ):
        if items:
            yield f'<div class="{name}"><h3>{_said(title, lang)}</h3><ul>'
            yield from (f"<li>{_text(item)}</li>" for item in items)
            yield "</ul></div>\n"
    yield from render_seals(file, lang)
    yield from _pages(file, pairs, lang)
    yield from _details(file, lang)
    yield "</section>\n"


def _pages(file: FileReport, pairs: tuple[PagePair, ...] | None, lang: str) -> Iterator[str]:
    if pairs is None:
        yield _note(message("reports.pages-not-drawn"), lang)
        return
    if not pairs:
        if shows_pages(file) and changed_signature(file) is not None:
            yield _note(message("reports.pages-look-same"), lang)
        return
    yield f'<div class="pages"><h3>{_said(message("reports.before-and-after"), lang)}</h3>'
    gone = _said(message("reports.no-such-page"), lang)
    for pair in pairs:
        code = "reports.page-in-print" if pair.printing else "reports.page"
        yield f'<div class="pair"><p>{_said(message(code, number=pair.number), lang)}</p>'
        for label, image in (
            (message("reports.as-signed"), pair.before),
            (message("reports.as-now"), pair.after),
        ):
            shown = _said(label, lang)
            inner = f'<img alt="{shown}" src="data:image/png;base64,{image}">' if image else f"<p>{gone}</p>"
            yield f"<figure><figcaption>{shown}</figcaption>{inner}</figure>"
        yield "</div>"
    yield "</div>\n"


def _details(file: FileReport, lang: str) -> Iterator[str]:
    if not file.signatures and not file.alarms and file.sha256 is None:
        return
    yield f"<details><summary>{_said(message('reports.technical-details'), lang)}</summary>"
    for signature in file.signatures:
        yield from _signature(signature, file.document, lang)
    if file.alarms:
        yield f"<h4>{_said(message('reports.alarms'), lang)}</h4><ul>"
        yield from (
            f"<li><code>{_text(alarm.code)}</code> {_text(alarm_detail(alarm, lang))}</li>"
            for alarm in file.alarms
        )
        yield "</ul>"
    if file.sha256 is not None:
        size = _said(message("reports.bytes", count=file.size_bytes), lang)
        yield f'<p class="hash">SHA-256 <code>{file.sha256}</code>, {size}</p>'
    yield "</details>\n"


def _signature(signature: SignatureReport, document: DocumentFacts | None, lang: str) -> Iterator[str]:
    yield f"<h4>{_text(signature_line(signature, document, lang))}</h4><table>"
    status = signature.indication.value
    if signature.subindication:
        status += f" / {signature.subindication}"
    title = _said(message("reports.indication"), lang)
    yield f"<tr><th>{title}</th><td><code>{_text(status)}</code></td></tr>"
    values = signature.to_dict()
    for axis in _AXES:
        if values[axis] is None:
            continue
        value = str(values[axis])
        kind = "good" if value in _GOOD else "bad" if value in _BAD else "doubt"
        title = _said(message(f"reports.axis.{axis}"), lang)
        word = _named(f"reports.value.{value}", value, lang)
        yield f'<tr><th>{title}</th><td class="{kind}">{word}</td></tr>'
    for name, value in (("field", signature.field or "–"), *signature.details):
        title = _named(f"reports.detail.{name}", name, lang)
        yield f"<tr><th>{title}</th><td><code>{_text(value)}</code></td></tr>"
    yield "</table>"
    if signature.reasons:
        yield "<ul>" + "".join(f"<li>{_said(reason, lang)}</li>" for reason in signature.reasons) + "</ul>"


def _legend(lang: str) -> str:
    return f'<p class="legend">{_said(message("reports.legend"), lang)}</p>\n'
