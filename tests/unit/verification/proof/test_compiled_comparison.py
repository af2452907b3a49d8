"""A file that claims the compiled engine is held against what this engine makes, object for object."""

from __future__ import annotations

import io
import itertools
import re
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Pdf, String

from agreegen.conversion.compiled.outlines import read_outlines
from agreegen.errors import ConversionError
from agreegen.pdf.limits import Limits
from agreegen.verification.examination import examine
from agreegen.verification.proof.compiled_comparison import find_unlike_object
from agreegen.verification.proof.rebuilding import prove
from tests.unit.verification.authority import Authority, sign
from tests.unit.verification.own_files import OwnFiles

Change = Callable[[Pdf], None]


def changed(own: OwnFiles, change: Change | None = None, **how: Any) -> bytes:
    """Save the unsigned file anew, perhaps changed."""
    target = io.BytesIO()
    with Pdf.open(io.BytesIO(own.unsigned)) as pdf:
        if change is not None:
            change(pdf)
        pdf.save(target, fix_metadata_version=False, **how)
    return target.getvalue()


def codes(own: OwnFiles, pdf: bytes) -> list[str]:
    """Return the alarms about a file that a stranger signed with another program."""
    authority = Authority.root()
    data = sign(pdf, authority.issue("A stranger"), authority.holder, field_name="unit")
    assert prove(data, own.options) is None
    report = examine("x.pdf", data, own.options)
    assert report.unaltered is True, report.alarms
    return [alarm.code for alarm in report.alarms]


