"""Reading a page that LibreOffice wrote: its marked blocks, its text and where each run of text starts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pikepdf
from pikepdf import Pdf

from agreegen.errors import ConversionError
from agreegen.messages import message

_BLOCK = re.compile(
    r"(?P<open>(?P<tag>/\S+?)<</MCID (?P<mark>\d+)>>BDC\n|/\S+ BMC\n)(?P<body>.*?)EMC\n", re.DOTALL
)
RUN = re.compile(
    r"BT\n(?P<x>-?[\d.]+) (?P<y>-?[\d.]+) Td /(?P<font>\S+) (?P<size>[\d.]+) Tf"
    r"(?P<shown>\[[^\]]*\]TJ|<[0-9A-F]*>Tj)\nET\n"
)
_TEXT_BLOCK = re.compile(rf"q (?P<colour>[^\n]*)\n(?:{RUN.pattern.replace('?P<', '?P<_')})+Q\n\Z")
_ELEMENT = re.compile(r"<([0-9A-Fa-f]*)>|(-?\d+)")
_HEX = re.compile(r"<([0-9A-Fa-f]*)>")
_PAIR = re.compile(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")


@dataclass(frozen=True, slots=True)
class TextRun:
    """Text that is shown with one operator.

    Attributes:
        x: Tenths of a point from the left edge.
        y: Baseline as written.
        size: Font size in points.
        shown: The operand and operator that show it.
        text: What it says.
        adjustments: Glyph number and the adjustment after it, where there is one.
    """

    x: int
    y: str
    size: float
    shown: str
    text: str
    adjustments: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A marked-content sequence, or what stands between two of them.

    Attributes:
        source: As written.
        tag: Its tag; empty where it is no tagged content.
        mark: Its identifier; None for artifacts and what stands between.
        colour: The operator that sets the colour of its text; None if it holds anything but text.
        runs: Its text.
    """

    source: str
    tag: str = ""
    mark: int | None = None
    colour: str | None = None
    runs: tuple[TextRun, ...] = ()

    @property
    def text(self) -> str:
        """What the block says."""
        return "".join(run.text for run in self.runs)


def read_blocks(pdf: Pdf, page: int) -> list[Block]:
    """Take a page's content apart, in order and without loss."""
    leaf = pdf.pages[page]
    content = leaf.obj.Contents.read_bytes().decode("latin-1")
    texts = character_maps(leaf.obj)
    blocks: list[Block] = []
    position = 0
    for match in _BLOCK.finditer(content):
        if match.start() > position:
            blocks.append(Block(content[position : match.start()]))
        position = match.end()
        runs = tuple(_run(found, texts) for found in RUN.finditer(match["body"]))
        if match["mark"] is None:
            blocks.append(Block(match.group()))
            continue
        plain = _TEXT_BLOCK.match(match["body"])
        colour = plain["colour"] if plain else None
        blocks.append(Block(match.group(), match["tag"], int(match["mark"]), colour, runs))
    if content[position:]:
        blocks.append(Block(content[position:]))
    return blocks


def read_content(pdf: Pdf, page: int) -> list[TextRun]:
    """Return all text of a page in the order of its content, whatever it is marked as."""
    leaf = pdf.pages[page].obj
    streams = list(leaf.Contents) if isinstance(leaf.Contents, pikepdf.Array) else [leaf.Contents]
    content = "".join(stream.read_bytes().decode("latin-1") for stream in streams)
    texts = character_maps(leaf)
    return [_run(found, texts) for found in RUN.finditer(content)]


def character_maps(leaf: pikepdf.Object) -> dict[str, tuple[int, dict[int, str]]]:
    """Return the bytes a code and the text of each code, for each font of a page."""
    return {str(name).lstrip("/"): _character_map(font) for name, font in leaf.Resources.Font.items()}


def run_text(match: re.Match[str], texts: dict[str, tuple[int, dict[int, str]]]) -> tuple[str, int]:
    """Return what a run says, and the hexadecimal digits that a code of its font has.

    Raises:
        ConversionError: The run uses a font that the page does not list.
    """
    if match["font"] not in texts:
        raise ConversionError(message("conversion.page-uses-font-does-not-list", match=match["font"]))
    width, characters = texts[match["font"]]
    codes = "".join(_HEX.findall(match["shown"]))
    step = 2 * width
    said = (characters.get(int(codes[n : n + step], 16), "\ufffd") for n in range(0, len(codes), step))
    return "".join(said), step


def parse_character_map(source: str) -> dict[int, str]:
    """Return the text of each code from a ToUnicode CMap with `bfchar` sections (ISO 32000-1, 9.10.3)."""
    pairs: dict[int, str] = {}
    for section in re.findall(r"beginbfchar(.*?)endbfchar", source, re.DOTALL):
        for code, text in _PAIR.findall(section):
            pairs[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be", "replace")
    return pairs


def _run(match: re.Match[str], texts: dict[str, tuple[int, dict[int, str]]]) -> TextRun:
    text, step = run_text(match, texts)
    adjustments, count = [], 0
    for part in _ELEMENT.finditer(match["shown"]):
        if part[1] is not None:
            count += len(part[1]) // step
        else:
            adjustments.append((count, int(part[2])))
    x = round(float(match["x"]) * 10)
    return TextRun(x, match["y"], float(match["size"]), match["shown"], text, tuple(adjustments))


def _character_map(font: pikepdf.Object) -> tuple[int, dict[int, str]]:
    """Return the bytes a code and the text of each code of a font."""
    source = font.ToUnicode.read_bytes().decode("latin-1") if "/ToUnicode" in font else ""
    return (2 if font.Subtype == "/Type0" else 1), parse_character_map(source)
