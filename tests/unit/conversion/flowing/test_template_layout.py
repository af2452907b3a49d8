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
FIXED = b'<w:tblLayout w:type="fixed"/>'


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
    ("old", "new", "said", "advice"),
    [
        (b'w:lineRule="exact"', b'w:lineRule="auto"', "paragraph 1: line spacing", "Exactly"),
        (b"<w:keepNext/>", b"<w:keepNext/><w:pageBreakBefore/>", r"paragraph \d+: a page", "take it out"),
        (FIXED, b'<w:tblLayout w:type="autofit"/>', "table 1, .*: .*not fixed", "resize"),
        (FIXED, b"", "table 1, .*: .*not fixed", "resize"),
        (FIXED, FIXED + b"<w:tblBorders/>", "table 1, .*: a border", "take it out"),
        (
            b"<w:tblCellMar>",
            b"<w:tblCellMar><w:start/>",
            "table 1, .*: a setting",
            "take it out",
        ),
        (b"<w:cantSplit/>", b"<w:cantSplit/><w:tblHeader/>", "table 1, .*: a row", "At least"),
        (b"<w:tcW ", b'<w:gridSpan w:val="2"/><w:tcW ', "table 1, .*: a merged", "split"),
        (b"</w:sectPr>", b'<w:docGrid w:type="lines"/></w:sectPr>', "page settings: .*grid", "No grid"),
        (b"</w:r>", b"</w:r><w:hyperlink/>", "paragraph 1: a link", "take it out"),
        (b"</w:r>", b"</w:r><w:oddity/>", "paragraph 1: “oddity”", "take it out"),
        (b"<w:r><w:t", b"<w:r><w:rPr><w:b/></w:rPr><w:t", "paragraph 1: text that looks", "clear"),
        (b'<w:pgMar w:top="2098"', b'<w:pgMar w:top="2097"', "page settings: a length of 2097/20", "tenths"),
        (b'<w:pgMar w:top="2098"', b'<w:pgMar w:top="high"', "page settings: a setting", "take it out"),
    ],
)
def test_what_was_not_measured_is_refused_with_its_place_and_advice(
    old: bytes, new: bytes, said: str, advice: str
) -> None:
    data = changed(old, new)
    with pytest.raises(ConversionError, match=f"^{said}.*cannot be compiled$") as caught:
        read_layout(data, parse_template(data, FOLDER / "template.docx"))
    assert advice in str(caught.value.hint)
