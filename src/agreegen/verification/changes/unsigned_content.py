"""What stands in a file that nobody signed: values and notes that came after the last signature.

Filling in and commenting are permitted changes, and a document timestamp signs for nobody. Whoever relies on
the file must know that no signer has seen this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from agreegen.model.report import Alarm
from agreegen.pdf.document import View
from agreegen.pdf.fields import Field, form_fields, text_of
from agreegen.pdf.objects import Ref, Stream, Value
from agreegen.pdf.pages import Rectangle, page_numbers

UNSIGNED_CONTENT = "unsigned-content"
_MOST_TOLD = 50
_LONGEST_TEXT = 200
_NO_NOTES = frozenset({"Widget", "Popup"})
_SAID = ("Contents", "RC", "T", "Subj", "V")


@dataclass(frozen=True, slots=True)
class _Seen:
    """An annotation of a page: its page from 1, its dictionary and its text, to be compared."""

    page: int
    holder: dict[str, Any]
    said: tuple[str, ...]


def unsigned_content(signed: View, now: View) -> Iterator[Alarm]:
    """Yield an alarm for every value and note that the last signed revision does not have.

    Args:
        signed: The revision of the last signature that is not a timestamp.
        now: The file as it is.

    Raises:
        StructureError: A page or the form cannot be read.
        LimitError: There are too many fields.
    """
    if signed.index == now.index:
        return
    yield from islice(chain(_values(signed, now), _notes(signed, now)), _MOST_TOLD)


def _values(signed: View, now: View) -> Iterator[Alarm]:
    before = {_key(field): _value(signed, field) for field in form_fields(signed) if field.kind != "Sig"}
    changed = [
        (field, value)
        for field in form_fields(now)
        if field.kind != "Sig" and (value := _value(now, field)) != before.get(_key(field), "")
    ]
    pages = _widget_pages(now) if changed else {}
    for field, value in changed:
        page = next((pages[w.num] for w in field.widgets if isinstance(w, Ref) and w.num in pages), None)
        shown = value[:_LONGEST_TEXT]
        where = "" if page is None else f" on page {page}"
        where_zh = "" if page is None else f"第 {page} 页"
        text = f"the field “{field.name}”{where} was filled in after the last signature: “{shown}”"
        zh = f"{where_zh}表单域“{field.name}”在最后一次签署之后才填写：“{shown}”"
        yield Alarm(UNSIGNED_CONTENT, text, message_zh=zh, page=page, text=value)


def _key(field: Field) -> tuple[int | None, str]:
    return (None if field.ref is None else field.ref.num), field.name


def _value(view: View, field: Field) -> str:
    """Return what a field holds, inherited where it has none, as text."""
    holder: dict[str, Any] = field.value
    for _ in range(60):
        if "V" in holder:
            break
        holder = view.dictionary(holder.get("Parent"))
    text = _as_text(view, holder.get("V"))
    return "" if field.kind == "Btn" and text == "Off" else text


def _as_text(view: View, value: Value) -> str:
    found = view.resolve(value)
    if isinstance(found, Stream):
        found = view.file.expand(view.resolved_filters(found))
    if isinstance(found, bytes):
        return text_of(found)
    if isinstance(found, list):
        return ", ".join(_as_text(view, item) for item in found[:_MOST_TOLD])
    return "" if found is None else str(found)


def _notes(signed: View, now: View) -> Iterator[Alarm]:
    before = dict(_annotations(signed))
    for key, seen in _annotations(now):
        known = before.get(key)
        if known is not None and known.said == seen.said:
            continue
        kind, said = str(now.resolve(seen.holder.get("Subtype"))), seen.said[0]
        shown = said[:_LONGEST_TEXT]
        text = f"a note (/{kind}) was put on page {seen.page} after the last signature: “{shown}”"
        zh = f"第 {seen.page} 页的批注（/{kind}）是最后一次签署之后才加上的：“{shown}”"
        box = _box(now, seen.holder)
        yield Alarm(UNSIGNED_CONTENT, text, message_zh=zh, page=seen.page, box=box, text=said)


def _annotations(view: View) -> Iterator[tuple[object, _Seen]]:
    """Yield the notes of all pages, by object number, or by place where they are none of their own."""
    for page, number in enumerate(page_numbers(view), 1):
        holder = view.dictionary(Ref(number, 0))
        for at, item in enumerate(view.array(holder.get("Annots"))):
            found = view.dictionary(item)
            if not found or view.resolve(found.get("Subtype")) in _NO_NOTES:
                continue
            said = tuple(_as_text(view, found.get(key)) for key in _SAID)
            yield (item.num if isinstance(item, Ref) else (number, at)), _Seen(page, found, said)


def _widget_pages(view: View) -> dict[int, int]:
    """Return the page, from 1, of every annotation that is an object of its own."""
    found: dict[int, int] = {}
    for page, number in enumerate(page_numbers(view), 1):
        holder = view.dictionary(Ref(number, 0))
        for item in view.array(holder.get("Annots")):
            if isinstance(item, Ref):
                found.setdefault(item.num, page)
    return found


def _box(view: View, holder: dict[str, Any]) -> Rectangle | None:
    edges = [view.resolve(edge) for edge in view.array(holder.get("Rect"))]
    if len(edges) != 4 or not all(isinstance(edge, int | float) for edge in edges):
        return None
    left, bottom, right, top = (float(edge) for edge in edges)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)
