"""An office that lays agreements out as LibreOffice does: the engine's pages, bookmarks for fields."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.fields import POINTS_PER_MM, pdf_bookmark_name
from agreegen.conversion.interface import CompiledPages
from agreegen.forms.description import load_form
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.rendering.context import template_context
from tests.unit.conversion.samples import MOMENT

Change = Callable[[Pdf], None]


def loaded(form: Form) -> CompiledPages:
    """The compiled form of a packaged form."""
    return _loaded(form.directory)


@functools.cache
def _loaded(folder: Path) -> CompiledPages:
    found = load_compiled_form(load_form(folder))
    assert found is not None
    return found


class DrawnOffice:
    """An office for one packaged form; its "Word files" are the JSON of the documents.

    Args:
        form: The form.
        change: What it does differently from LibreOffice, to every page that it lays out.
    """

    def __init__(self, form: Form, change: Change = lambda _: None) -> None:
        self._form = form
        self._change = change
        self._compiled = loaded(form)
        self.converted = 0

    @staticmethod
    def render(document: Document) -> bytes:
        """Fill in a document."""
        return document.to_json()

    def convert(self, docx: bytes) -> bytes:
        """Lay a document out."""
        self.converted += 1
        document = Document.from_json(docx)
        made = self._compiled.produce(document, template_context(self._form, document), MOMENT)
        target = io.BytesIO()
        with Pdf.open(io.BytesIO(made)) as pdf:
            pdf.Root.Dests = Dictionary(
                {f"/{name}": place for name, place in map(self._bookmark, pdf.Root.AcroForm.Fields)}
            )
            for entry in ("AcroForm", "AF", "Names", "Metadata"):
                del pdf.Root[f"/{entry}"]
            for page in pdf.pages:
                if "/Annots" in page.obj:
                    del page.obj["/Annots"]
            self._change(pdf)
            pdf.save(target)
        return target.getvalue()

    def _bookmark(self, widget: pikepdf.Object) -> tuple[str, pikepdf.Object]:
        """Return the bookmark's name and the point from which a field was measured, in twips and tenths."""
        role = next(role for role in self._form.roles if role.id == str(widget.T))
        left, bottom, right, top = (float(edge) for edge in widget.Rect)
        x = (left + right) / 2 - role.offset_x_mm * POINTS_PER_MM
        y = (bottom + top) / 2 + role.offset_y_mm * POINTS_PER_MM
        height = round(float(widget.P.MediaBox[3]), 3)
        point = (round(x * 20) / 20, height - round((height - y) * 10) / 10)
        return pdf_bookmark_name(role.bookmark or ""), Array([widget.P, Name.XYZ, *point, 0])
