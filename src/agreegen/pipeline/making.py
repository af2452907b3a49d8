"""One document from values to a checked, unsigned PDF.

The steps, in order: glyphs → page → text gate → slices of seals. A document that fails a step goes no
further, and nothing of it is written.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agreegen.conversion.compiled.description import ENGINE
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.document_time import document_moment, template_date
from agreegen.conversion.interface import CompiledPages, DoesNotFit, EngineChoice, StaleCompiledForm
from agreegen.conversion.text import check_complete, check_text
from agreegen.errors import AgreegenError, ConversionError, MissingProgramError
from agreegen.files import sha256_of_file
from agreegen.forms.check import require_usable
from agreegen.forms.fonts import font_folders
from agreegen.messages import Message, message
from agreegen.model.complaint import ComplaintsError
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.pipeline.seams import NO_SEAMS, Seams
from agreegen.rendering.context import template_context
from agreegen.rendering.expected import expected_text, require_values
from agreegen.rendering.fonts import check_glyphs
from agreegen.rendering.typefaces import page_chains

if TYPE_CHECKING:
    from agreegen.conversion.libreoffice import LibreOffice

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MadeDocument:
    """An unsigned document that passed every gate.

    Attributes:
        document: The document, with the engine that made it.
        pdf: PDF/A-3b with empty signature fields and `agreegen.json`.
        docx: The filled Word file, where LibreOffice laid it out.
        notes: What whoever makes it should know.
    """

    document: Document
    pdf: bytes
    docx: bytes | None = None
    notes: tuple[Message, ...] = ()


class DocumentMaker:
    """Makes the documents of one form; keeps its engine running between them.

    Args:
        form: The form.
        engine: Who lays out the page.
        timeout_s: Time limit for one document.

    Raises:
        ComplaintsError: `forms check` finds an error in the form.

    Attributes:
        form: The form.
        engine: Who lays out the page.
        stale: What is to be said where there is a compiled form, but of another template, and it is not used.
    """

    def __init__(
        self,
        form: Form,
        *,
        engine: EngineChoice = EngineChoice.AUTO,
        timeout_s: float = 60.0,
    ) -> None:
        require_usable(form)
        self.form = form
        self.engine = engine
        self._timeout_s = timeout_s
        self._released = template_date(form)
        self._office: LibreOffice | None = None
        self.stale: Message | None = None
        self._compiled = self._load_compiled()

    def __enter__(self) -> DocumentMaker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def make(self, document: Document, seams: Seams = NO_SEAMS) -> MadeDocument:
        """Make one document: glyphs, page, fields and attachment, text gate, slices of seals.

        Args:
            document: The document.
            seams: The seals over the edges of its pages, those that it names.

        Raises:
            ComplaintsError: A character has no glyph in any font of the form.
            ConversionError: The page could not be made, or is not complete.
        """
        complaints = check_glyphs(self.form, document)
        if complaints:
            raise ComplaintsError(
                message("pipeline.characters-cannot-printed", title_zh=self.form.title_zh), complaints
            )
        made = self._make_page(document)
        pdf, notes = seams.draw(made.document, made.pdf)
        return replace(made, pdf=pdf, notes=notes)

    def _make_page(self, document: Document) -> MadeDocument:
        if self._compiled is None:
            return self._make_with_libreoffice(document)
        try:
            return self._make_compiled(self._compiled, document)
        except DoesNotFit as exc:
            if self.engine is EngineChoice.COMPILED:
                raise
            return self._make_with_libreoffice(document, because=exc)

    def foresee(self, document: Document) -> AgreegenError | None:
        """Say why a document cannot be made on this machine, as far as that shows without making it."""
        if self._compiled is None:
            return self.missing_office()
        try:
            self._compiled.fits(document, template_context(self.form, document))
        except DoesNotFit as exc:
            missing = self.missing_office()
            return missing and MissingProgramError(
                message("pipeline.and-missing", because=exc, missing=missing), hint=missing.advice
            )
        return None

    def missing_office(self) -> MissingProgramError | None:
        """Say that LibreOffice is not installed, where that is so."""
        try:
            self._start_office()
        except MissingProgramError as exc:
            return exc
        return None

    @property
    def compiled(self) -> bool:
        """Whether pages are made from the compiled form where values fit it."""
        return self._compiled is not None

    def close(self) -> None:
        """End the office, if one was started."""
        if self._office is not None:
            self._office.close()
            self._office = None

    def _load_compiled(self) -> CompiledPages | None:
        if self.form.own_fonts and self.engine is EngineChoice.COMPILED:
            raise ConversionError(
                message("pipeline.own-fonts-not-compiled"),
                hint=message("pipeline.own-fonts-not-compiled.hint"),
            )
        if self.engine is EngineChoice.LIBREOFFICE or self.form.own_fonts:
            return None
        try:
            compiled = load_compiled_form(self.form)
        except StaleCompiledForm as exc:
            if self.engine is EngineChoice.COMPILED:
                raise
            self.stale = message("pipeline.libreoffice-used-instead", exc=exc, hint=exc.advice)
            _log.warning("%s", self.stale)
            return None
        if compiled is None and self.engine is EngineChoice.COMPILED:
            raise ConversionError(
                message("pipeline.form-not-compiled", id=self.form.id),
                hint=message("pipeline.run-agreegen-forms-compile", id=self.form.id),
            )
        return compiled

    def _make_compiled(self, compiled: CompiledPages, document: Document) -> MadeDocument:
        document = replace(document, engine=ENGINE)
        moment = document_moment(self.form, document, self._released)
        pdf = compiled.produce(document, template_context(self.form, document), moment)
        expected = expected_text(self.form, document)
        require_values(self.form, document, expected)
        check_text(expected, pdf)
        return MadeDocument(document, pdf)

    def _make_with_libreoffice(
        self, document: Document, *, because: DoesNotFit | None = None
    ) -> MadeDocument:
        try:
            office = self._start_office()
        except MissingProgramError as exc:
            if because is None:
                raise
            raise MissingProgramError(
                message("pipeline.and-missing", because=because, missing=exc), hint=exc.advice
            ) from exc
        from agreegen.conversion.assembly import assemble  # noqa: PLC0415 - compiled forms need neither
        from agreegen.conversion.signature_page_check import check_signatures_together  # noqa: PLC0415 - the same
        from agreegen.rendering.docx import render_docx  # noqa: PLC0415 - the same

        own = tuple((font.family, font.sha256) for font in self.form.own_fonts)
        document = replace(document, engine="libreoffice", fonts=own)
        expected = expected_text(self.form, document)
        require_values(self.form, document, expected)
        docx = render_docx(self.form, document)
        page = office.convert(docx)
        check_complete(docx, page, expected)
        check_signatures_together(self.form, docx, page)
        pdf = assemble(page, self.form, document, document_moment(self.form, document, self._released))
        check_text(expected, pdf)
        return MadeDocument(document, pdf, docx)

    def _start_office(self) -> LibreOffice:
        if self._office is None:
            from agreegen.conversion.libreoffice import LibreOffice  # noqa: PLC0415 - see above

            for font in self.form.own_fonts:
                if sha256_of_file(font.path) != font.sha256:
                    raise ConversionError(message("pipeline.own-font-changed", path=font.path))
            self._office = LibreOffice(
                font_folders(self.form), page_chains(self.form), timeout_s=self._timeout_s
            )
        return self._office
