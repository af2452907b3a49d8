"""What a template whose text flows may not hold to be compiled: in words, and what to do about it."""

from __future__ import annotations

from typing import NoReturn

from agreegen.errors import ConversionError
from agreegen.forms.styles import W
from agreegen.messages import Message, message

_Words = tuple[Message, Message]
"""What it is, and what to do about it."""

_LINE_PITCH = (message("conversion.layout.line-pitch"), message("conversion.layout.line-pitch.hint"))
_INDENT = (message("conversion.layout.indent"), message("conversion.layout.indent.hint"))
_ALIGNMENT = (message("conversion.layout.alignment"), message("conversion.layout.alignment.hint"))
_LONELY_LINES = (message("conversion.layout.widows"), message("conversion.layout.widows.hint"))
_NUMBERING = (message("conversion.layout.numbering"), message("conversion.layout.numbering.hint"))
_TABS = (message("conversion.layout.tabs"), message("conversion.layout.tabs.hint"))
_FORMATTING = (message("conversion.layout.formatting"), message("conversion.layout.formatting.hint"))
_FONTS = (message("conversion.layout.fonts"), message("conversion.layout.fonts.hint"))
_BORDERS = (message("conversion.layout.borders"), message("conversion.layout.remove.hint"))
_PICTURE = (message("forms.picture-or-shape"), message("conversion.layout.remove.hint"))
_PAGE_BREAK = (message("conversion.layout.page-break"), message("conversion.layout.remove.hint"))
_GRID = (message("conversion.layout.grid"), message("conversion.layout.grid.hint"))
_HEADER = (message("conversion.layout.header"), message("conversion.layout.remove.hint"))
_COLUMNS = (message("conversion.layout.columns"), message("conversion.layout.columns.hint"))
_CELL_MARGINS = (message("conversion.layout.cell-margins"), message("conversion.layout.cell-margins.hint"))
_MERGED = (message("conversion.layout.merged-cells"), message("conversion.layout.merged-cells.hint"))
_ROW = (message("conversion.layout.row"), message("conversion.layout.row.hint"))
_LINK = (message("conversion.layout.link"), message("conversion.layout.remove.hint"))

_WORDS: dict[str, _Words] = {
    "spacing": _LINE_PITCH,
    "ind": _INDENT,
    "jc": _ALIGNMENT,
    "widowControl": _LONELY_LINES,
    "numPr": _NUMBERING,
    "tabs": _TABS,
    "tab": _TABS,
    "rFonts": _FONTS,
    **dict.fromkeys(("b", "bCs", "i", "iCs", "u", "color", "highlight", "strike", "sz", "szCs"), _FORMATTING),
    **dict.fromkeys(("rStyle", "vertAlign", "caps", "w", "kern", "position", "em"), _FORMATTING),
    **dict.fromkeys(("pBdr", "tblBorders", "tcBorders", "bdr", "shd", "pgBorders", "tblStyle"), _BORDERS),
    **dict.fromkeys(("drawing", "pict", "object"), _PICTURE),
    **dict.fromkeys(("pageBreakBefore", "br", "lastRenderedPageBreak"), _PAGE_BREAK),
    "docGrid": _GRID,
    **dict.fromkeys(("headerReference", "titlePg"), _HEADER),
    "tblLayout": _COLUMNS,
    "tblCellMar": _CELL_MARGINS,
    **dict.fromkeys(("gridSpan", "vMerge", "hMerge"), _MERGED),
    **dict.fromkeys(("trHeight", "tblHeader"), _ROW),
    **dict.fromkeys(("hyperlink", "sdt"), _LINK),
}
"""Element or property of WordprocessingML → what it is and what to do."""


def refuse(tag: str, place: Message) -> NoReturn:
    """Refuse an element or property.

    Args:
        tag: Its name, with or without the namespace.
        place: Where it stands.

    Raises:
        ConversionError: Always.
    """
    name = tag.removeprefix(W)
    other = message("conversion.layout.other", tag=name)
    what, hint = _WORDS.get(name, (other, message("conversion.layout.remove.hint")))
    refuse_words(what, place, hint)


def refuse_words(what: Message, place: Message, hint: Message) -> NoReturn:
    """Refuse what is told in words already.

    Raises:
        ConversionError: Always.
    """
    raise ConversionError(message("conversion.layout-refused", place=place, what=what), hint=hint)


def unknown_setting(place: Message) -> ConversionError:
    """Return the error about a setting whose value is none of those that Word writes."""
    told = message("conversion.layout-refused", place=place, what=message("conversion.layout.unreadable"))
    return ConversionError(told, hint=message("conversion.layout.remove.hint"))


def require_even(twips: int, place: Message) -> int:
    """Return a length, which LibreOffice halves, where that is a whole number again.

    Raises:
        ConversionError: It is not.
    """
    if twips % 2:
        uneven = message("conversion.layout.uneven", twips=twips)
        refuse_words(uneven, place, message("conversion.layout.uneven.hint"))
    return twips
