"""Values print as they are, whatever they hold, and two renderers agree on the text."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreegen.errors import InputError, RenderingError
from agreegen.files import sha256_of_file
from agreegen.model.document import build_document
from agreegen.model.form import Form
from agreegen.model.text import normalise_text
from agreegen.rendering.docx import render_docx
from agreegen.rendering.expected import expected_text

from .conftest import FORM_IDS, packaged_form, paragraphs_of, sample_document

HOSTILE = [
    "a<b>c</w:t>",
    "R&D &amp; &#123;",
    "{{ pledger_name }}",
    "{% for x in y %}",
    "{# comment #}",
    "{_{ x }_} {_% y %_}",
    "{%p if x %}",
    "}} %} #}",
    "'\"’”",
    "שלום עולם",
    "\u202eabc\u202c",
    "𪚥㛃\U00030edd",
    "长" * 300,
    "<!-- x --><![CDATA[y]]>",
    "$1 \\1 \\g<0>",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_prints_as_itself(value: str) -> None:
    form = packaged_form("personal-pledge")
    document = build_document(form, {"pledger_name": value})
    assert f"承诺人：{value}（签字）" in paragraphs_of(render_docx(form, document))
    assert f"承诺人：{value}（签字）" in expected_text(form, document).splitlines()


_SIGNS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "{_{", "<", ">", "&", "&lt;", "\n", "\t", "’", "年"]
)
_TEXT = st.lists(st.one_of(_SIGNS, st.text(max_size=5)), min_size=1, max_size=8).map("".join)
_PRINTABLE = _TEXT.filter(
    lambda text: text.strip() != "" and all(c in "\t\n" or c.isprintable() or c == "\u3000" for c in text)
)


@settings(max_examples=60, deadline=None)
@given(name=_PRINTABLE, items=st.lists(_PRINTABLE, min_size=1, max_size=4))
def test_both_renderers_agree_on_any_printable_value(name: str, items: list[str]) -> None:
    form = packaged_form("data-use-agreement")
    document = sample_document(form, full=False, party_a_name=name, protected_items=tuple(items))
    filled = "\n".join(paragraphs_of(render_docx(form, document)))
    assert normalise_text(filled) == normalise_text(expected_text(form, document))
    for value in (name, *items):
        assert "".join(value.split()) in "".join(filled.split())


def test_a_line_end_in_a_value_is_a_line_break() -> None:
    form = packaged_form("personal-pledge")
    document = build_document(form, {"pledger_name": "一\n二\r\n三"})
    assert "承诺人：一\n二\n三（签字）" in paragraphs_of(render_docx(form, document))


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x0b", "\x0c", "\x1f", "\x85", "\ud800", "\ufffe", "\uffff"]
)
def test_a_character_that_word_cannot_hold_is_refused(character: str) -> None:
    form = packaged_form("personal-pledge")
    document = (
        build_document(form, {"pledger_name": f"张{character}三"})
        if character != "\ud800"
        else replace(
            build_document(form, {"pledger_name": "张三"}), values={"pledger_name": f"张{character}三"}
        )
    )
    for render in (render_docx, expected_text):
        with pytest.raises(RenderingError, match=rf"pledger_name.*U\+{ord(character):04X}"):
            render(form, document)


@pytest.mark.parametrize("form_id", FORM_IDS)
def test_equal_values_give_equal_bytes_and_a_word_file(form_id: str) -> None:
    form = packaged_form(form_id)
    document = sample_document(form, full=True)
    data = render_docx(form, document)
    assert data == render_docx(form, document)
    assert docx.Document(io.BytesIO(data)).paragraphs
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("form_id", FORM_IDS)
def test_every_bookmark_survives(form_id: str) -> None:
    form = packaged_form(form_id)
    with zipfile.ZipFile(io.BytesIO(render_docx(form, sample_document(form, full=True)))) as package:
        xml = package.read("word/document.xml").decode()
    for role in form.roles:
        assert role.bookmark is None or xml.count(f'w:name="{role.bookmark}"') == 1


def _changed(form: Form, folder: Path, text: str) -> Form:
    document = docx.Document(str(form.template))
    document.paragraphs[1].runs[0].text = text
    document.save(str(folder / "template.docx"))
    return replace(form, directory=folder, template_sha256=sha256_of_file(folder / "template.docx"))


@pytest.mark.parametrize(
    "text", ["{{ unknown }}", "{% for x in pledger_name %}", "{{ pledger_name.upper() }}"]
)
def test_a_template_that_cannot_be_filled_is_an_error(tmp_path: Path, text: str) -> None:
    form = _changed(packaged_form("personal-pledge"), tmp_path, text)
    document = build_document(form, {"pledger_name": "张三"})
    for render in (render_docx, expected_text):
        with pytest.raises(RenderingError, match=r"template\.docx") as caught:
            render(form, document)
        assert "张三" not in caught.value.message


def test_a_template_that_changes_under_way_is_refused(tmp_path: Path) -> None:
    form = _changed(packaged_form("personal-pledge"), tmp_path, "第一版")
    _changed(form, tmp_path, "第二版")
    with pytest.raises(InputError, match="changed"):
        render_docx(form, build_document(form, {"pledger_name": "张三"}))
