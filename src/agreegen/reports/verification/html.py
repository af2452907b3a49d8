"""The report as one HTML file: plain words first, details below, no network, made to be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from agreegen.files import replacing
from agreegen.messages import moment_text
from agreegen.model.report import FileReport, Report, SignatureReport
from agreegen.reports.verification.changed_pages import (
    changed_pages,
    changed_signature,
    content_of,
    shows_pages,
)
from agreegen.reports.verification.html_overview import css_class, render_counts, render_overview
from agreegen.reports.verification.html_seals import render_seals
from agreegen.reports.verification.html_style import STYLE
from agreegen.reports.verification.table import printable
from agreegen.reports.verification.wording import (
    EXAMPLE_NOTE,
    EXAMPLE_TRUST,
    alarm_detail,
    explain,
    pick,
    signature_line,
)
from agreegen.verification.interface import Options
from agreegen.verification.pictures.interface import PagePair

MAX_COMPARED = 10
_MAX_BYTES = 64 << 20
_AXES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("integrity", ("Integrity", "签名完整性")),
    ("coverage", ("Coverage", "覆盖范围")),
    ("changes_after", ("Changes afterwards", "签署后的改动")),
    ("trust", ("Trust", "信任")),
    ("revocation", ("Revocation", "吊销状态")),
    ("level", ("PAdES level", "PAdES 级别")),
    ("method", ("Key", "签署密钥")),
    ("evidence", ("Evidence of how it was signed", "签署过程证据")),
)
_WORDS: dict[str, tuple[str, str]] = {
    "intact": ("intact", "完好"),
    "broken": ("broken", "已损坏"),
    "unreadable": ("cannot be read", "无法读取"),
    "unsupported": ("of a kind that is not supported", "不支持"),
    "whole-file": ("the whole file", "整个文件"),
    "revision": ("the version that was signed", "签署时的版本"),
    "partial": ("only a part", "仅一部分"),
    "none": ("none", "无"),
    "permitted": ("permitted ones only", "允许的改动"),
    "forbidden": ("not permitted", "不允许的改动"),
    "unknown": ("not known", "未知"),
    "trusted": ("trusted", "可信"),
    "untrusted": ("not trusted", "不可信"),
    "clear": ("not revoked", "未吊销"),
    "revoked": ("revoked", "已吊销"),
    "not-offered": ("the certificate names no place to ask", "证书未提供查询途径"),
    "other": ("other", "其他"),
    "certificate": ("of a certificate", "数字证书的密钥"),
    "device": ("made on the signer's device for this once", "签署设备上的一次性密钥"),
    "differs": ("not what the certificate promises", "与证书所载不符"),
    "missing": ("missing", "缺失"),
}
_FACTS: dict[str, tuple[str, str]] = {
    "field": ("Signature field", "签名域"),
    "subfilter": ("Kind (SubFilter)", "签名类型（SubFilter）"),
    "algorithm": ("Algorithm", "算法"),
    "certificate_sha256": ("Certificate, SHA-256", "证书 SHA-256"),
    "issuer": ("Issued by", "发证机构"),
    "serial_number": ("Serial number", "证书序列号"),
    "valid_until": ("Valid until", "证书有效期至"),
    "claimed_time": ("Time, as the signer says", "签署人自称的时间"),
    "signature_timestamp": ("Timestamp of the signature", "签名时间戳"),
    "content_timestamp": ("Timestamp of the content", "内容时间戳"),
    "document_timestamp": ("Timestamp of the document", "文件时间戳"),
    "revoked_at": ("Revoked at", "吊销时间"),
    "reason": ("Reason given", "签署理由"),
    "location": ("Place given", "签署地点"),
    "revision": ("Version of the file", "所在版本"),
    "signed_bytes": ("Signed bytes", "签署的字节数"),
    "docmdp": ("Changes permitted (DocMDP)", "允许的改动级别（DocMDP）"),
}
_GOOD = {"intact", "whole-file", "revision", "none", "permitted", "trusted", "clear", "certificate", "device"}
_BAD = {"broken", "unreadable", "partial", "forbidden", "untrusted", "revoked", "differs", "missing"}


def write_html(path: Path, report: Report, options: Options, *, lang: str = "en") -> None:
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
    title = escape(pick(("Verification report", "签名验证报告"), lang))
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
            data = content_of(file) if contents is None else contents.get(file.path)
            pairs = None if data is None else changed_pages(file, data, password=options.password)
        yield from _file(number, file, pairs, lang)


def _text(text: str) -> str:
    return escape(printable(text))


def _head(report: Report, options: Options, lang: str) -> Iterator[str]:
    at = options.at or options.now
    judged = pick(("Judged for ", "判定时间："), lang)
    yield f'<p class="when">{_text(judged)}{_text(moment_text(at, lang))}</p>'
    yield from render_counts(report.files, lang)
    if any(alarm.code == EXAMPLE_TRUST for file in report.files for alarm in file.alarms):
        yield f'<p class="note">{_text(pick(EXAMPLE_NOTE, lang))}</p>'
    if any(file.abridged for file in report.files):
        note = (
            "There are so many files that most of the sound ones are only listed; --json tells all of each.",
            "文件很多，多数没有问题的文件只在列表中列出；--json 可给出每个文件的全部信息。",
        )
        yield f'<p class="note">{_text(pick(note, lang))}</p>'
    if not options.anchors_der:
        note = (
            "No trust anchors were given, so nobody's identity could be confirmed.",
            "未指定信任的根证书，因此无法确认任何签署人的身份。",
        )
        yield f'<p class="note">{_text(pick(note, lang))}</p>'
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
        ("holds", ("What holds", "成立的"), words.holds),
        ("fails", ("What does not, or is in doubt", "不成立或存疑的"), words.fails),
        ("advice", ("What to do", "怎么办"), words.advice),
    ):
        if items:
            yield f'<div class="{name}"><h3>{_text(pick(title, lang))}</h3><ul>'
            yield from (f"<li>{_text(item)}</li>" for item in items)
            yield "</ul></div>\n"
    yield from render_seals(file, lang)
    yield from _pages(file, pairs, lang)
    yield from _details(file, lang)
    yield "</section>\n"


def _pages(file: FileReport, pairs: tuple[PagePair, ...] | None, lang: str) -> Iterator[str]:
    if pairs is None:
        note = ("The pages could not be drawn for comparison.", "无法绘制页面进行比较。")
        yield f'<p class="note">{_text(pick(note, lang))}</p>'
        return
    if not pairs:
        if shows_pages(file) and changed_signature(file) is not None:
            note = (
                "The pages look the same before and after the change; what differs does not show here.",
                "改动前后页面看上去相同，差异不在可见处。",
            )
            yield f'<p class="note">{_text(pick(note, lang))}</p>'
        return
    yield f'<div class="pages"><h3>{_text(pick(("Before and after", "改动前后对比"), lang))}</h3>'
    for pair in pairs:
        number = pick((f"Page {pair.number}", f"第 {pair.number} 页"), lang)
        number += pick((", in print", "（打印时）"), lang) if pair.printing else ""
        yield f'<div class="pair"><p>{_text(number)}</p>'
        for label, image in (
            (("As signed", "签署时"), pair.before),
            (("As it is now (differences in red)", "现在（差异标红）"), pair.after),
        ):
            shown = _text(pick(label, lang))
            gone = _text(pick(("This page is not there.", "没有这一页。"), lang))
            inner = f'<img alt="{shown}" src="data:image/png;base64,{image}">' if image else f"<p>{gone}</p>"
            yield f"<figure><figcaption>{shown}</figcaption>{inner}</figure>"
        yield "</div>"
    yield "</div>\n"


def _details(file: FileReport, lang: str) -> Iterator[str]:
    if not file.signatures and not file.alarms and file.sha256 is None:
        return
    yield f"<details><summary>{_text(pick(('Technical details', '技术细节'), lang))}</summary>"
    for signature in file.signatures:
        yield from _signature(signature, lang)
    if file.alarms:
        yield f"<h4>{_text(pick(('Alarms', '警报'), lang))}</h4><ul>"
        yield from (
            f"<li><code>{_text(alarm.code)}</code> {_text(alarm_detail(alarm, lang))}</li>"
            for alarm in file.alarms
        )
        yield "</ul>"
    if file.sha256 is not None:
        yield f'<p class="hash">SHA-256 <code>{file.sha256}</code>, {file.size_bytes} bytes</p>'
    yield "</details>\n"


def _signature(signature: SignatureReport, lang: str) -> Iterator[str]:
    yield f"<h4>{_text(signature_line(signature, lang))}</h4><table>"
    status = signature.indication.value
    if signature.subindication:
        status += f" / {signature.subindication}"
    title = _text(pick(("Indication", "结论"), lang))
    yield f"<tr><th>{title}</th><td><code>{_text(status)}</code></td></tr>"
    values = signature.to_dict()
    for axis, words in _AXES:
        if values[axis] is None:
            continue
        value = str(values[axis])
        kind = "good" if value in _GOOD else "bad" if value in _BAD else "doubt"
        word = pick(_WORDS.get(value, (value, value)), lang)
        yield f'<tr><th>{_text(pick(words, lang))}</th><td class="{kind}">{_text(word)}</td></tr>'
    for name, value in (("field", signature.field or "–"), *signature.details):
        title = pick(_FACTS.get(name, (name, name)), lang)
        yield f"<tr><th>{_text(title)}</th><td><code>{_text(value)}</code></td></tr>"
    yield "</table>"
    if signature.reasons:
        yield "<ul>" + "".join(f"<li>{_text(reason)}</li>" for reason in signature.reasons) + "</ul>"


def _legend(lang: str) -> str:
    text = (
        "“Valid” means: nothing was changed after signing, every signer's certificate comes from an "
        "authority that was given as trusted, and was not revoked. It does not say that the content is true, "
        "or that the signer was entitled to sign.",
        "“有效”是指：签署后未被改动，每个签署人的证书都出自指定的可信机构且未被吊销。"
        "它不表示内容属实，也不表示签署人有权签署。",
    )
    return f'<p class="legend">{_text(pick(text, lang))}</p>\n'
