"""The signature block stays whole, on one page with the clause before it (GB/T 9704-2012, 7.3.5.5)."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Collection
from xml.etree import ElementTree

from agreegen.conversion.text import WORD, element_text, page_texts
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.form import Form
from agreegen.model.text import normalise_text


def check_signatures_together(form: Form, docx: bytes, pdf: bytes) -> None:
    """Refuse a page layout that leaves signatures alone on a page, or parts them.

    A table or paragraph of the Word file in which a role has its bookmark must begin and end on one page,
    and what stands before it must end on that page. Places are counted in characters, which is exact because
    the completeness gate has found the characters of both files equal.

    Args:
        form: The form; its roles have the bookmarks.
        docx: The filled Word file.
        pdf: The PDF made from it, after `check_complete`.

    Raises:
        ConversionError: A block of signatures does not fit on one page with the text before it.
    """
    bookmarks = {role.bookmark for role in form.roles if role.bookmark is not None}
    ends = list(itertools.accumulate(len(normalise_text(text)) for text in page_texts(pdf)))

    def page_of(character: int) -> int:
        return next(number for number, end in enumerate(ends) if character < end)

    for start, end in _blocks(docx, bookmarks):
        if not 0 < start < end:
            continue
        if not page_of(start - 1) == page_of(start) == page_of(end - 1):
            raise ConversionError(
                message("conversion.signatures-do-not-fit-on-one", title_zh=form.title_zh),
                hint=message("conversion.shorten-what-printed-beside-them-names"),
            )


def _blocks(docx: bytes, bookmarks: Collection[str]) -> list[tuple[int, int]]:
    """Return first and last place of each table or paragraph with a role's bookmark, in characters."""
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        root = ElementTree.fromstring(package.read("word/document.xml"))  # noqa: S314 - our own rendering
    body = root.find(f"{WORD}body")
    found, place = [], 0
    for element in body if body is not None else ():
        start, place = place, place + len(normalise_text(element_text(element)))
        names = {mark.get(f"{WORD}name") for mark in element.iter(f"{WORD}bookmarkStart")}
        if not names.isdisjoint(bookmarks):
            found.append((start, place))
    return found
