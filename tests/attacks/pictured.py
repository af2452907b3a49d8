"""Looks of signatures over text that hide it in some medium, reader or mood, and the pages they stand on."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent, ResourceType
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.sign import fields
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.stamp import StaticStampStyle

from tests.attacks.signer import FREE_BOX, TEXT_BOX, base_document, sign, simple_signer

Box = tuple[int, int, int, int]
WIDTH, HEIGHT = TEXT_BOX[2] - TEXT_BOX[0], TEXT_BOX[3] - TEXT_BOX[1]
SHEET = b"0 0 %d %d re f" % (WIDTH, HEIGHT)
_SPREAD = b"%d 0 0 %d 0 0 cm /P Do" % (WIDTH, HEIGHT)
RING = b"1 0 0 RG 5 w 150 5 60 25 re S"


def sealed(
    content: bytes,
    *,
    state: dict[str, Any] | None = None,
    base: bytes | None = None,
    new: Box | None = None,
    flags: int = 132,
    mask: bytes | None = None,
    picture: bytes | None = None,
    layers: tuple[bytes, ...] = (),
) -> bytes:
    """Sign a first field, then one over the text with this look.

    Args:
        content: What the look draws.
        state: A graphics state `/G` of it.
        base: Another document than the plain one.
        new: Place of a new field; None for the one that was prepared over the text.
        flags: Of the widget.
        mask: What a soft mask of the state draws: the lighter, the more is seen of the look.
        picture: Grey of a white picture's soft mask, one byte; the picture is `/P`.
        layers: What the forms `/L0`, `/L1` and so on draw, each in a layer of the document.
    """
    data = sign(base or base_document(), "person")
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    box = new or TEXT_BOX
    size = BoxConstraints(width=box[2] - box[0], height=box[3] - box[1])
    raw = RawContent(data=b"q " + content + b" Q", box=size)
    if picture is not None:
        raw.set_resource(ResourceType.XOBJECT, generic.pdf_name("/P"), _picture(writer, picture))
    for number, drawn in enumerate(layers):
        form = {"Type": "/XObject", "Subtype": "/Form", "BBox": _box()}
        form["OC"] = writer.root["/OCProperties"]["/OCGs"].raw_get(number)
        raw.set_resource(ResourceType.XOBJECT, generic.pdf_name(f"/L{number}"), _stream(writer, drawn, form))
    if state is not None:
        dictionary = _dictionary(state)
        if mask is not None:
            dictionary[generic.pdf_name("/SMask")] = _soft_mask(writer, mask)
        raw.set_resource(ResourceType.EXT_G_STATE, generic.pdf_name("/G"), dictionary)
    whole = SimpleBoxLayoutRule(
        x_align=AxisAlignment.ALIGN_MIN,
        y_align=AxisAlignment.ALIGN_MIN,
        margins=Margins(),
        inner_content_scaling=InnerScaling.NO_SCALING,
    )
    style = StaticStampStyle(border_width=0, background=raw, background_opacity=1.0, background_layout=whole)
    name = "unit" if new is None else "other"
    spec = None if new is None else SigFieldSpec(name, on_page=0, box=new)
    settings = PdfSignatureMetadata(
        field_name=name, subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    if flags != 132:
        _set_flags(writer, name, flags)
    signer = PdfSigner(settings, simple_signer(), stamp_style=style, new_field_spec=spec)
    return bytes(signer.sign_pdf(writer).getvalue())


_BOX = (0, 0, WIDTH, HEIGHT)
_PIXEL = {"Type": "/XObject", "Subtype": "/Image", "Width": 1, "Height": 1, "ColorSpace": "/DeviceGray"}


def _dictionary(entries: dict[str, Any]) -> Any:
    pairs = {generic.pdf_name("/" + key): _value(value) for key, value in entries.items()}
    return generic.DictionaryObject(pairs)  # type: ignore[no-untyped-call]


def _stream(writer: IncrementalPdfFileWriter, content: bytes, entries: dict[str, Any]) -> Any:
    made = generic.StreamObject(dict_data=_dictionary(entries), stream_data=content)
    return writer.add_object(made)


def _box() -> Any:
    return generic.ArrayObject(generic.NumberObject(edge) for edge in _BOX)  # type: ignore[no-untyped-call]


def _soft_mask(writer: IncrementalPdfFileWriter, content: bytes) -> Any:
    group = _dictionary({"S": "/Transparency", "CS": "/DeviceGray"})
    form = {"Type": "/XObject", "Subtype": "/Form", "BBox": _box(), "Group": group}
    return _dictionary({"Type": "/Mask", "S": "/Luminosity", "G": _stream(writer, content, form)})


def _picture(writer: IncrementalPdfFileWriter, grey: bytes) -> Any:
    """Add a white picture of one pixel, as opaque as a grey."""
    veil = _stream(writer, grey, {**_PIXEL, "BitsPerComponent": 8})
    return _stream(writer, b"\xff", {**_PIXEL, "BitsPerComponent": 8, "SMask": veil})


def _value(value: object) -> Any:
    if isinstance(value, generic.PdfObject):
        return value
    if isinstance(value, int):
        return generic.NumberObject(value)  # type: ignore[no-untyped-call]
    return generic.pdf_name(value) if isinstance(value, str) else generic.FloatObject(value)  # type: ignore[no-untyped-call]


def _set_flags(writer: IncrementalPdfFileWriter, name: str, flags: int) -> None:
    for reference in writer.root["/AcroForm"]["/Fields"]:
        field = reference.get_object()
        if str(field.get("/T")) == name:
            field[generic.pdf_name("/F")] = generic.NumberObject(flags)  # type: ignore[no-untyped-call]
            writer.update_container(field)


def base_with(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """Return the plain document with a change made before anybody signs."""
    pdf = pikepdf.open(io.BytesIO(base_document()))
    change(pdf)
    target = io.BytesIO()
    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return target.getvalue()


def _turned(pdf: pikepdf.Pdf, angle: int) -> None:
    pdf.pages[0].Rotate = angle


def _in_large_units(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj["/UserUnit"] = 2


def _cropped(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj["/CropBox"] = pikepdf.Array([30, 600, 580, 820])


def _with_words(pdf: pikepdf.Pdf) -> None:
    """Let the empty seal field show a sentence, which a signer takes for one of the page's."""
    look = pdf.make_stream(b"BT /F1 9 Tf 200 4 Td (Clause 7 applies.) Tj ET")
    look.Type, look.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    look.BBox = pikepdf.Array([0, 0, WIDTH, HEIGHT])
    look.Resources = pikepdf.Dictionary(Font=pdf.pages[0].Resources.Font)
    fields_of_form = list(pdf.Root.AcroForm.Fields)
    seal = next(field for field in fields_of_form if str(field.T) == "unit")
    seal.AP = pikepdf.Dictionary(N=look)


