"""The compiled engine: a document from a base and its values, without an office."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pikepdf

from agreegen.conversion.compiled.description import (
    ENGINE,
    Align,
    Base,
    Description,
    MadeFrom,
    Slot,
)
from agreegen.conversion.compiled.embedding import font_tables
from agreegen.conversion.compiled.layout import (
    Piece,
    break_lines,
    line_width,
    place_runs,
    show_piece,
    split_runs,
)
from agreegen.conversion.compiled.metrics import Font, FontChain, FontSubset
from agreegen.conversion.compiled.writer import BaseFile
from agreegen.conversion.interface import DoesNotFit, StaleCompiledForm
from agreegen.errors import ConversionError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.forms.fonts import find_chain, find_first_font
from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.model.form import Form

Printed = Mapping[str, str | bool | list[str]]
"""Values as they are printed, by field name: `rendering.context.template_context`."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """The base that a document goes on, and the lines of each slot."""

    base: Base
    lines: tuple[tuple[str, ...], ...]


class CompiledForm:
    """A compiled form, ready to make documents; holds its bases and fonts in memory.

    Args:
        form: The form.
        description: Where its values stand.
        bases: File name of a base → its bytes.

    Raises:
        StaleCompiledForm: The template, `form.yaml` or a font is another one than at compilation.
        ConversionError: A base is not what the description says.
    """

    def __init__(self, form: Form, description: Description, bases: Mapping[str, bytes]) -> None:
        refuse_stale(form, description)
        self.form = form
        self._title = pikepdf.String(form.title_zh).unparse()
        self._bases = description.bases
        self._files: dict[str, BaseFile] = {}
        for base in description.bases:
            if sha256_of(bases[base.file]) != base.sha256:
                raise ConversionError(
                    message("conversion.damaged", directory=form.directory / base.file), hint=_recompile(form)
                )
            self._files[base.file] = BaseFile(bases[base.file], base.page)
        # In the order of their names, so that every process numbers the fonts alike.
        used = sorted({slot.font for base in description.bases for slot in base.slots})
        self._chains = {name: open_chain(form, name) for name in used}
        self._main = next((chain.first for chain in self._chains.values()), None)

    @functools.cached_property
    def _names(self) -> dict[Font, str]:
        """The resource name of each font; made when the main one is not enough, as it takes a search."""
        fonts = dict.fromkeys(font for chain in self._chains.values() for font in chain.fonts)
        return {font: f"V{number}" for number, font in enumerate(fonts)}

    def _name(self, font: Font) -> str:
        return "V0" if font is self._main else self._names[font]

    def fits(self, document: Document, printed: Printed) -> None:
        """Check that a document's values fit this compiled form.

        Raises:
            DoesNotFit: They do not; the LibreOffice engine can lay the document out.
        """
        choice = self._choose(document, printed)
        for slot, lines in zip(choice.base.slots, choice.lines, strict=True):
            for text in lines:
                split_runs(text, self._chains[slot.font], slot.size)

    def produce(self, document: Document, printed: Printed, moment: datetime) -> bytes:
        """Make a document: PDF/A-3b with its fields and `agreegen.json`; equal inputs give equal bytes.

        The caller still owes the text gate.

        Args:
            document: What is filled in; its engine becomes this one.
            printed: Its values as they are printed.
            moment: Creation time, with a time zone.

        Raises:
            DoesNotFit: The values do not fit; the LibreOffice engine can lay the document out.
        """
        choice = self._choose(document, printed)
        placed = [
            self._place(slot, lines) for slot, lines in zip(choice.base.slots, choice.lines, strict=True)
        ]
        used = [piece for slot in placed for line in slot for piece in line]
        subsets = {
            font: _subset(font, [p for f, p in used if f is font])
            for font in dict.fromkeys(font for font, _ in used)
        }
        content = self._content(choice.base, placed, subsets)
        fonts = {
            self._name(font): (
                font.facts,
                subset,
                *font_tables([g for f, p in used if f is font for g in p.glyphs], subset),
            )
            for font, subset in subsets.items()
        }
        made = replace(document, engine=ENGINE)
        return self._files[choice.base.file].write(made, moment, content, fonts, self._title)

    def loose_fonts(self, pdf: bytes) -> tuple[str, ...]:
        """Return the resource names of fonts in a document it made that are not pinned by their hash.

        The first font of each chain is pinned. A later one may be another release on another machine.
        """
        pinned = {chain.first for chain in self._chains.values()}
        loose = (name for font, name in self._names.items() if font not in pinned)
        return tuple(name for name in loose if b"/%b " % name.encode() in pdf)

    def _choose(self, document: Document, printed: Printed) -> _Choice:
        shown = {c.name: document.conditions.get(c.name, True) for c in self.form.conditions}
        bases = [base for base in self._bases if dict(base.conditions) == shown]
        if not bases:
            raise DoesNotFit(message("conversion.form-not-compiled-choice-clauses", id=self.form.id))
        lines = tuple(self._break(slot, printed) for slot in bases[0].slots)
        counts = tuple(len(texts) for texts in lines)
        for base in bases:
            if base.line_counts == counts:
                return _Choice(base, lines)
        raise DoesNotFit(message("conversion.form-not-compiled-values-length", id=self.form.id))

    def _break(self, slot: Slot, printed: Printed) -> tuple[str, ...]:
        texts = []
        for part in slot.parts:
            value = printed[part.field] if part.field else part.text
            if not isinstance(value, str) or "\n" in value:
                raise DoesNotFit(message("conversion.value-not-single-line-text", field=part.field))
            texts.append(value)
        chain = self._chains[slot.font]
        return tuple(break_lines("".join(texts), chain, slot.size, fits=slot.fits, breaks=slot.breaks))

    def _place(self, slot: Slot, lines: Sequence[str]) -> list[list[tuple[Font, Piece]]]:
        chain = self._chains[slot.font]
        placed = []
        for text, line in zip(lines, slot.lines, strict=True):
            runs = split_runs(text, chain, slot.size)
            start = line_start(slot.align, line.anchor, line_width(runs))
            placed.append([(chain.font(p.font), p) for p in place_runs(runs, start, slot.size)])
        return placed

    def _content(
        self,
        base: Base,
        placed: Sequence[list[list[tuple[Font, Piece]]]],
        subsets: Mapping[Font, FontSubset],
    ) -> bytes:
        parts: list[str] = []
        for item in base.sequence:
            if isinstance(item, str):
                parts.append(item)
                continue
            slot = base.slots[item]
            parts.append(f"{slot.tag}<</MCID {slot.mark}>>BDC\nq {slot.colour}\n")
            for line, pieces in zip(slot.lines, placed[item], strict=True):
                for font, piece in pieces:
                    shown = show_piece(piece, subsets[font].codes)
                    x = f"{piece.x / 10:g}"
                    parts.append(f"BT\n{x} {line.y} Td /{self._name(font)} {slot.size:g} Tf{shown}\nET\n")
            parts.append("Q\nEMC\n")
        return "".join(parts).encode("latin-1")


def load_compiled(form: Form, description: Description) -> CompiledForm:
    """Load a form whose values stand in lines of their own.

    Args:
        form: The form.
        description: What `compiled.yaml` says.

    Raises:
        StaleCompiledForm: It was made from another template, `form.yaml` or font.
        ConversionError: A base is not what the description says.
        OSError: A base cannot be read.
    """
    bases = {base.file: (form.directory / Path(base.file).name).read_bytes() for base in description.bases}
    return CompiledForm(form, description, bases)


def line_start(align: Align, anchor: int, width: int) -> int:
    """Return where a line of this width starts, in twips."""
    if align is Align.LEFT:
        return anchor
    if align is Align.RIGHT:
        return anchor - width
    return (anchor - width) // 2


def primary_font_hashes(form: Form, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of the font file that each font name of a template is set in."""
    chains = dict(form.font_chains)
    return {name: sha256_of_file(find_first_font(chains[name]).path) for name in sorted(names)}


def open_chain(form: Form, name: str) -> FontChain:
    """Open the chain of a font name of a template; what stands behind its first font is looked for later."""
    families = dict(form.font_chains)[name]
    return FontChain(find_first_font(families), lambda: find_chain(families)[1:])


def refuse_stale(form: Form, description: MadeFrom) -> None:
    """Refuse a compiled form that was made from another template, `form.yaml` or font.

    Raises:
        StaleCompiledForm: It was.
    """
    changed: list[Message | str] = []
    if description.template_sha256 != form.template_sha256:
        changed.append("template.docx")
    if description.description_sha256 != form.description_sha256:
        changed.append("form.yaml")
    if not changed and primary_font_hashes(form, description.fonts) != dict(description.fonts):
        changed.append(message("conversion.the-font"))
    if changed:
        raise StaleCompiledForm(
            message("conversion.compiled-form-stale-changed-since", id=form.id, changed=tuple(changed)),
            hint=_recompile(form),
        )


def _recompile(form: Form) -> Message:
    return message("conversion.run-agreegen-forms-compile", id=form.id)


def _subset(font: Font, pieces: Sequence[Piece]) -> FontSubset:
    return font.subset({glyph.index for piece in pieces for glyph in piece.glyphs})
