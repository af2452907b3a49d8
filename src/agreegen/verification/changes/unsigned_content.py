"""What stands in a file that nobody signed: what came after the last signature and says something.

Filling in and commenting are permitted changes, and a document timestamp signs for nobody. Whoever relies on
the file must know that no signer has seen this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from agreegen.messages import message
from agreegen.model.report import Alarm
from agreegen.pdf.document import View
from agreegen.pdf.fields import Field, form_fields
from agreegen.pdf.objects import Ref, Value
from agreegen.pdf.pages import Rectangle, page_numbers
from agreegen.verification.changes.field_values import value_text
from agreegen.verification.changes.metadata_words import new_words
from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.interface import UNSIGNED_CONTENT
from agreegen.yaml_text import packaged_words

_MOST_TOLD = 50
_LONGEST_TEXT = 200
_SAID = ("Contents", "RC", "T", "Subj", "V", "M", "CreationDate")
_WORDS_OF_A_FIELD = ("TU", "Contents")
_WORDS_OF_A_STAMP = ("Name", "Reason", "Location", "ContactInfo")
"""Entries of a signature dictionary that readers show; a timestamp service says none of them."""
_TIMESTAMP = "Timestamp"
"""What a common library says of the fields of its document timestamps."""


_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_HEX = re.compile(r"[a-f]+")
_LONGEST_WORD = 16
_OF_STAMPS = frozenset(
    {
        *("signature", "sig", "time", "stamp", "timestamp", "document", "doc", "dts", "ts", "tsa", "tst"),
        *("archive", "lta", "ltv", "pades", "field", "form", "page", "invisible", "agreegen"),
    }
)
"""Words of which the fields of timestamps are called."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """An annotation of a page: its page from 1, its dictionary and its text, to be compared."""

    page: int
    holder: dict[str, Any]
    said: tuple[str, ...]


def unsigned_content(signed: View, now: View, places: Iterable[PermittedPlace] = ()) -> Iterator[Alarm]:
    """Yield an alarm for all that the last signed revision does not have and that says something.

    Values, notes, fields that wait for a signature, whatever else was permitted to paint, the data of a
    dynamic form, and the title and other words about the document.

    Args:
        signed: The revision of the last signature that is not a timestamp.
        now: The file as it is.
        places: Where the later revisions were permitted to paint.

    Raises:
        StructureError: A page or the form cannot be read.
        LimitError: There are too many fields.
    """
    if signed.index == now.index:
        return
    told = list(islice(chain(_values(signed, now), _notes(signed, now)), _MOST_TOLD))
    yield from told
    late = [place for place in places if place.revision > signed.index]
    others = chain(_fields(signed, now), _places(late, told), _form_data(signed, now), _about(signed, now))
    yield from islice(others, _MOST_TOLD)


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
        told = message("verification.field-filled-later", name=field.name, text=shown)
        if page is not None:
            code = "verification.field-on-page-filled-later"
            told = message(code, name=field.name, page=page, text=shown)
        yield Alarm(UNSIGNED_CONTENT, told, page=page, text=value)


def _key(field: Field) -> tuple[int | None, str]:
    return (None if field.ref is None else field.ref.num), field.name


def _value(view: View, field: Field) -> str:
    """Return what a field holds, inherited where it has none, as text."""
    holder: dict[str, Any] = field.value
    for _ in range(60):
        if "V" in holder:
            break
        holder = view.dictionary(holder.get("Parent"))
    text = value_text(view, holder.get("V"))
    return "" if field.kind == "Btn" and text == "Off" else text


def _fields(signed: View, now: View) -> Iterator[Alarm]:
    """Readers list fields that wait for a signature by name, and read out what they are for."""
    before = {_key(field): field.value.get("V") for field in form_fields(signed)}
    for field in form_fields(now):
        if field.kind != "Sig" or before.get(_key(field), 0) == field.value.get("V"):
            continue
        words = _words_of(now, field)
        stamp = now.resolve(field.value.get("V"))
        words += _texts(now, stamp, _WORDS_OF_A_STAMP) if isinstance(stamp, dict) else []
        talks = _key(field) not in before and _says_something(field.name)
        if words or talks or not isinstance(stamp, dict):
            said = "; ".join(dict.fromkeys([field.name, *words]))
            told = message("verification.signature-field-added-later", text=said[:_LONGEST_TEXT])
            yield Alarm(UNSIGNED_CONTENT, told, text=said)


def _says_something(name: str) -> bool:
    """Tell whether the name of a new field is more than a maker's word, a kind and a number.

    A timestamp service signs for nobody, so whoever adds its field chooses what lists of signatures show.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    others = [word for word in words if word not in _OF_STAMPS and not _HEX.fullmatch(word)]
    usual = packaged_words("agreegen.verification")["timestamp_fields"]
    foreign = not re.sub("|".join(usual), "", name).isascii()
    return foreign or len(others) > 1 or any(len(word) > _LONGEST_WORD for word in others)


