"""The completeness gate: what a PDF says is exactly what the form and its values say."""

from __future__ import annotations

import io
import threading
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from agreegen.conversion.compiled.reading import read_text
from agreegen.errors import ConversionError
from agreegen.messages import Message, message
from agreegen.model.text import WORD_JOINER, normalise_text

if TYPE_CHECKING:
    import pypdfium2

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""The namespace of WordprocessingML, as ElementTree writes it before names."""
_CONTEXT = 8
_MAX_DOCUMENT_XML_BYTES = 64 << 20
_pdfium = threading.Lock()
"""PDFium is not safe to use from two threads at once."""


def extract_text(pdf: bytes, password: str | None = None) -> str:
    """Return the text of a PDF, one line a line, a form feed between pages.

    Args:
        pdf: The PDF.
        password: Of an encrypted one.

    Raises:
        ConversionError: The PDF cannot be read.
    """
    return "\f\n".join(page_texts(pdf, password))


def page_texts(pdf: bytes, password: str | None = None) -> list[str]:
    """Return the text of each page of a PDF, one line a line.

    Args:
        pdf: The PDF.
        password: Of an encrypted one.

    Raises:
        ConversionError: The PDF cannot be read.
    """
    import pypdfium2  # noqa: PLC0415 - compiled documents are read without it

    with _pdfium:
        try:
            opened = pypdfium2.PdfDocument(pdf, password=password)
            try:
                return [_page_text(opened[number]) for number in range(len(opened))]
            finally:
                opened.close()
        except pypdfium2.PdfiumError as exc:
            raise ConversionError(message("conversion.text-pdf-cannot-read", exc=exc)) from exc


def compare_text(expected: str, pdf: bytes, password: str | None = None) -> Message | None:
    """Compare the text of a PDF with the text it must have, white space and page numbers aside.

    Args:
        expected: The form's fixed text filled with the row's values.
        pdf: The PDF.
        password: Of an encrypted one.

    Returns:
        None if equal, else a description of the first difference.

    Raises:
        ConversionError: The PDF cannot be read.
    """
    return _first_difference(normalise_text(expected), normalise_text(extract_text(pdf, password)))


def check_text(expected: str, pdf: bytes) -> None:
    """Refuse a PDF of our own making whose text is not exactly the expected one.

    Compiled documents are read straight from their content streams; all others, and compiled ones that
    differ, through PDFium. For files from elsewhere use `compare_text`, which always goes through PDFium.

    Raises:
        ConversionError: The text differs; the message shows the first difference.
    """
    quick = read_text(pdf)
    if quick is not None and normalise_text(quick) == normalise_text(expected):
        return
    difference = compare_text(expected, pdf)
    if difference is not None:
        raise ConversionError(
            message("conversion.text-pdf-not-text-form-these", difference=difference),
            hint=message("conversion.document-was-not-kept-check-template"),
        )


def check_complete(docx: bytes, pdf: bytes, expected: str) -> None:
    """Refuse a PDF that lost, gained or changed a character on the way from the values to the page.

    1. The characters of the DOCX are those of the PDF.
    2. The text of the PDF equals the expected text exactly (white space and page numbers aside).

    Args:
        docx: The filled Word file.
        pdf: The PDF made from it.
        expected: The form's fixed text filled with the row's values, from another way than `docx`.

    Raises:
        ConversionError: One of the two does not hold.
    """
    difference = _first_difference(normalise_text(docx_text(docx)), normalise_text(extract_text(pdf)))
    if difference is not None:
        raise ConversionError(
            message("conversion.conversion-changed-text", difference=difference),
            hint=message("conversion.document-was-not-kept-justified-paragraphs"),
        )
    check_text(expected, pdf)


def docx_text(docx: bytes) -> str:
    """Return the text of a Word file's body, one line a paragraph, in the order of reading.

    Raises:
        ConversionError: The file cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(docx)) as package:
            part = package.getinfo("word/document.xml")
            if part.file_size > _MAX_DOCUMENT_XML_BYTES:
                raise ConversionError(message("conversion.word-file-too-large"))
            root = ElementTree.fromstring(package.read(part))  # noqa: S314 - our own rendering, size checked
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError) as exc:
        raise ConversionError(message("conversion.word-file-cannot-read", exc=exc)) from exc
    return element_text(root)


def element_text(root: ElementTree.Element) -> str:
    """Return the text of an element of WordprocessingML, one line a paragraph, in the order of reading."""
    parts: list[str] = []
    for element in root.iter():
        if element.tag == f"{WORD}t":
            parts.append((element.text or "").replace(WORD_JOINER, ""))
        elif element.tag in (f"{WORD}p", f"{WORD}br", f"{WORD}tab", f"{WORD}cr"):
            parts.append("\n")
        elif element.tag == f"{WORD}noBreakHyphen":
            parts.append("\u2011")
    return "".join(parts)


def _page_text(page: pypdfium2.PdfPage) -> str:
    text = page.get_textpage()
    try:
        # PDFium writes U+FFFE for a hyphen at a line end that it takes for a word division.
        return str(text.get_text_range()).replace("\ufffe", "-").replace("\x02", "-")
    finally:
        text.close()
        page.close()


def _first_difference(expected: str, found: str) -> Message | None:
    if expected == found:
        return None
    place = next(
        (number for number, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b),
        min(len(expected), len(found)),
    )
    start = max(0, place - _CONTEXT)
    return message(
        "conversion.character-expected-found-characters",
        place=place + 1,
        expected=expected[start : place + _CONTEXT],
        found=found[start : place + _CONTEXT],
        count=len(expected),
        count2=len(found),
    )
