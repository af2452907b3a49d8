"""Forms of many pages, most of them filled in: poppler draws them one after the other."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterator

import pikepdf
import pytest

from agreegen.pdf.document import open_file
from agreegen.pdf.limits import Limits
from agreegen.verification.changes.painted_places import PermittedPlace, PlaceKind
from agreegen.verification.pictures import judging, poppler_comparison
from agreegen.verification.pictures.comparison import Image
from agreegen.verification.pictures.interface import Drawn, Fault
from agreegen.verification.pictures.poppler_pages import poppler_is_installed, stream_pages
from tests.attacks.documents import look
from tests.attacks.increments import append, body_of, number_of, stream
from tests.attacks.signer import base_document, sign

PAGES = 80
"""More than fit into memory at once."""
BOX = (60, 600, 160, 620)
pytestmark = pytest.mark.skipif(not poppler_is_installed(), reason="poppler's programs are not here")


@functools.cache
def _signed() -> bytes:
    """Return a signed file whose pages each have a line of text, a rule and an empty field on it."""
    with pikepdf.open(io.BytesIO(base_document())) as pdf:
        fonts = pdf.pages[0].obj.Resources
        for at in range(PAGES):
            page = pdf.add_blank_page(page_size=(595, 842))
            words = b"BT /F1 12 Tf 72 720 Td (Page %d.) Tj ET 50 605 200 1 re f" % at
            page.Contents, page.Resources = pdf.make_stream(words), fonts
            blank = pdf.make_stream(b"/Tx BMC EMC %% %d" % at)
            blank.Type, blank.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
            blank.BBox = pikepdf.Array([0, 0, 100, 20])
            field = pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot,
                    Subtype=pikepdf.Name.Widget,
                    FT=pikepdf.Name.Tx,
                    T=pikepdf.String(f"page {at}"),
                    V=pikepdf.String(""),
                    DA=pikepdf.String("/Helv 9 Tf"),
                    Rect=pikepdf.Array(list(BOX)),
                    F=4,
                    P=page.obj,
                    AP=pikepdf.Dictionary(N=blank),
                )
            )
            page.Annots = pdf.make_indirect(pikepdf.Array([field]))
            pdf.Root.AcroForm.Fields.append(field)
        target = io.BytesIO()
        pdf.save(
            target, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False, qdf=False
        )
    return sign(target.getvalue())


def _draw(white: int | None) -> Drawn:
    """Fill in all fields in one update, and let one of them paint a white sheet; draw what came of it."""
    data, objects, places = _signed(), dict[int, bytes](), []
    for at in range(PAGES):
        number = number_of(data, b"(page %d)" % at)
        shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
        sheet = stream(b"1 g 0 0 100 20 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 100 20]")
        objects[number] = body_of(data, number).replace(b"/V ()", b"/V (9)")
        objects[shown] = sheet if at == white else look(b"(9)")
        places.append(PermittedPlace(2, at + 1, BOX, PlaceKind.FILLED_FIELD, f"page {at}", number))
    file = open_file(append(data, objects), Limits())
    views = file.views()
    assert len(views) == 3
    return judging.draw_changes(file, views, [1], places)


def test_what_is_filled_in_on_many_pages_is_drawn_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def drawn(
        pdf: bytes, first: int, last: int, *, dots_per_inch: float, timeout_s: float
    ) -> Iterator[Image]:
        asked.append(last - first + 1)
        return stream_pages(pdf, first, last, dots_per_inch=dots_per_inch, timeout_s=timeout_s)

    monkeypatch.setattr(poppler_comparison, "stream_pages", drawn)
    assert _draw(None) == Drawn()
    assert asked == [PAGES, PAGES], "each state is drawn by one program"


def test_ink_that_is_lost_on_one_page_of_many_is_found_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = _draw(37)
    assert {(fault.fault, fault.page) for fault in drawn.faults} == {(Fault.LOST, 39)}
    monkeypatch.setattr(judging, "_compare_page", lambda *_, **__: iter(()))
    drawn = _draw(37)
    assert {(fault.fault, fault.page, fault.reader) for fault in drawn.faults} == {
        (Fault.LOST, 39, "poppler")
    }