PACKED: dict[str, dict[str, Any]] = {
    "as it is": {"stream_decode_level": pikepdf.StreamDecodeLevel.none, "compress_streams": False},
    "streams unpacked": {"stream_decode_level": pikepdf.StreamDecodeLevel.all, "compress_streams": False},
    "streams packed anew": {"recompress_flate": True},
    "objects in streams": {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
    "normalised": {"linearize": True},
}


@pytest.mark.parametrize("how", PACKED)
def test_other_packing_of_the_same_objects_is_no_difference(own: OwnFiles, how: str) -> None:
    data = changed(own, **PACKED[how])
    assert data != own.unsigned
    assert find_unlike_object(own.unsigned, data, Limits()) is None
    assert codes(own, data) == []


def test_own_files_are_no_difference(own: OwnFiles) -> None:
    for data in own.signed.values():
        assert find_unlike_object(own.unsigned, data, Limits()) is None


def fonts_of(pdf: Pdf) -> pikepdf.Object:
    return next(p.obj.Resources.Font for p in pdf.pages if "/V0" in p.obj.Resources.Font)


def swap_shapes(pdf: Pdf) -> None:
    """Let the glyphs of two characters change places; the text that is extracted stays the same."""
    descriptor = fonts_of(pdf).V0.DescendantFonts[0].FontDescriptor
    program = descriptor.FontFile3.read_bytes()
    outlines = read_outlines(program, is_cff=True)
    places = [number for number, outline in enumerate(outlines) if len(outline) > 5]
    assert len(places) > 2
    descriptor.FontFile3.write(swapped_charstrings(program, places[1], places[2]), filter=None)
    descriptor.FontFile3.Subtype = Name.CIDFontType0C


def rewritten_font(change: Callable[[Any], None]) -> Change:
    """Write a font anew with another program, outlines untouched, after a change."""

    def rewrite(pdf: Pdf) -> None:
        stream = fonts_of(pdf).V0.DescendantFonts[0].FontDescriptor.FontFile3
        fonts, around = CFFFontSet(), TTFont()
        fonts.decompile(io.BytesIO(stream.read_bytes()), around)
        change(fonts[0])
        made = io.BytesIO()
        fonts.compile(made, around)
        stream.write(made.getvalue(), filter=None)
        stream.Subtype = Name.CIDFontType0C

    return rewrite


def unchanged_font(font: Any) -> None:
    """Read all that is written again."""
    for name in font.charset:
        _ = font.CharStrings[name].bytecode


def permute_charset(font: Any) -> None:
    """The number of a character leads to the outline of another one; readers go by this list."""
    unchanged_font(font)
    order, strings = list(font.charset), font.CharStrings
    order[2], order[3] = order[3], order[2]
    strings.charStrings = {name: number for number, name in enumerate(order)}
    font.charset = order


def turn_glyphs(font: Any) -> None:
    """A six turned by half a circle is a nine."""
    unchanged_font(font)
    font.FontMatrix = [-0.001, 0, 0, -0.001, 0.5, 0.7]


def swapped_charstrings(cff: bytes, one: int, other: int) -> bytes:
    """Let two char strings of bare CFF change places."""
    found = find_charstrings(cff)
    strings = [cff[start:end] for start, end in found]
    strings[one], strings[other] = strings[other], strings[one]
    first, last = found[0][0], found[-1][1]
    body = b"".join(strings)
    size = offset_size(cff, found)
    table, position = b"", 1
    for string in [*strings, b""]:
        table += position.to_bytes(size, "big")
        position += len(string)
    return cff[: first - len(table)] + table + body + cff[last:]


def offset_size(cff: bytes, found: list[tuple[int, int]]) -> int:
    return next(size for size in (1, 2, 3, 4) if cff[found[0][0] - size * (len(found) + 1) - 1] == size)


def find_charstrings(cff: bytes) -> list[tuple[int, int]]:
    """Find the INDEX with as many items as there are glyphs."""
    count = len(read_outlines(cff, is_cff=True))
    for at in range(4, len(cff) - 3):
        if int.from_bytes(cff[at : at + 2], "big") != count or cff[at + 2] not in (1, 2):
            continue
        size = cff[at + 2]
        offsets = [
            int.from_bytes(cff[at + 3 + size * n : at + 3 + size * (n + 1)], "big") for n in range(count + 1)
        ]
        base = at + 2 + size * (count + 1)
        if offsets[0] == 1 and offsets == sorted(offsets) and base + offsets[-1] <= len(cff):
            return [(base + a, base + b) for a, b in itertools.pairwise(offsets)]
    raise AssertionError("no char strings")


def move_text(pdf: Pdf) -> None:
    page = next(p.obj for p in pdf.pages if "/V0" in p.obj.Resources.Font)
    page.Contents[1].write(page.Contents[1].read_bytes().replace(b" Td /V0", b"0 Td /V0", 1))


def cover(pdf: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.FreeText, F=4, Rect=[50, 50, 500, 700])
    page = pdf.pages[0].obj
    page.Annots = Array([*page.get("/Annots", Array()), pdf.make_indirect(note)])


def act(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def attach(pdf: Pdf) -> None:
    pdf.attachments["other.txt"] = b"x"


def paint(pdf: Pdf) -> None:
    page = pdf.pages[-1].obj
    page.Contents = Array([*page.Contents, pdf.make_stream(b"1 g 0 0 300 300 re f")])


def grow(pdf: Pdf) -> None:
    """Make a signature field that may be signed cover the page."""
    pdf.Root.AcroForm.Fields[0].Rect = Array([0, 0, 595, 842])


def title(pdf: Pdf) -> None:
    pdf.trailer.Info.Title = String("x")


def title_of_the_window(pdf: Pdf) -> None:
    packet = pdf.Root.Metadata.read_bytes()
    assert b"</dc:title>" in packet or b"dc:title" in packet
    words = re.sub(rb"(<rdf:li[^>]*>)[^<]*(</rdf:li>)", rb"\1void\2", packet)
    pdf.Root.Metadata.write(words, filter=None)


def invisible_field(pdf: Pdf, **entries: Any) -> None:
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("x"), F=132, Rect=[0, 0, 0, 0], **entries
    )
    field.P = pdf.pages[0].obj
    reference = pdf.make_indirect(field)
    pdf.Root.AcroForm.Fields.append(reference)
    pdf.pages[0].obj.Annots = Array([*pdf.pages[0].obj.get("/Annots", Array()), reference])


def field_that_acts(pdf: Pdf) -> None:
    invisible_field(pdf, AA=Dictionary(PO=Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))))


