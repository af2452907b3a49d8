"""What no engine of this program writes into a document: notes, scripts, layers, further files.

The text of a page tells nothing of them, and readers do not agree on how they show them.
"""

from __future__ import annotations

from typing import Any

from agreegen.messages import Message, message
from agreegen.model.document import ATTACHMENT_NAME
from agreegen.pdf.document import View
from agreegen.pdf.encryption import open_view
from agreegen.pdf.fields import form_fields, text_of
from agreegen.pdf.filters import is_drawn_alike, is_unpacked_alike
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Ref, Stream, StructureError, Value
from agreegen.pdf.pages import page_numbers

_CATALOGUE = frozenset(
    {
        *("Type", "Pages", "AF", "AcroForm", "Lang", "MarkInfo", "Metadata", "Names", "OutputIntents"),
        *("StructTreeRoot", "ViewerPreferences", "Version", "Perms", "DSS", "Extensions"),
    }
)
_PAGE = frozenset(
    {
        *("Type", "Parent", "MediaBox", "Resources", "Contents", "StructParents", "Annots", "Group", "Tabs"),
        *("CropBox", "TrimBox", "Rotate"),
    }
)
_FORM = frozenset({"Fields", "SigFlags", "DA", "DR"})
_NAMES = frozenset({"EmbeddedFiles", "Dests"})


def find_foreign_part(data: bytes, limits: Limits, password: str | None = None) -> Message | None:
    """Name the first part of a file that no engine of this program writes; None where there is none.

    Args:
        data: The file up to its first signed revision.
        limits: What reading it may cost.
        password: Of an encrypted file.
    """
    try:
        view = open_view(data, limits, password)
        catalogue, form = view.catalog, view.dictionary(view.catalog.get("AcroForm"))
        names = view.dictionary(catalogue.get("Names"))
        for holder, known, what in (
            (catalogue, _CATALOGUE, message("verification.catalogue")),
            (form, _FORM, message("verification.form")),
            (names, _NAMES, message("verification.names")),
        ):
            if holder.keys() - known:
                return message("verification.key-in-part", key=min(holder.keys() - known), what=what)
        return _foreign_file(view, names) or _foreign_on_pages(view) or _foreign_packing(view)
    except StructureError:
        return message("verification.something-cannot-read")


def _foreign_file(view: View, names: dict[str, Any]) -> Message | None:
    tree = view.dictionary(names.get("EmbeddedFiles"))
    attached = [view.dictionary(item) for item in view.array(tree.get("Names"))[1::2]]
    known = all(text_of(view.resolve(one.get("F"))) == ATTACHMENT_NAME for one in attached)
    return None if known and "Kids" not in tree else message("verification.further-file")


def _foreign_on_pages(view: View) -> Message | None:
    widgets = {
        ref.num
        for field in form_fields(view)
        if field.kind == "Sig"
        for ref in field.widgets
        if isinstance(ref, Ref)
    }
    for index, number in enumerate(page_numbers(view), 1):
        page = view.dictionary(Ref(number, 0))
        if page.keys() - _PAGE:
            return message("verification.on-page", value=min(page.keys() - _PAGE), index=index)
        if not all(_is_one_of(item, widgets) for item in view.array(page.get("Annots"))):
            return message("verification.note-or-link-on-page", index=index)
    return None


def _foreign_packing(view: View) -> Message | None:
    """Pages are packed so that all readers unpack the same: else pdf.js shows another than was checked."""
    for number in view.entries:
        value = view.value(number) if view.location(number) is not None else None
        if not isinstance(value, Stream):
            continue
        is_picture = view.resolve(value.dictionary.get("Subtype")) == "Image"
        entries = view.resolved_filters(value).dictionary
        if not (is_drawn_alike(entries) if is_picture else is_unpacked_alike(entries)):
            return message("verification.stream-unpacked-differently", number=number)
    return None


def _is_one_of(item: Value, numbers: set[int]) -> bool:
    return isinstance(item, Ref) and item.num in numbers