def _with_plate(pdf: pikepdf.Pdf) -> None:
    """Let the empty seal field, on a free place, show a grey plate with a border, as many programs do."""
    look = pdf.make_stream(b"0.9 g 0 0 140 40 re f 0.3 G 1 w 0.5 0.5 139 39 re S")
    look.Type, look.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    look.BBox = pikepdf.Array([0, 0, 140, 40])
    seal = next(field for field in list(pdf.Root.AcroForm.Fields) if str(field.T) == "unit")
    seal.AP, seal.Rect = pikepdf.Dictionary(N=look), pikepdf.Array(list(FREE_BOX))


def _with_layers(pdf: pikepdf.Pdf) -> None:
    """Let the document have a layer for the screen and one for paper (ISO 32000-1, 8.11.4.4)."""
    on, off = pikepdf.Name.ON, pikepdf.Name.OFF
    layers = [
        pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.OCG,
                Name=pikepdf.String(name),
                Usage=pikepdf.Dictionary(
                    View=pikepdf.Dictionary(ViewState=shown), Print=pikepdf.Dictionary(PrintState=printed)
                ),
            )
        )
        for name, shown, printed in (("screen", on, off), ("paper", off, on))
    ]
    events = [
        pikepdf.Dictionary(Event=event, Category=pikepdf.Array([event]), OCGs=pikepdf.Array(layers))
        for event in (pikepdf.Name.View, pikepdf.Name.Print)
    ]
    order = pikepdf.Dictionary(Order=pikepdf.Array(layers), AS=pikepdf.Array(events))
    pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=pikepdf.Array(layers), D=order)


def two_faced(screen: bytes, paper: bytes) -> bytes:
    """Seal the text with one look for the screen and another one for paper."""
    return sealed(b"/L0 Do /L1 Do", base=base_with(_with_layers), layers=(screen, paper))