def field_without_size_that_shows(pdf: Pdf) -> None:
    look = pdf.make_stream(b"0 g 0 0 300 300 re f")
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 300, 300])
    invisible_field(pdf, AP=Dictionary(N=look))


def field_with_further_widgets(pdf: Pdf) -> None:
    widget = Dictionary(Type=Name.Annot, Subtype=Name.Widget, F=4, Rect=[50, 50, 500, 700])
    invisible_field(pdf, Kids=Array([pdf.make_indirect(widget)]))


def layers(pdf: Pdf) -> None:
    pdf.Root.OCProperties = Dictionary(OCGs=Array(), D=Dictionary())


_ALL = (
    *(swap_shapes, move_text, cover, act, attach, paint, grow, title, layers, title_of_the_window),
    *(field_that_acts, field_without_size_that_shows, field_with_further_widgets),
)
CHANGES: dict[str, Change] = {change.__name__: change for change in _ALL}


@pytest.mark.parametrize("name", CHANGES)
def test_what_the_engine_does_not_make_is_a_difference(own: OwnFiles, name: str) -> None:
    data = changed(own, CHANGES[name])
    assert find_unlike_object(own.unsigned, data, Limits()) is not None
    report = codes(own, data)
    assert report[0] == "page-differs"
    # The text alone would not have told.
    assert "text-differs" not in report


def test_other_engines_write_no_notes_either(own: OwnFiles) -> None:
    def claim(pdf: Pdf) -> None:
        stream = pdf.Root.AF[0].EF.F
        stream.write(replace(own.document, engine="libreoffice").to_json())
        cover(pdf)

    assert codes(own, changed(own, claim)) == ["engine-differs"]


def test_font_that_another_program_wrote_is_no_difference(own: OwnFiles) -> None:
    assert codes(own, changed(own, rewritten_font(unchanged_font))) == []


@pytest.mark.parametrize("change", [permute_charset, turn_glyphs])
def test_font_that_draws_other_glyphs_with_the_same_outlines(
    own: OwnFiles, change: Callable[[Any], None]
) -> None:
    assert "page-differs" in codes(own, changed(own, rewritten_font(change)))


def test_outlines_are_those_of_the_glyphs_whoever_packed_them(own: OwnFiles) -> None:
    with Pdf.open(io.BytesIO(own.unsigned)) as pdf:
        program = fonts_of(pdf).V0.DescendantFonts[0].FontDescriptor.FontFile3.read_bytes()
    outlines = read_outlines(program, is_cff=True)
    assert len([outline for outline in outlines if outline]) >= 4
    swapped = read_outlines(swapped_charstrings(program, 1, 2), is_cff=True)
    assert (swapped[1], swapped[2]) == (outlines[2], outlines[1])
    for damaged in (b"", b"\1\0\4\1", program[:60], b"x" * 100, zlib.compress(program)):
        with pytest.raises(ConversionError):
            read_outlines(damaged, is_cff=True)
        with pytest.raises(ConversionError):
            read_outlines(damaged, is_cff=False)


def test_values_without_end_are_not_laid_out(own: OwnFiles) -> None:
    """They cost neither the time nor the memory of a page that nobody prints."""

    def claim(pdf: Pdf) -> None:
        values = {**own.document.values, "pledger_name": "甲" * 2_000_000}
        pdf.Root.AF[0].EF.F.write(replace(own.document, values=values).to_json())

    before = time.process_time()
    assert codes(own, changed(own, claim)) == [
        "roles-differ",
        "alias-unconfirmed",
        "engine-differs",
        "text-differs",
    ]
    assert time.process_time() - before < 1
