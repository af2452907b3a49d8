"""The completeness gate finds every lost, added or changed character."""

from __future__ import annotations

import pytest

from agreegen.conversion.text import check_complete, check_text, compare_text, docx_text, extract_text
from agreegen.errors import ConversionError
from tests.unit.conversion.samples import docx_of, page_with_text

TEXT = "John Smith, 2018"
PDF = page_with_text(TEXT, "Second line.", "\x97 1 \x97")
DOCX = docx_of(
    "<w:p><w:r><w:t>John Smith,</w:t><w:tab/><w:t>2018</w:t></w:r></w:p>"
    "<w:p><w:r><w:t>Second line.</w:t></w:r></w:p>"
)


def test_equal_texts_pass_whatever_the_spaces_and_page_numbers() -> None:
    assert compare_text("John Smith,2018\nSecond   line.", PDF) is None
    check_complete(DOCX, PDF, "John Smith, 2018 Second line.")


@pytest.mark.parametrize(
    ("expected", "place"),
    [
        ("John Smith, 2019 Second line.", "character 14"),
        ("John Smith, 2018 Second line", "character 25"),
        ("John Smith, 2018 Second line..", "character 26"),
        ("Jon Smith, 2018 Second line.", "character 3"),
        ("", "character 1"),
    ],
)
def test_the_first_difference_is_shown(expected: str, place: str) -> None:
    with pytest.raises(ConversionError, match=f"at {place} "):
        check_text(expected, PDF)


def test_a_character_that_the_conversion_lost_is_found_before_the_expected_text_is_asked() -> None:
    docx = docx_of("<w:p><w:r><w:t>John Smith, 2018; Second line.</w:t></w:r></w:p>")
    with pytest.raises(ConversionError, match="conversion changed the text"):
        check_complete(docx, PDF, "John Smith, 2018 Second line.")


def test_the_text_of_a_word_file_is_read_in_order() -> None:
    assert docx_text(DOCX).split("\n") == ["", "John Smith,", "2018", "Second line."]


@pytest.mark.parametrize("data", [b"", b"no PDF", PDF[: len(PDF) // 3]])
def test_bytes_that_are_no_pdf_are_refused(data: bytes) -> None:
    with pytest.raises(ConversionError, match="cannot be read"):
        extract_text(data)


def test_bytes_that_are_no_word_file_are_refused() -> None:
    with pytest.raises(ConversionError, match="Word file cannot be read"):
        docx_text(b"PK no")
