"""Writing a whole document: what all documents of a form share stands first, laid down at loading."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import pikepdf

from agreegen.conversion.compiled.embedding import OBJECTS_PER_FONT, font_objects, font_tables
from agreegen.conversion.compiled.metrics import FontSubset
from agreegen.conversion.compiled.writer import describing_objects
from agreegen.conversion.fields import (
    PRINT_AND_LOCKED,
    Destination,
    FieldPlace,
    last_required,
    pdf_bookmark_name,
    place_fields,
    signing_order,
)
from agreegen.conversion.file_parts import FILE_HEADER, file_ending, pdf_stream, table_entry
from agreegen.conversion.flowing.content import OWN, SHARED, Element, Pages, SharedFont, finish_content
from agreegen.conversion.flowing.description import LEFT_OFFSET, PageSize
from agreegen.conversion.metadata import file_identifier
from agreegen.model.document import ATTACHMENT_NAME, Document
from agreegen.model.form import Form

_CATALOG, _PAGES, _INFO, _METADATA, _INTENT, _PROFILE, _NAMES, _FILE, _ATTACHMENT, _FORM = range(1, 11)
_TREE, _PARENTS, _ROOT_ELEMENT, _FONTS = range(11, 15)
_SHARED_FONT = 15
_FIRST_FIELD = _SHARED_FONT + OBJECTS_PER_FONT
_SPECIFICATION: Final = (
    b"<< /AFRelationship /Data /Desc (values, conditions and signature roles of this document)"
    b" /EF << /F %d 0 R /UF %d 0 R >> /F (%b) /Type /Filespec /UF (%b) >>"
)
_CATALOG_ENTRIES: Final = (
    b"<< /AF [ %d 0 R ] /AcroForm %d 0 R /Lang (zh-CN) /MarkInfo << /Marked true >> /Metadata %d 0 R"
    b" /Names %d 0 R /OutputIntents [ %d 0 R ] /Pages %d 0 R /StructTreeRoot %d 0 R /Type /Catalog"
    b" /ViewerPreferences << /DisplayDocTitle true >> >>"
)
_PAGE: Final = (
    b"<< %b/Contents [ %d 0 R ] /MediaBox %b /Parent %d 0 R /Resources << /Font %d 0 R >>"
    b" /StructParents %d /Type /Page >>"
)

_INTENT_ENTRIES: Final = (
    b"<< /DestOutputProfile %d 0 R /OutputConditionIdentifier (sRGB IEC61966-2.1) /S /GTS_PDFA1"
    b" /Type /OutputIntent >>"
)
_ELEMENT: Final = b"<< /K [ %b ] /P %d 0 R /S %b /Type /StructElem >>"
_TEXT_ELEMENT: Final = b"<< /K [ %b ] /P %d 0 R /Pg %d 0 R /S /P /Type /StructElem >>"
_KINDS: Final = {1: b"/Table", 2: b"/TR", 3: b"/TD"}
_LEVEL: Final = 1
"""Of compression: a page is small, and the step to the next level costs more than it saves."""

Numbered = list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class ColourProfile:
    """The output intent's colour profile.

    Attributes:
        entries: Dictionary entries of its stream but the length.
        data: The stream as it is stored.
    """

    entries: bytes
    data: bytes


class FileWriter:
    """Writes documents of one form.

    Args:
        form: The form.
        size: The page.
        shared: The font of the form's text.
        profile: The colour profile.
    """

    def __init__(self, form: Form, size: PageSize, shared: SharedFont, profile: ColourProfile) -> None:
        self._form = form
        self._size = size
        self._title = pikepdf.String(form.title_zh).unparse()
        self._box = size.box.encode()
        self._facts = shared.font.facts
        locking = last_required(form)
        sizes = [1 + role.visible + (role is locking) for role in signing_order(form)]
        self._fields = [_FIRST_FIELD + sum(sizes[:number]) for number in range(len(sizes))]
        self._after_fields = _FIRST_FIELD + sum(sizes)
        body, self._offsets = bytearray(FILE_HEADER), dict[int, int]()
        for number, data in self._shared(shared, profile):
            self._offsets[number] = len(body)
            body += b"%d 0 obj\n%b\nendobj\n" % (number, data)
        self._body = bytes(body)

    def write(
        self, document: Document, moment: datetime, pages: Pages, feet: Sequence[str], own: FontSubset | None
    ) -> bytes:
        """Write one document: a single revision with a classic cross-reference table.

        Args:
            document: What the attachment and the metadata say.
            moment: Creation time.
            pages: Its pages.
            feet: What stands at the foot of each.
            own: The font of its own; None where it needs none.
        """
        attachment = document.to_json()
        numbers = (_METADATA, _INFO, _ATTACHMENT)
        made = list(zip(numbers, describing_objects(document, moment, attachment, self._title), strict=True))
        after = self._after_fields
        fonts = b"/%b %d 0 R" % (SHARED.encode(), _SHARED_FONT)
        if own is not None:
            made += font_objects(after, self._facts, own, *font_tables(list(pages.own.values()), own))
            fonts += b"/%b %d 0 R" % (OWN.encode(), after)
            after += OBJECTS_PER_FONT
        made.append((_FONTS, b"<< %b >>" % fonts))
        leaves = range(after, after + 2 * len(pages.content), 2)
        made += self._pages(pages, feet, own, leaves)
        made += _structure(pages, leaves, after + 2 * len(leaves))
        return self._finish(made, file_identifier(attachment, moment).hex().encode())

    def _shared(self, shared: SharedFont, profile: ColourProfile) -> Numbered:
        """Return the objects that are the same in all documents of the form."""
        name = ATTACHMENT_NAME.encode()
        fields = _references(self._fields)
        references = (_FILE, _FORM, _METADATA, _NAMES, _INTENT, _PAGES, _TREE)
        tables = font_tables(list(shared.glyphs.values()), shared.subset)
        return [
            (_CATALOG, _CATALOG_ENTRIES % references),
            (_INTENT, _INTENT_ENTRIES % _PROFILE),
            (_PROFILE, pdf_stream(profile.entries, profile.data)),
            (_NAMES, b"<< /EmbeddedFiles << /Names [ (%b) %d 0 R ] >> >>" % (name, _FILE)),
            (_FILE, _SPECIFICATION % (_ATTACHMENT, _ATTACHMENT, name, name)),
            (_FORM, b"<< /Fields [ %b ] /SigFlags 3 >>" % fields),
            (
                _TREE,
                b"<< /K [ %d 0 R ] /ParentTree %d 0 R /Type /StructTreeRoot >>" % (_ROOT_ELEMENT, _PARENTS),
            ),
            *font_objects(_SHARED_FONT, self._facts, shared.subset, *tables),
        ]

    def _pages(
        self, pages: Pages, feet: Sequence[str], own: FontSubset | None, leaves: Sequence[int]
    ) -> Numbered:
        kids = b" ".join(b"%d 0 R" % leaf for leaf in leaves)
        made = [(_PAGES, b"<< /Count %d /Kids [ %b ] /Type /Pages >>" % (len(leaves), kids))]
        annotations: dict[int, list[int]] = {}
        for first, place in zip(self._fields, self._places(pages), strict=True):
            annotations.setdefault(place.page, []).append(first)
            made += _field(first, place, leaves[place.page])
        for number, leaf in enumerate(leaves):
            widgets = b" ".join(b"%d 0 R" % one for one in annotations.get(number, ()))
            entry = b"/Annots [ %b ] " % widgets if widgets else b""
            made.append((leaf, _PAGE % (entry, leaf + 1, self._box, _PAGES, _FONTS, number)))
            content = finish_content([*pages.content[number], feet[number]], own)
            made.append((leaf + 1, pdf_stream(b"/Filter/FlateDecode", zlib.compress(content, _LEVEL))))
        return made

    def _places(self, pages: Pages) -> tuple[FieldPlace, ...]:
        height = Decimal(self._size.height)
        destinations = {
            pdf_bookmark_name(name): Destination(
                page, (left - LEFT_OFFSET) / 20, float(height - Decimal(top // 2) / 10)
            )
            for name, (page, left, top) in pages.destinations.items()
        }
        return place_fields(self._form, destinations)

    def _finish(self, made: Numbered, identifier: bytes) -> bytes:
        offsets, parts, position = dict(self._offsets), [self._body], len(self._body)
        for number, data in made:
            offsets[number] = position
            piece = b"%d 0 obj\n%b\nendobj\n" % (number, data)
            parts.append(piece)
            position += len(piece)
        table = [table_entry(offsets[number]) for number in range(1, len(offsets) + 1)]
        return b"".join((*parts, *file_ending(table, (_CATALOG, _INFO), identifier, position)))


def _field(first: int, place: FieldPlace, leaf: int) -> Numbered:
    """Return a signature field, with an empty appearance where it is visible (ISO 19005-3, 6.3.3)."""
    left, bottom, right, top = place.rectangle
    entries, made = b"", Numbered()
    if place.role.visible:
        entries += b"/AP << /N %d 0 R >> " % (first + 1)
        box = b"0 0 %b %b" % (_real(right - left), _real(top - bottom))
        details = b"/BBox [ %b ] /Resources << >> /Subtype /Form /Type /XObject" % box
        made.append((first + 1, pdf_stream(details, b"")))
    entries += b"/F %d /FT /Sig " % PRINT_AND_LOCKED
    if place.locks:
        lock = first + 1 + len(made)
        entries += b"/Lock %d 0 R " % lock
        made.append((lock, b"<< /Action /All /P 1 /Type /SigFieldLock >>"))
    corners = b" ".join(_real(corner) for corner in place.rectangle)
    label = pikepdf.String(place.role.label_zh).unparse()
    entries += b"/P %d 0 R /Rect [ %b ] /Subtype /Widget" % (leaf, corners)
    widget = b"<< %b /T (%b) /TU %b /Type /Annot >>" % (entries, place.role.id.encode(), label)
    return [(first, widget), *made]


def _real(value: float) -> bytes:
    return f"{value:.2f}".rstrip("0").rstrip(".").encode()


def _structure(pages: Pages, leaves: Sequence[int], free: int) -> Numbered:
    """Return the structure tree: paragraphs, and tables with their rows and cells (ISO 32000-1, 14.7)."""
    kids: dict[int, list[int]] = {_ROOT_ELEMENT: []}
    kinds: dict[int, tuple[bytes, int]] = {}
    holders: dict[tuple[int, ...], int] = {(): _ROOT_ELEMENT}
    owners: list[list[int]] = [[] for _ in leaves]
    made: Numbered = []

    def holder(cell: tuple[int, ...]) -> int:
        nonlocal free
        if cell not in holders:
            parent = holder(cell[:-1])
            holders[cell], kids[free] = free, []
            kinds[free] = (_KINDS[len(cell)], parent)
            kids[parent].append(free)
            free += 1
        return holders[cell]

    for element in pages.elements:
        parent = holder(element.cell)
        if not element.marks:
            continue
        for page, _ in element.marks:
            owners[page].append(free)
        kids[parent].append(free)
        made.append((free, _paragraph_element(element, parent, leaves)))
        free += 1
    for number, (kind, parent) in kinds.items():
        made.append((number, _ELEMENT % (_references(kids[number]), parent, kind)))
    made.append((_ROOT_ELEMENT, _ELEMENT % (_references(kids[_ROOT_ELEMENT]), _TREE, b"/Document")))
    nums = b" ".join(b"%d [ %b ]" % (page, _references(owned)) for page, owned in enumerate(owners))
    made.append((_PARENTS, b"<< /Nums [ %b ] >>" % nums))
    return made


def _paragraph_element(element: Element, parent: int, leaves: Sequence[int]) -> bytes:
    (first, mark), *further = element.marks
    parts = [b"%d" % mark]
    parts += [b"<< /MCID %d /Pg %d 0 R /Type /MCR >>" % (number, leaves[page]) for page, number in further]
    return _TEXT_ELEMENT % (b" ".join(parts), parent, leaves[first])


def _references(numbers: Sequence[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)
