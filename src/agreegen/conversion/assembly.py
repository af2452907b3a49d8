"""From an office's PDF/A to the document: signature fields, `agreegen.json`, metadata; fixed bytes."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from datetime import datetime
from decimal import Decimal

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from agreegen.conversion.fields import (
    PRINT_AND_LOCKED,
    Destination,
    FieldPlace,
    place_fields,
)
from agreegen.conversion.metadata import CREATOR, pdf_date, xmp_packet
from agreegen.errors import ConversionError
from agreegen.messages import message
from agreegen.model.document import ATTACHMENT_NAME, Document
from agreegen.model.form import Form

_SIGNATURES_EXIST_APPEND_ONLY = 3
_PROFILE_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


def assemble(pdf: bytes, form: Form, document: Document, moment: datetime) -> bytes:
    """Make a page that an office laid out into an unsigned document.

    1. Metadata: XMP and information dictionary say what the document says, dates come from `moment`.
    2. Fields: an empty signature field a role, placed by its bookmark, in signing order; the field of the
       last required role carries a lock on everything (ISO 32000-2, 12.7.5.5).
    3. Attachment: `agreegen.json` as an associated file (ISO 19005-3, 6.8).
    4. One revision with a classic cross-reference table; equal inputs give equal bytes.

    The caller still owes the completeness gate and the signatures.

    Args:
        pdf: PDF/A-3b with named destinations, from `Office.convert`.
        form: The form; its roles say which fields there are.
        document: What the attachment carries.
        moment: Creation time, with a time zone.

    Raises:
        ConversionError: The PDF cannot be read, or a role's bookmark is not in it.
    """
    try:
        opened = Pdf.open(io.BytesIO(pdf))
    except pikepdf.PdfError as exc:
        raise ConversionError(message("conversion.office-wrote-pdf-cannot-read", exc=exc)) from exc
    with opened:
        places = place_fields(form, read_destinations(opened))
        _set_metadata(opened, document, moment)
        _fix_profile_date(opened)
        _add_fields(opened, places)
        _attach(opened, document.to_json(), moment)
        return save_as_it_is(opened)


def save_as_it_is(pdf: Pdf) -> bytes:
    """Return a PDF of ours, equal for equal content, its streams as they are.

    The office's stay compressed, and an empty appearance is not a broken Flate stream.
    """
    target = io.BytesIO()
    pdf.save(
        target,
        min_version="1.7",
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        deterministic_id=True,
    )
    return target.getvalue()


def read_destinations(pdf: Pdf) -> dict[str, Destination]:
    """Return the named destinations of a PDF, from the catalog's dictionary and its name tree.

    Raises:
        ConversionError: A destination does not point into a page of the file.
    """
    found: dict[str, pikepdf.Object] = {}
    for key, value in pdf.Root.get("/Dests", Dictionary()).items():
        found[key.removeprefix("/")] = value
    if "/Names" in pdf.Root and "/Dests" in pdf.Root.Names:
        for key, value in pikepdf.NameTree(pdf.Root.Names.Dests).items():
            found[key] = value
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    return {name: _destination(name, value, pages) for name, value in found.items()}


def _destination(name: str, value: pikepdf.Object, pages: dict[tuple[int, int], int]) -> Destination:
    target = value.get("/D") if isinstance(value, Dictionary) else value
    if not isinstance(target, Array) or len(target) < 4 or target[0].objgen not in pages:
        raise ConversionError(message("conversion.bookmark-has-no-place-on-page", name=name))
    return Destination(pages[target[0].objgen], float(target[2]), float(target[3]))


def _set_metadata(pdf: Pdf, document: Document, moment: datetime) -> None:
    date = String(pdf_date(moment))
    pdf.trailer.Info = pdf.make_indirect(
        Dictionary(
            Title=String(document.title),
            Creator=String(CREATOR),
            Producer=String(CREATOR),
            CreationDate=date,
            ModDate=date,
        )
    )
    metadata = Stream(pdf, xmp_packet(document, moment))
    metadata.Type, metadata.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = pdf.make_indirect(metadata)
    pdf.Root.Lang = String("zh-CN")
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    for key in ("/OpenAction", "/Dests"):
        if key in pdf.Root:
            del pdf.Root[key]
    for key in ("/DocChecksum", "/ID"):
        if key in pdf.trailer:
            del pdf.trailer[key]


def _fix_profile_date(pdf: Pdf) -> None:
    """Give the colour profile a fixed date; the office writes the time of day into it (ICC.1, 7.2.8)."""
    for intent in pdf.Root.get("/OutputIntents", Array()):
        profile = intent.get("/DestOutputProfile")
        if isinstance(profile, Stream):
            data = profile.read_bytes()
            profile.write(zlib.compress(data[:24] + _PROFILE_DATE + data[36:]), filter=Name.FlateDecode)


def _add_fields(pdf: Pdf, places: tuple[FieldPlace, ...]) -> None:
    fields = Array([_add_field(pdf, place) for place in places])
    if "/AcroForm" in pdf.Root:
        raise ConversionError(
            message("conversion.template-has-form-fields-its-own"),
            hint=message("conversion.remove-them-from-template"),
        )
    pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=fields, SigFlags=_SIGNATURES_EXIST_APPEND_ONLY))


def _add_field(pdf: Pdf, place: FieldPlace) -> pikepdf.Object:
    page = pdf.pages[place.page].obj
    rectangle = [Decimal(str(corner)) for corner in place.rectangle]
    widget = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Sig,
        T=String(place.role.id),
        TU=String(place.role.label_zh),
        F=PRINT_AND_LOCKED,
        P=page,
        Rect=Array(rectangle),
    )
    if place.role.visible:
        # Without an appearance the file would not be PDF/A before this field is signed (ISO 19005-3, 6.3.3).
        empty = Stream(pdf, b"")
        empty.Type, empty.Subtype = Name.XObject, Name.Form
        empty.BBox = Array([0, 0, rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]])
        empty.Resources = Dictionary()
        widget.AP = Dictionary(N=pdf.make_indirect(empty))
    if place.locks:
        widget.Lock = pdf.make_indirect(Dictionary(Type=Name.SigFieldLock, Action=Name.All, P=1))
    made = pdf.make_indirect(widget)
    if "/Annots" not in page:
        page.Annots = Array()
    page.Annots.append(made)
    return made


def _attach(pdf: Pdf, data: bytes, moment: datetime) -> None:
    file = Stream(pdf, data)
    file.Type, file.Subtype = Name.EmbeddedFile, Name("/application/json")
    file.Params = Dictionary(
        Size=len(data),
        ModDate=String(pdf_date(moment)),
        CheckSum=String(hashlib.md5(data, usedforsecurity=False).digest()),
    )
    handle = pdf.make_indirect(file)
    specification = pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(ATTACHMENT_NAME),
            UF=String(ATTACHMENT_NAME),
            Desc=String("values, conditions and signature roles of this document"),
            AFRelationship=Name.Data,
            EF=Dictionary(F=handle, UF=handle),
        )
    )
    pdf.Root.AF = Array([specification])
    pdf.Root.Names = pdf.make_indirect(
        Dictionary(EmbeddedFiles=Dictionary(Names=Array([String(ATTACHMENT_NAME), specification])))
    )