def _words_of(view: View, field: Field) -> list[str]:
    """Return what a field and its widgets are for, in their own words."""
    holders = [field.value, *map(view.dictionary, field.widgets)]
    words = [text for holder in holders for text in _texts(view, holder, _WORDS_OF_A_FIELD)]
    return [text for text in words if text not in (field.name, _TIMESTAMP)]


def _texts(view: View, holder: dict[str, Any], keys: Iterable[str]) -> list[str]:
    found = [value_text(view, holder.get(key)) for key in keys]
    return [text for text in found if text]


def _places(places: list[PermittedPlace], before: list[Alarm]) -> Iterator[Alarm]:
    """Whatever else shows something: looks of fields, of timestamps, of fields that nobody signed."""
    known = {alarm.page for alarm in before}
    for place in dict.fromkeys(places):
        page = place.page_index + 1
        if page in known:
            continue
        known.add(page)
        told = message("verification.put-on-page-later", page=page)
        if place.field_name is not None:
            told = message("verification.put-into-field-later", page=page, name=place.field_name)
        yield Alarm(UNSIGNED_CONTENT, told, page=page, box=place.box)


def _form_data(signed: View, now: View) -> Iterator[Alarm]:
    one, two = (_form_text(view) for view in (signed, now))
    if one != two:
        yield Alarm(UNSIGNED_CONTENT, message("verification.form-data-changed-later"))


def _form_text(view: View) -> list[str]:
    value = view.resolve(view.dictionary(view.catalog.get("AcroForm")).get("XFA"))
    return [value_text(view, item) for item in (value if isinstance(value, list) else [value])]


def _about(signed: View, now: View) -> Iterator[Alarm]:
    """Readers show the title above the pages, and tell who wrote it."""
    said = new_words(signed, now)
    if said:
        shown = "; ".join(said)[:_LONGEST_TEXT]
        yield Alarm(UNSIGNED_CONTENT, message("verification.words-came-later", text=shown), text=shown)


def _notes(signed: View, now: View) -> Iterator[Alarm]:
    before = dict(_annotations(signed))
    for key, seen in _annotations(now):
        known = before.get(key)
        if known is not None and known.said == seen.said:
            continue
        kind, said = str(now.resolve(seen.holder.get("Subtype"))), seen.said[0]
        shown = said[:_LONGEST_TEXT]
        told = message("verification.note-came-later", kind=kind, page=seen.page, text=shown)
        box = _box(now, seen.holder)
        yield Alarm(UNSIGNED_CONTENT, told, page=seen.page, box=box, text=said)


def _annotations(view: View) -> Iterator[tuple[object, _Seen]]:
    """Yield the notes of all pages, by object number, or by place where they are none of their own."""
    for page, number in enumerate(page_numbers(view), 1):
        holder = view.dictionary(Ref(number, 0))
        for at, item in enumerate(view.array(holder.get("Annots"))):
            found = view.dictionary(item)
            if not found or view.resolve(found.get("Subtype")) == "Widget" or _is_window(view, item):
                continue
            said = tuple(value_text(view, found.get(key)) for key in _SAID)
            yield (item.num if isinstance(item, Ref) else (number, at)), _Seen(page, found, said)


def _is_window(view: View, item: Value) -> bool:
    """Tell whether a pop-up is only the window of a note that names it, which is told by itself."""
    holder = view.dictionary(item)
    if view.resolve(holder.get("Subtype")) != "Popup" or _texts(view, holder, _SAID):
        return False
    note = view.dictionary(holder.get("Parent"))
    return isinstance(item, Ref) and note.get("Popup") == item


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
