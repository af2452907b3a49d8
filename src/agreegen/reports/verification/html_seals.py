"""The pictures of signatures that lie over earlier content, for a person to judge."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from agreegen.messages import message, translate
from agreegen.model.report import FileReport
from agreegen.model.text import printable
from agreegen.reports.verification.wording import alarm_text


def render_seals(file: FileReport, lang: str) -> Iterator[str]:
    """Yield each look over earlier content, before and after, with the number by which it is confirmed."""
    shown = [item for item in (*file.alarms, *file.remarks) if item.picture_png is not None]
    if not shown:
        return
    title = translate(message("reports.seals"), lang)
    yield f'<div class="seals"><h3>{escape(title)}</h3>'
    label = translate(message("reports.seal-before-after"), lang)
    for item in shown:
        image = base64.b64encode(item.picture_png or b"").decode()
        yield f"<figure><figcaption>{escape(printable(alarm_text(item, lang)))}</figcaption>"
        yield f'<img alt="{escape(label)}" src="data:image/png;base64,{image}">'
        yield f'<p>{escape(label)}</p><p class="hash">SHA-256 <code>{item.picture_sha256}</code></p></figure>'
    yield "</div>\n"
