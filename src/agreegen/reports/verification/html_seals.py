"""The pictures of signatures that lie over earlier content, for a person to judge."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from agreegen.model.report import FileReport
from agreegen.reports.verification.table import printable
from agreegen.reports.verification.wording import alarm_text, pick


def render_seals(file: FileReport, lang: str) -> Iterator[str]:
    """Yield each look over earlier content, before and after, with the number by which it is confirmed."""
    shown = [item for item in (*file.alarms, *file.remarks) if item.picture_png is not None]
    if not shown:
        return
    title = pick(("Signatures over earlier content", "盖在原有内容上的签名（印章）"), lang)
    yield f'<div class="seals"><h3>{escape(title)}</h3>'
    label = pick(("Left: before; right: as it is now", "左：签署前；右：现在"), lang)
    for item in shown:
        image = base64.b64encode(item.picture_png or b"").decode()
        yield f"<figure><figcaption>{escape(printable(alarm_text(item, lang)))}</figcaption>"
        yield f'<img alt="{escape(label)}" src="data:image/png;base64,{image}">'
        yield f'<p>{escape(label)}</p><p class="hash">SHA-256 <code>{item.picture_sha256}</code></p></figure>'
    yield "</div>\n"