ERASING: dict[str, Callable[[], bytes]] = {
    "white sheet": lambda: sealed(b"1 g " + SHEET),
    "veil": lambda: sealed(b"/G gs 1 g " + SHEET, state={"ca": 0.8}),
    "pale yellow sheet": lambda: sealed(b"1 1 0.85 rg " + SHEET),
    "screen": lambda: sealed(b"/G gs 1 g " + SHEET, state={"BM": "/Screen"}),
    "lighten": lambda: sealed(b"/G gs 1 g " + SHEET, state={"BM": "/Lighten"}),
    "exclusion": lambda: sealed(b"/G gs 1 g " + SHEET, state={"BM": "/Exclusion", "ca": 0.99}),
    "white strip over one digit": lambda: sealed(b"1 g 60 8 12 20 re f"),
    "turned page": lambda: sealed(b"1 g " + SHEET, base=base_with(functools.partial(_turned, angle=90))),
    "large units": lambda: sealed(b"1 g " + SHEET, base=base_with(_in_large_units)),
    "cropped page": lambda: sealed(b"1 g " + SHEET, base=base_with(_cropped)),
    "white sheet through a soft mask": lambda: sealed(b"/G gs 1 g " + SHEET, state={}, mask=b"1 g " + SHEET),
    "veil of a soft mask": lambda: sealed(b"/G gs 1 g " + SHEET, state={}, mask=b"0.8 g " + SHEET),
    "white picture with a soft mask": lambda: sealed(_SPREAD, picture=b"\xff"),
    "veil of a picture with a soft mask": lambda: sealed(_SPREAD, picture=b"\xd0"),
    "print only": lambda: sealed(b"1 g " + SHEET, flags=36),
    "screen only": lambda: sealed(b"1 g " + SHEET, flags=0),
}
"""In a field that was prepared over the text: what was signed before became paper, somewhere."""

COVERING: dict[str, Callable[[], bytes]] = {
    "opaque red sheet": lambda: sealed(b"1 0 0 rg " + SHEET),
    "black sheet": lambda: sealed(b"0 g " + SHEET),
    "dark multiply": lambda: sealed(b"/G gs 0.3 g " + SHEET, state={"BM": "/Multiply"}),
    "words of the empty field": lambda: sealed(b"", base=base_with(_with_words)),
    "new field, white sheet": lambda: sealed(b"1 g " + SHEET, new=TEXT_BOX),
    "new field, soft mask": lambda: sealed(
        b"/G gs 1 g " + SHEET, state={}, mask=b"1 g " + SHEET, new=TEXT_BOX
    ),
    "new field, legible": lambda: sealed(b"/G gs " + RING, state={"BM": "/Multiply"}, new=TEXT_BOX),
}
"""For a person to judge: ink under other ink, and anything in a field that came later."""

LEGIBLE: dict[str, Callable[[], bytes]] = {
    "red ring that multiplies": lambda: sealed(b"/G gs " + RING, state={"BM": "/Multiply"}),
    "red sheet that multiplies": lambda: sealed(b"/G gs 1 0.5 0.5 rg " + SHEET, state={"BM": "/Multiply"}),
    "darken": lambda: sealed(b"/G gs 1 0.4 0.4 rg " + SHEET, state={"BM": "/Darken"}),
    "ring through a soft mask": lambda: sealed(
        b"/G gs " + RING, state={"BM": "/Multiply"}, mask=b"0.9 g " + SHEET
    ),
    "clear picture with a soft mask": lambda: sealed(
        b"/G gs " + RING + b" " + _SPREAD, picture=b"\x08", state={"BM": "/Multiply"}
    ),
    "thin veil": lambda: sealed(b"/G gs 1 g " + SHEET, state={"ca": 0.1}),
    "turned page": lambda: sealed(
        b"/G gs " + RING, state={"BM": "/Multiply"}, base=base_with(functools.partial(_turned, angle=270))
    ),
}
"""The honest twins: everything under them can still be read."""

CLEAR: dict[str, Callable[[], bytes]] = {
    "new field on a free place": lambda: sealed(b"1 0 0 rg 0 0 140 40 re f", new=FREE_BOX),
    "plate of the empty field": lambda: sealed(b"1 0 0 rg 20 5 60 25 re f", base=base_with(_with_plate)),
    "nothing drawn": lambda: sealed(b""),
}
