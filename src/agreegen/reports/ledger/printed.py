"""A ledger as pages: its tables in a Word file, which LibreOffice lays out as PDF/A."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from agreegen.conversion.joining import join_pages
from agreegen.conversion.libreoffice import LibreOffice
from agreegen.files import write_atomically
from agreegen.forms.fonts import find_chain
from agreegen.text_cells import workbook_text
from agreegen.unit_sheets import Table

_FONT = "Noto Serif SC"
_CHAIN = (_FONT, "LXGW WenKai", "HanaMinA", "HanaMinB", "Noto Serif CJK SC", "BabelStone Han")
_PAGE_MM = (297.0, 210.0)
_MARGIN_MM = 15.0
_TITLE_PT, _CELL_PT = 16, 8
_CELL_MARGIN_TWIPS = 40
_MODE = 0o600
_TIMEOUT_S = 600.0
_MOST_ROWS = 500
"""Of one Word file: time and memory of an office grow faster than its tables."""


def write_pdf(path: Path, tables: Iterable[Table], heading: str) -> None:
    """Write tables as PDF/A, a table a page or more, each page with its header row (mode 0600).

    Args:
        path: The file.
        tables: The tables; empty ones are left out.
        heading: What stands over all of them: whose ledger, which period.

    Raises:
        MissingProgramError: LibreOffice or a font is not installed.
        ConversionError: The pages cannot be laid out.
        OSError: The file cannot be written; nothing is left behind.
    """
    folders = tuple(dict.fromkeys(font.path.parent for font in find_chain(_CHAIN)))
    with LibreOffice(folders, ((_FONT, _CHAIN),), timeout_s=_TIMEOUT_S) as office:
        pdf = join_pages(office.convert(_word_file(part, heading)) for part in _parts(tables))
    write_atomically(path, pdf, mode=_MODE)


def _parts(tables: Iterable[Table]) -> Iterator[list[Table]]:
    """Yield the tables by so many as one Word file takes; a longer one goes on in the next."""
    waiting: list[Table] = []
    count = 0
    for table in tables:
        rows = iter(table.rows)
        while piece := list(islice(rows, _MOST_ROWS - count)):
            waiting.append(replace(table, rows=piece))
            count += len(piece)
            if count == _MOST_ROWS:
                yield waiting
                waiting, count = [], 0
    if waiting:
        yield waiting


def _word_file(tables: Iterable[Table], heading: str) -> bytes:
    import docx  # noqa: PLC0415 - takes long to load
    from docx.enum.section import WD_ORIENT  # noqa: PLC0415 - the same
    from docx.oxml.ns import qn  # noqa: PLC0415 - the same
    from docx.shared import Mm, Pt  # noqa: PLC0415 - the same

    document = docx.Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(_PAGE_MM[0]), Mm(_PAGE_MM[1])
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(_MARGIN_MM))
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(_CELL_PT)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    style.paragraph_format.space_after = Pt(0)
    for number, table in enumerate(tables):
        _add_table(document, table, heading, new_page=number > 0)
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def _add_table(document: Any, table: Table, heading: str, *, new_page: bool) -> None:
    from docx.oxml import OxmlElement  # noqa: PLC0415 - takes long to load
    from docx.shared import Mm, Pt  # noqa: PLC0415 - the same

    title = document.add_paragraph()
    title.paragraph_format.page_break_before = new_page
    title.paragraph_format.keep_with_next = True
    run = title.add_run(f"{heading} · {table.title}")
    run.font.size = Pt(_TITLE_PT)
    rows = [[workbook_text(str(value)) for value in row] for row in table.rows]
    grid = document.add_table(rows=1 + len(rows), cols=len(table.columns), style="Table Grid")
    grid.autofit = False
    full = sum(width for _, width in table.columns)
    widths = [Mm((_PAGE_MM[0] - 2 * _MARGIN_MM) * width / full) for _, width in table.columns]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    grid._tblPr.append(_narrow_margins())
    grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    cells = grid._cells  # the list of all cells: asking for them one by one takes quadratic time
    texts = [text for text, _ in table.columns] + [text for row in rows for text in row]
    for number, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        cell.width = widths[number % len(widths)]
        cell.paragraphs[0].add_run(text).bold = number < len(widths)


def _narrow_margins() -> Any:
    """Return the margins of cells (ISO/IEC 29500-1, 17.4.42): a date fits on one line."""
    from docx.oxml import OxmlElement  # noqa: PLC0415 - takes long to load
    from docx.oxml.ns import qn  # noqa: PLC0415 - the same

    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(_CELL_MARGIN_TWIPS))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    return margins
