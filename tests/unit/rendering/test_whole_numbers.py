"""A telephone number with an extension has a run of its own in which no line breaks."""

from __future__ import annotations

from agreegen.model.document import build_document
from agreegen.rendering.docx import render_docx
from agreegen.rendering.whole_numbers import keep_numbers_whole

from .conftest import packaged_form, paragraphs_of, sample_values

_NUMBER = "0371-60000000-8801"
_JOINED = "0371-\u206060000000-\u20608801"


def test_a_number_is_set_whole() -> None:
    form = packaged_form("confidentiality-agreement")
    values = {**sample_values(form, full=True), "party_a_phone": _NUMBER}
    data = render_docx(form, build_document(form, values))
    assert f"联系电话：{_JOINED}" in paragraphs_of(data)


def _part(body: str) -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return f'<w:document xmlns:w="{space}"><w:body><w:p>{body}</w:p></w:body></w:document>'.encode()


def test_what_stands_around_it_keeps_its_look_and_order() -> None:
    look = "<w:rPr><w:b/></w:rPr>"
    before = f"<w:r>{look}<w:t>电话</w:t><w:tab/><w:t>是{_NUMBER}，</w:t><w:br/><w:t>请打</w:t></w:r>"
    done = keep_numbers_whole(_part(before), [_NUMBER]).decode()
    text = done.split("<w:p>")[1]
    assert text.index("电话") < text.index("<w:tab/>") < text.index("是") < text.index(_JOINED)
    assert text.index(_JOINED) < text.index("，") < text.index("<w:br/>") < text.index("请打")
    assert text.count("<w:b/>") == text.count("<w:r>") == 5
    assert text.count('<w:lang w:val="en-US"/>') == 1


def test_numbers_that_cannot_break_stay_as_they_are() -> None:
    part = _part("<w:r><w:t>13800000000</w:t></w:r>")
    assert keep_numbers_whole(part, ["13800000000", _NUMBER]) is part
