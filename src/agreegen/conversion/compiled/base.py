"""Making a base: the values cut out of LibreOffice's page, their place in the structure tree kept."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from agreegen.conversion.assembly import save_as_it_is
from agreegen.conversion.compiled.page import Block
from agreegen.conversion.compiled.probing import FoundParagraph
from agreegen.errors import ConversionError
from agreegen.messages import message

_MARK = re.compile(r"<</MCID \d+>>BDC\n")


def base_pdf(
    assembled: bytes, page: int, blocks: Sequence[Block], paragraphs: Sequence[FoundParagraph]
) -> tuple[bytes, list[int], tuple[int | str, ...]]:
    """Cut the paragraphs with values out of a page.

    Args:
        assembled: The document with placeholder values, after `assemble`.
        page: Number of the page.
        blocks: The content of that page.
        paragraphs: The paragraphs to cut out, in the order of the slots.

    Returns:
        The base, the marked-content identifier of each slot, and what the middle content stream holds.

    Raises:
        ConversionError: The page's structure is not as LibreOffice 7.4 writes it.
    """
    numbering, marks, pieces = _number_marks(blocks, paragraphs)
    with Pdf.open(io.BytesIO(assembled)) as pdf:
        leaf = pdf.pages[page].obj
        groups = [[b.mark for b in blocks[p.first : p.last + 1] if b.mark is not None] for p in paragraphs]
        _rewrite_structure(pdf, leaf, numbering, groups, marks)
        sequence = _split_content(pdf, leaf, pieces)
        leaf.Resources.Font = pdf.make_indirect(Dictionary(dict(leaf.Resources.Font.items())))
        return save_as_it_is(pdf), marks, sequence


def _number_marks(
    blocks: Sequence[Block], paragraphs: Sequence[FoundParagraph]
) -> tuple[dict[int, int], list[int], list[int | str]]:
    """Number marked content anew: old → new for what stays, the mark of each slot, the page in pieces."""
    slot_of = {n: slot for slot, p in enumerate(paragraphs) for n in range(p.first, p.last + 1)}
    numbering: dict[int, int] = {}
    marks = [-1] * len(paragraphs)
    pieces: list[int | str] = []
    for number, block in enumerate(blocks):
        slot = slot_of.get(number)
        if slot is None:
            pieces.append(_renumber(block, numbering, max([*numbering.values(), *marks, -1]) + 1))
        elif number == paragraphs[slot].first:
            marks[slot] = max([*numbering.values(), *marks, -1]) + 1
            pieces.append(slot)
    return numbering, marks, pieces


def _renumber(block: Block, numbering: dict[int, int], free: int) -> str:
    if block.mark is None:
        return block.source
    numbering[block.mark] = free
    return _MARK.sub(f"<</MCID {free}>>BDC\n", block.source, count=1)


def _split_content(pdf: Pdf, leaf: pikepdf.Object, pieces: Sequence[int | str]) -> tuple[int | str, ...]:
    slots = [number for number, piece in enumerate(pieces) if isinstance(piece, int)]
    first, last = slots[0], slots[-1]
    head = "".join(str(piece) for piece in pieces[:first])
    tail = "".join(str(piece) for piece in pieces[last + 1 :])
    leaf.Contents = Array(
        [
            _compressed(pdf, head),
            pdf.make_indirect(pdf.make_stream(b" ")),
            _compressed(pdf, tail),
        ]
    )
    return tuple(pieces[first : last + 1])


def _compressed(pdf: Pdf, content: str) -> pikepdf.Object:
    stream = Stream(pdf, b"")
    stream.write(zlib.compress(content.encode("latin-1")), filter=Name.FlateDecode)
    return pdf.make_indirect(stream)


def _rewrite_structure(
    pdf: Pdf,
    leaf: pikepdf.Object,
    numbering: dict[int, int],
    groups: Sequence[Sequence[int]],
    marks: Sequence[int],
) -> None:
    """Give the structure tree the new numbers; a slot becomes all that its paragraph's element holds."""
    tree = pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree)
    key = int(leaf.StructParents)
    parents = list(tree[key])
    renewed: dict[int, pikepdf.Object] = {new: parents[old] for old, new in numbering.items()}
    for element in {p.objgen: p for p in renewed.values()}.values():
        element.K = Array([numbering.get(k, k) if isinstance(k, int) else k for k in _as_list(element.K)])
    for group, mark in zip(groups, marks, strict=True):
        tops = {top.objgen: top for top in (_paragraph_of(parents[old]) for old in group)}
        if len(tops) != 1:
            raise ConversionError(message("conversion.paragraph-values-more-than-one-element"))
        (top,) = tops.values()
        top.K = Array([mark])
        renewed[mark] = top
    tree[key] = Array([renewed[number] for number in range(len(renewed))])


def _as_list(kids: pikepdf.Object) -> list[object]:
    return list(kids) if isinstance(kids, Array) else [kids]


def _paragraph_of(element: pikepdf.Object) -> pikepdf.Object:
    return element.P if Name.Span == element.S else element
