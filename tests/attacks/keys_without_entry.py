"""Every key of every kind of object that readers or screen readers heed, put where it was not: none may come.

Schemas are closed, so one table asks for all that the standards name (ISO 32000-2, tables 29, 31, 166, 226):
a reader of the future may show what none shows today.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from tests.attacks.documents import page_number, signed
from tests.attacks.increments import append, body_of, number_of, root_number
from tests.attacks.painted_elsewhere import put
from tests.attacks.prepared import tagged
from tests.attacks.signer import PAGE_TEXT, base_document, sign

_NOTE = b"/Subtype /Text /Contents (agreed) /Name /Note /Rect [400 300 420 320]"
_CATALOGUE = {
    "PageLabels": b"<< /Nums [0 << /P (Annex ) >>] >>",
    "ViewerPreferences": b"<< /ViewArea /BleedBox /PrintArea /BleedBox /DisplayDocTitle true >>",
    "PageMode": b"/FullScreen",
    "PageLayout": b"/TwoPageRight",
    "OpenAction": b"<< /S /URI /URI (https://example.com) >>",
    "AA": b"<< /WP << /S /JavaScript /JS (this.getField('remark').value='9') >> >>",
    "URI": b"<< /Base (https://example.com) >>",
    "Threads": b"[ ]",
    "Lang": b"(zh)",
    "MarkInfo": b"<< /Marked true /Suspects true >>",
    "Outlines": b"<< /Type /Outlines /First << /Title (Cancelled) >> /Count 1 >>",
    "Dests": b"<< >>",
    "OCProperties": b"<< /OCGs [] /D << /BaseState /OFF >> >>",
    "OutputIntents": b"[<< /S /GTS_PDFA1 /OutputConditionIdentifier (x) >>]",
    "Collection": b"<< /View /H /D (agreegen.json) >>",
    "Requirements": b"[<< /S /EnableJavaScripts >>]",
    "Legal": b"<< /Attestation (Cancelled) >>",
    "NeedsRendering": b"true",
    "SpiderInfo": b"<< /V 1.0 >>",
    "DPartRoot": b"<< >>",
}
_PAGE = {
    "Rotate": b"180",
    "UserUnit": b"4",
    "CropBox": b"[0 0 595 400]",
    "BleedBox": b"[0 0 595 400]",
    "TrimBox": b"[0 0 595 400]",
    "ArtBox": b"[0 0 595 400]",
    "Dur": b"1",
    "Trans": b"<< /S /Blinds >>",
    "PresSteps": b"<< /Type /NavNode >>",
    "AA": b"<< /O << /S /Named /N /NextPage >> >>",
    "B": b"[ ]",
    "Group": b"<< /S /Transparency /CS /DeviceCMYK /K true >>",
    "Thumb": b"<< >>",
    "Metadata": b"<< >>",
    "AF": b"[<< /Type /Filespec /F (x) >>]",
    "StructParents": b"0",
    "VP": b"[<< /BBox [0 0 9 9] /Name (Cancelled) >>]",
    "SeparationInfo": b"<< /DeviceColorant /Cyan >>",
    "TemplateInstantiated": b"/x",
    "Hid": b"true",
}
_FIELD = {
    "TU": b"(the amount in another currency)",
    "TM": b"(x)",
    "DV": b"(900)",
    "MaxLen": b"3",
    "Opt": b"[[(1) (900)]]",
    "DS": b"(font: 90pt)",
    "RV": b"(<p>900</p>)",
    "AA": b"<< /F << /S /JavaScript /JS (event.value='900') >> >>",
    "A": b"<< /S /URI /URI (https://example.com) >>",
    "OC": b"<< /Type /OCG /Name (x) >>",
    "Border": b"[0 0 300]",
    "BS": b"<< /W 300 >>",
    "MK": b"<< /BG [0 0 0] /CA (900) >>",
    "Q": b"2",
    "Ff": b"33554432",
    "AS": b"/On",
    "Lock": b"<< /Action /All >>",
    "H": b"/O",
    "Lang": b"(zh)",
    "Contents": b"(900)",
    "TI": b"3",
    "I": b"[0]",
    "StructParent": b"0",
    "PMD": b"<< >>",
}
_SEAL = {
    "TU": b"(signed under protest)",
    "MK": b"<< /CA (signed under protest) /BG [1 0 0] >>",
    "Contents": b"(signed under protest)",
    "Lang": b"(zh)",
    "DA": b"(/Helv 90 Tf)",
    "A": b"<< /S /URI /URI (https://example.com) >>",
    "OC": b"<< /Type /OCG /Name (x) >>",
    "SV": b"<< /Reasons [(under protest)] >>",
    "DR": b"<< >>",
    "M": b"(D:20200101)",
}
_OF_A_NOTE = {
    "State": b"(Rejected)",
    "StateModel": b"(Review)",
    "Subj": b"(Rejected)",
    "RC": b"(<p>not agreed</p>)",
    "T": b"(Zhang San)",
    "Open": b"true",
    "C": b"[1 0 0]",
    "CA": b"0.01",
    "BM": b"/Difference",
    "OC": b"<< /Type /OCG /Name (x) >>",
    "A": b"<< /S /URI /URI (https://example.com) >>",
    "AP": b"<< >>",
    "F": b"2",
    "Lang": b"(zh)",
    "ExData": b"<< /Subtype /Markup3D >>",
    "AF": b"[<< /F (x) >>]",
}
_ELEMENT = {
    "Alt": b"(sold)",
    "E": b"(sold)",
    "T": b"(sold)",
    "A": b"<< /O /Table /Summary (sold) >>",
    "C": b"/x",
    "Phoneme": b"(sold)",
    "Lang": b"(zh)",
    "ID": b"(x)",
    "NS": b"<< /NS (x) >>",
}
_FONT = {
    "Encoding": b"<< /Differences [65 /B] >>",
    "ToUnicode": b"<< >>",
    "Widths": b"[0 0 0]",
    "FontDescriptor": b"<< /FontName /Helvetica /ItalicAngle 30 >>",
    "Name": b"/x",
}
_CONTENT = {
    "F": b"(https://example.com/x)",
    "Filter": b"/ASCIIHexDecode",
    "OC": b"<< /Type /OCG /Name (x) >>",
    "Metadata": b"<< >>",
}


def _with_key(data: bytes, number: int, key: str, value: bytes) -> bytes:
    body = body_of(data, number)
    end = body.index(b"stream") if b"stream\n" in body else len(body)
    at = body.rindex(b">>", 0, end)
    name = b"/" + key.encode() + b" "
    assert name not in body[:at]
    return append(data, {number: body[:at] + name + value + b" " + body[at:]})


def _in_catalogue(key: str, value: bytes) -> bytes:
    return _with_key(signed(), root_number(signed()), key, value)


def _in_page(key: str, value: bytes) -> bytes:
    return _with_key(signed(), page_number(signed()), key, value)


def _in_field(key: str, value: bytes) -> bytes:
    return _with_key(signed(), number_of(signed(), b"(remark)"), key, value)


def _in_seal(key: str, value: bytes) -> bytes:
    return _with_key(signed(), number_of(signed(), b"(unit)"), key, value)


def _in_note(key: str, value: bytes) -> bytes:
    data = sign(put(base_document(), _NOTE, flags=b""))
    return _with_key(data, number_of(data, b"(agreed)"), key, value)


def _in_element(key: str, value: bytes) -> bytes:
    data = sign(tagged(base_document()))
    return _with_key(data, number_of(data, b"/ActualText (kept)"), key, value)


def _in_font(key: str, value: bytes) -> bytes:
    return _with_key(signed(), number_of(signed(), b"/BaseFont /Helvetica"), key, value)


def _in_content(key: str, value: bytes) -> bytes:
    return _with_key(signed(), number_of(signed(), PAGE_TEXT), key, value)


TABLES: tuple[tuple[str, Callable[[str, bytes], bytes], dict[str, bytes]], ...] = (
    ("catalogue", _in_catalogue, _CATALOGUE),
    ("page", _in_page, _PAGE),
    ("field", _in_field, _FIELD),
    ("seal", _in_seal, _SEAL),
    ("note", _in_note, _OF_A_NOTE),
    ("element", _in_element, _ELEMENT),
    ("font", _in_font, _FONT),
    ("content", _in_content, _CONTENT),
)
"""Name of a kind of object, how a key is put into a sample of it, and its keys with values."""
KEYS: dict[str, Callable[[], bytes]] = {
    f"key_of_{where}_{key}": functools.partial(make, key, value)
    for where, make, table in TABLES
    for key, value in table.items()
}
