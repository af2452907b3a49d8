"""Looks of signatures in agreements of ours, whose fields stand over names: sheets, and looks that reach out.

The updates are written by the very writer of this program, so that only the look is not what it makes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agreegen.conversion.interface import EngineChoice
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, build_document
from agreegen.pdf.pictures.streams import stream_body
from agreegen.pdf.plain import PlainPdf
from agreegen.pipeline.making import DocumentMaker
from agreegen.rosters.parameters import read_parameters
from agreegen.signing.appearance.pictures import INK, Appearance, AppearanceMaker, form_body, number
from agreegen.signing.appearance.text_line import text_lines
from agreegen.signing.plain.signature_update import SignatureText, append_signature, find_targets
from tests.attacks.looks_from_elsewhere import SHORT_KEYS
from tests.attacks.packed_otherwise import two_faced

_PARAMETERS = Path(__file__).parents[2] / "batch" / "confidentiality-agreement.yaml"
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 119 119]"
_GROUP = b" /Group << /Type /Group /S /Transparency /I true >>"
_LAID = b"q /Ink gs 1 0 0 1 0 0 cm /Picture Do Q"
_PICTURE = INK + b" /XObject << /Picture @1@ >>"
_SHEET = b"1 g 0 0 119 119 re f"
_NORMAL = b" /Resources << /ExtGState << /N << /BM /Normal >> >> >>"
FIRST, LATER = "party_a_seal", "party_b_seal"


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement that nobody has signed, and what it says."""

    document: Document
    pdf: bytes


@functools.cache
def agreement() -> Agreement:
    """Make one by the compiled engine."""
    form = find_form("confidentiality-agreement", forms_folder())
    document = build_document(form, read_parameters(_PARAMETERS, form))
    with DocumentMaker(form, engine=EngineChoice.COMPILED) as maker:
        made = maker.make(document)
    return Agreement(made.document, made.pdf)


def signed_by(looks: Mapping[str, AppearanceMaker]) -> bytes:
    """Sign all fields in their order up to the last one that has a look of its own; CMS that say nothing."""
    plain, wanted = PlainPdf.read(agreement().pdf), dict(looks)
    while wanted:
        target = find_targets(plain)[0]
        look = wanted.pop(target.name, text_lines(("name", "time")))
        made = append_signature(plain, target, SignatureText(_MOMENT), 100, look)
        plain = plain.updated(made.fill(b"\x30\x03\x02\x01" + bytes([len(plain.sections) % 128])))
    return plain.data


def _only(content: bytes, resources: bytes = b"") -> AppearanceMaker:
    return lambda width, height: Appearance((form_body(width, height, resources, content),))


def _pictured(content: bytes, entries: bytes, *more: bytes) -> AppearanceMaker:
    picture = stream_body(_FORM + entries, content)
    return lambda width, height: Appearance((form_body(width, height, _PICTURE, _LAID), picture, *more))


def _grouped(width: float, height: float) -> Appearance:
    """The sheet is ink within a group, and the group is laid on the page as it is."""
    box = b"/Type /XObject /Subtype /Form /BBox [0 0 %s %s] " % (number(width), number(height))
    entries = box + b"/Resources << " + INK + b" >>" + _GROUP
    return Appearance((stream_body(entries, b"/Ink gs " + _SHEET),))


def _lettered(width: float, height: float) -> Appearance:
    """The one glyph of a font draws the sheet, in a mode of its own."""
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 0 "
        b"/LastChar 0 /Widths [9] /Encoding << /Differences [0 /a] >> /CharProcs << /a @2@ >>" + _NORMAL
    )
    content = b"/Ink gs BT /F1 1 Tf 0 g\n1 0 0 1 0 0 Tm <0000> Tj\nET"
    form = form_body(width, height, INK + b" /Font << /F1 @1@ >>", content)
    return Appearance((form, font + b" >>", stream_body(b"", b"9 0 d0 /N gs " + _SHEET)))


def _photographed(entries: bytes) -> AppearanceMaker:
    """A look that is a picture of pixels, as seals are."""
    kind = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray "
    laid = b"q /Ink gs 9 0 0 9 9 9 cm /Picture Do Q"
    picture = stream_body(kind + entries, b"\x80")
    return lambda width, height: Appearance((form_body(width, height, _PICTURE, laid), picture))


WIPING: dict[str, AppearanceMaker] = {
    "white sheet": _only(_SHEET),
    "white sheet with another name": _only(_SHEET + b" 0 g 10 50 60 8 re f"),
    "ink that ends before the sheet": _only(b"q /Ink gs Q " + _SHEET, INK),
    "ink under another name": _only(b"/Ink gs " + _SHEET, INK.replace(b"Multiply", b"Normal")),
    "sheet in a group": _grouped,
    "picture that chooses its mode": _pictured(b"/N gs " + _SHEET, _NORMAL),
    "glyph that chooses its mode": _lettered,
}
"""Looks that make paper of the names that stand under their fields."""

_BENIGN, _OVER_ALL = b"q 0 g 9 9 9 9 re f Q ", b"Q Q Q Q 0 g -500 -700 2000 2000 re f "
_TWO_FACED = two_faced(_BENIGN, _OVER_ALL)
_UP = b" << /Predictor 12 /Columns 96 >>"

REACHING: dict[str, AppearanceMaker] = {
    "picture that is predicted": _pictured(_TWO_FACED, _GROUP + b" /DecodeParms" + _UP),
    "picture that is predicted for pdf.js": _pictured(_TWO_FACED, _GROUP + b" /DP" + _UP),
    "look that ends too much": _only(b"Q Q Q /Ink gs " + _SHEET, INK),
    "picture that ends too much": _pictured(b"Q Q Q 0 g 0 0 9 9 re f", _GROUP),
    "form of a picture that ends too much": _pictured(
        b"/X Do",
        _GROUP + b" /Resources << /XObject << /X @2@ >> >>",
        stream_body(_FORM, b"Q Q Q Q 0 g 0 0 9 9 re f"),
    ),
}
"""Looks that pdf.js lets paint over the whole page."""

TWO_PICTURES: dict[str, AppearanceMaker] = {
    f"picture with the short key {key}": _photographed(b"/%s %s" % (key.encode(), value))
    for key, value in SHORT_KEYS.items()
}
"""Looks that are one picture in pdf.js and another one elsewhere."""

HONEST: dict[str, AppearanceMaker] = {
    "picture of pixels": _photographed(b""),
    "lines of text": text_lines(("豫州市绿源环境监测有限公司", "2026年1月1日")),
    "picture": _pictured(b"q 1 0 0 rg 10 10 60 60 re f Q " + _SHEET, _GROUP),
}

EARLIER: dict[str, AppearanceMaker] = {
    "ring of an earlier release": _only(b"q 1 0 0 RG 3 w 20 20 80 80 re S Q"),
    "lines of an earlier release": _only(b"BT 0 g ET"),
}
"""Before looks were laid on as ink they were drawn over the page, and took nothing away either."""
