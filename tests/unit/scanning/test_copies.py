"""Pages copied for paper look as qpdf lays them flat, whoever made the file and however it is built."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from agreegen.errors import InputError
from agreegen.forms.fonts import find_chain
from agreegen.pdf.plain import NotPlainError, PlainPdf, split_at_references
from agreegen.scanning.copies.lettering import Lettering
from agreegen.scanning.copies.paper_pages import read_paper_pages
from agreegen.scanning.copies.stack import Stack

pytestmark = pytest.mark.filterwarnings("ignore:.*not reachable from /AcroForm")
_PRINT, _HIDDEN = 4, 2


def _copied(data: bytes) -> bytes:
    made = io.BytesIO()
    stack = Stack(made, Lettering(find_chain(("Noto Serif SC",)), ""))
    stack.add_document(data, None)
    stack.finish()
    return made.getvalue()


def _flat(data: bytes) -> bytes:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.flatten_annotations("print")
        pdf.save(made)
    return made.getvalue()


def _drawn(data: bytes) -> NDArray[np.uint8]:
    with pypdfium2.PdfDocument(data) as pdf:
        picture: NDArray[np.uint8] = pdf[0].render(may_draw_forms=False).to_numpy()
        return picture


def _page(pdf: Pdf) -> Dictionary:
    page = pdf.add_blank_page(page_size=(200, 300)).obj
    page.Contents = pdf.make_stream(b"q 1 0 0 rg 20 20 50 60 re f Q")
    page.Resources = Dictionary(Font=Dictionary(), Note=pikepdf.String("see 5 0 R (and 6 0 R)"))
    return page


def _widget(pdf: Pdf, flags: int = _PRINT, **more: object) -> Dictionary:
    look = Stream(pdf, b"0 0 1 rg 0 0 30 10 re f", BBox=[0, 0, 30, 10], Subtype=Name.Form, Type=Name.XObject)
    for key, value in more.items():
        look[f"/{key}"] = value
    rect = Array([100, 50, 160, 90])
    return pdf.make_indirect(Dictionary(Subtype=Name.Widget, Rect=rect, F=flags, AP=Dictionary(N=look)))


def _saved(pdf: Pdf) -> bytes:
    made = io.BytesIO()
    pdf.save(made, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return made.getvalue()


def _shown(page: Dictionary, pdf: Pdf) -> None:
    page.Annots = Array([_widget(pdf)])


def _moved(page: Dictionary, pdf: Pdf) -> None:
    page.Annots = Array([_widget(pdf, Matrix=Array([0, 1, -1, 0, 40, 5]))])


def _hidden(page: Dictionary, pdf: Pdf) -> None:
    page.Annots = Array([_widget(pdf, _PRINT | _HIDDEN), _widget(pdf, 0)])


def _name_is_taken(page: Dictionary, pdf: Pdf) -> None:
    own = Stream(pdf, b"0 1 0 rg 0 0 9 9 re f", BBox=[0, 0, 9, 9], Subtype=Name.Form, Type=Name.XObject)
    page.Resources.XObject = Dictionary(Look0=own)
    page.Contents = Array([page.Contents, pdf.make_stream(b"/Look0 Do")])
    page.Annots = Array([_widget(pdf), _widget(pdf, Matrix=Array([1, 0, 0, 1, 0, 0]))])


def _indirect(page: Dictionary, pdf: Pdf) -> None:
    page.MediaBox = pdf.make_indirect(page.MediaBox)
    page.Contents = pdf.make_indirect(Array([page.Contents, pdf.make_stream(b"9 9 9 9 re f")]))
    page.Annots = pdf.make_indirect(Array([_widget(pdf)]))


def _turned(page: Dictionary, pdf: Pdf) -> None:
    page.Rotate = 90
    page.Annots = Array([_widget(pdf)])


def _refers_to_itself(page: Dictionary, pdf: Pdf) -> None:
    own = Stream(pdf, b"0 1 0 rg 9 9 9 9 re f", BBox=[0, 0, 30, 30], Subtype=Name.Form, Type=Name.XObject)
    own.Resources = Dictionary(XObject=Dictionary(Again=own))
    page.Resources.XObject = Dictionary(Own=own)
    page.Contents = pdf.make_stream(b"/Own Do")


def _states(page: Dictionary, pdf: Pdf) -> None:
    widget = _widget(pdf)
    widget.AP.N = Dictionary(On=widget.AP.N)
    widget.AS = Name.On
    page.Annots = Array([widget])


def _fixed(page: Dictionary, pdf: Pdf) -> None:
    page.Rotate = 90
    page.Annots = Array([_widget(pdf, _PRINT | 16)])


@pytest.mark.parametrize(
    ("change", "plain"),
    [
        (_shown, True),
        (_moved, True),
        (_hidden, True),
        (_name_is_taken, True),
        (_indirect, True),
        (_turned, True),
        (_refers_to_itself, True),
        (_states, False),
        (_fixed, False),
    ],
)
def test_pages_look_as_they_do_laid_flat(change: Callable[[Dictionary, Pdf], None], plain: bool) -> None:
    with Pdf.new() as pdf:
        change(_page(pdf), pdf)
        data = _saved(pdf)
    if plain:
        assert len(read_paper_pages(PlainPdf.read(data))) == 1
    else:
        with pytest.raises(NotPlainError):
            read_paper_pages(PlainPdf.read(data))
    assert (_drawn(_copied(data)) == _drawn(_flat(data))).all()
    assert (_drawn(_copied(data)) != 255).any()


def test_what_pages_take_over_from_above_is_kept() -> None:
    with Pdf.new() as pdf:
        page = _page(pdf)
        for key in ("/MediaBox", "/Resources"):
            pdf.Root.Pages[key] = page[key]
            del page[key]
        data = _saved(pdf)
    with pytest.raises(NotPlainError):
        read_paper_pages(PlainPdf.read(data))
    assert (_drawn(_copied(data)) == _drawn(data)).all()


def test_forms_in_forms_without_end_are_refused() -> None:
    with Pdf.new() as pdf:
        page, inner = _page(pdf), Dictionary()
        for _ in range(400):
            form = Stream(pdf, b"/In Do", BBox=[0, 0, 9, 9], Subtype=Name.Form, Type=Name.XObject)
            form.Resources = Dictionary(XObject=inner)
            inner = Dictionary(In=pdf.make_indirect(form))
        page.Resources.XObject = inner
        data = _saved(pdf)
    with pytest.raises(InputError):
        _copied(data)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (b"[12 0 R 3\n0  R]", (b"[", 12, b" ", 3, b"]")),
        (b"(12 0 R)", (b"(12 0 R)",)),
        (b"/F12 0 <12 0>", (b"/F12 0 <12 0>",)),
        (b"<</A 5 7 0 R/B[1.5 0 9]>>", (b"<</A 5 ", 7, b"/B[1.5 0 9]>>")),
        (b"", (b"",)),
    ],
)
def test_references_are_told_from_what_looks_like_them(value: bytes, parts: tuple[bytes | int, ...]) -> None:
    assert split_at_references(value) == parts


@pytest.mark.parametrize(
    "value", [b"[12 1 R]", b"/F12 0 R", b"[1.12 0 R]", b"(a(b)12 0 R)", b"% 12 0 R", b"R"]
)
def test_what_is_not_plain_is_not_split(value: bytes) -> None:
    with pytest.raises(NotPlainError):
        split_at_references(value)
