"""Reading a template's layout: what was measured is read, everything else is refused by its name."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from agreegen.conversion.compiled.description import read_description
from agreegen.conversion.flowing.description import FlowingDescription
from agreegen.conversion.flowing.template_layout import read_layout
from agreegen.errors import ConversionError
from agreegen.forms.template import parse_template

FOLDER = Path(__file__).parents[4] / "forms" / "data-use-agreement"


def changed(old: bytes, new: bytes) -> bytes:
    """Return the template with every occurrence of some XML exchanged, in whichever part it stands."""
    target, hits = io.BytesIO(), 0
    with zipfile.ZipFile(FOLDER / "template.docx") as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            data = source.read(name)
            if name in {"word/document.xml", "word/styles.xml"}:
                hits += data.count(old)
                data = data.replace(old, new)
            made.writestr(name, data)
    assert hits, old
    return target.getvalue()


def test_the_layout_is_that_of_the_compiled_form() -> None:
    data = (FOLDER / "template.docx").read_bytes()
    layout = read_layout(data, parse_template(data, FOLDER / "template.docx"))
    description = FlowingDescription.from_raw(read_description((FOLDER / "compiled.yaml").read_bytes()))
    assert (layout.styles, layout.blocks) == (description.styles, description.blocks)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'w:lineRule="exact"', b'w:lineRule="auto"', "spacing"),
        (b"<w:keepNext/>", b"<w:keepNext/><w:pageBreakBefore/>", "pageBreakBefore"),
        (b'<w:tblLayout w:type="fixed"/>', b'<w:tblLayout w:type="autofit"/>', "tblLayout"),
        (b"<w:cantSplit/>", b"<w:cantSplit/><w:tblHeader/>", "tblHeader"),
        (b"</w:sectPr>", b'<w:docGrid w:type="lines"/></w:sectPr>', "docGrid"),
        (b"</w:r>", b"</w:r><w:hyperlink/>", "hyperlink"),
    ],
)
def test_what_was_not_measured_is_refused_by_its_name(old: bytes, new: bytes, named: str) -> None:
    data = changed(old, new)
    with pytest.raises(ConversionError, match=named):
        read_layout(data, parse_template(data, FOLDER / "template.docx"))
