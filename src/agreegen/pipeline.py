"""One document from values to a checked PDF, and from there to a signed one that was read back.

The steps, in order: glyphs → page → text gate → signature → read-back. A document that fails a step goes no
further, and nothing of it is written.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from agreegen.conversion.compiled import DESCRIPTION_NAME, ENGINE, CompiledForm, load_compiled
from agreegen.conversion.interface import DoesNotFit, EngineChoice, StaleCompiledForm
from agreegen.conversion.moment import document_moment, template_date
from agreegen.conversion.text import check_complete, check_text
from agreegen.errors import AgreegenError, ConversionError, MissingProgramError, SigningError
from agreegen.files import write_atomically
from agreegen.forms.check import require_usable
from agreegen.model.complaint import ComplaintsError
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.model.report import FileReport, Integrity
from agreegen.rendering.context import template_context
from agreegen.rendering.expected import expected_text, require_values
from agreegen.rendering.fonts import check_glyphs, font_folders
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest
from agreegen.signing.pades import sign_pdf
from agreegen.verification.interface import Options

if TYPE_CHECKING:
    from agreegen.conversion.libreoffice import LibreOffice

__all__ = [
    "DocumentMaker",
    "EngineChoice",
    "MadeDocument",
    "compile_and_save",
    "describe_compiled",
    "read_back",
    "sign_and_check",
]

_log = logging.getLogger(__name__)


NEEDS_LIBREOFFICE = "needs LibreOffice"


@dataclass(frozen=True, slots=True)
class MadeDocument:
    """An unsigned document that passed every gate.

    Attributes:
        document: The document, with the engine that made it.
        pdf: PDF/A-3b with empty signature fields and `agreegen.json`.
        docx: The filled Word file, where LibreOffice laid it out.
    """

    document: Document
    pdf: bytes
    docx: bytes | None = None


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
        self.stale: str | None = None
        self._compiled = self._load_compiled()

    def __enter__(self) -> DocumentMaker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def make(self, document: Document) -> MadeDocument:
        """Make one document: glyphs, page, fields and attachment, text gate.

        Raises:
            ComplaintsError: A character has no glyph in any font of the form.
            ConversionError: The page could not be made, or is not complete.
        """
        complaints = check_glyphs(self.form, document)
        if complaints:
            raise ComplaintsError(f"{self.form.title_zh}: characters that cannot be printed", complaints)
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
            return missing and MissingProgramError(f"{exc.message}, and {missing.message}", hint=missing.hint)
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

    def _load_compiled(self) -> CompiledForm | None:
        if self.engine is EngineChoice.LIBREOFFICE:
            return None
        try:
            compiled = load_compiled(self.form)
        except StaleCompiledForm as exc:
            if self.engine is EngineChoice.COMPILED:
                raise
            self.stale = f"{exc.message}; LibreOffice is used instead ({exc.hint})"
            _log.warning("%s", self.stale)
            return None
        if compiled is None and self.engine is EngineChoice.COMPILED:
            raise ConversionError(
                f"form {self.form.id} is not compiled", hint=f"run: agreegen forms compile {self.form.id}"
            )
        return compiled

    def _make_compiled(self, compiled: CompiledForm, document: Document) -> MadeDocument:
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
            raise MissingProgramError(f"{because.message}, and {exc.message}", hint=exc.hint) from exc
        from agreegen.conversion.assembly import assemble  # noqa: PLC0415 - compiled forms need neither
        from agreegen.conversion.together import check_signatures_together  # noqa: PLC0415 - the same
        from agreegen.rendering.docx import render_docx  # noqa: PLC0415 - the same

        document = replace(document, engine="libreoffice")
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

            self._office = LibreOffice(
                font_folders(self.form), self.form.font_chains, timeout_s=self._timeout_s
            )
        return self._office


def sign_and_check(
    pdf: bytes, credential: Credential, request: SigningRequest, *, form: Form, document: Document
) -> SignedPdf:
    """Sign a document in one role, then read it back as a recipient would.

    Args:
        pdf: The document, with the earlier roles' signatures.
        credential: Key and certificate, checked before.
        request: Role, level, time.
        form: The document's form.
        document: What the page must say.

    Raises:
        SigningError: It cannot be signed, or the signed file is not what it must be; nothing was written.
    """
    signed = sign_pdf(pdf, credential, request, checked=True)
    ids = () if credential.sm2_signer_id is None else (credential.sm2_signer_id,)
    report = read_back(signed.data, form=form, document=document, now=request.now, sm2_signer_ids=ids)
    mine = [s for s in report.signatures if s.field == request.role]
    if not mine or mine[0].integrity is not Integrity.INTACT:
        raise SigningError(f"document {document.id}: the signature read back is not intact")
    return signed


def read_back(
    data: bytes, *, form: Form, document: Document, now: datetime, sm2_signer_ids: tuple[str, ...] = ()
) -> FileReport:
    """Read a finished file: unaltered, of this document, with exactly the form's text and these values.

    Args:
        data: The file.
        form: The document's form.
        document: What the page must say.
        now: The time, aware UTC.
        sm2_signer_ids: SM2 signer ids that were used besides the default one.

    Raises:
        SigningError: Something differs.
    """
    options = Options(now=now, forms_folder=form.directory.parent, sm2_signer_ids=sm2_signer_ids)
    # Not by rebuilding: the code that wrote the file must not be its own judge.
    report = _examine(document.id, data, options, rebuild=False)
    if report.unaltered is False or (report.signatures and report.unaltered is not True):
        reasons = "; ".join(
            [*(a.message for a in report.alarms), *(r for s in report.signatures for r in s.reasons)]
        )
        raise SigningError(f"document {document.id}: reading it back finds it altered: {reasons}")
    if report.document is None or report.document.id != document.id:
        raise SigningError(f"document {document.id}: reading it back finds another document")
    expected = expected_text(form, document)
    require_values(form, document, expected)
    check_text(expected, data)
    return report


def _examine(label: str, data: bytes, options: Options, *, rebuild: bool = True) -> FileReport:
    from agreegen.verification.examination import examine  # noqa: PLC0415 - takes long to load

    return examine(label, data, options, rebuild=rebuild)


def describe_compiled(form: Form) -> str:
    """Say in a few words whether the form can be laid out without LibreOffice."""
    try:
        compiled = load_compiled(form)
    except ConversionError as exc:
        return exc.message
    return NEEDS_LIBREOFFICE if compiled is None else "compiled: needs no LibreOffice"


def compile_and_save(form: Form, *, timeout_s: float = 120.0) -> list[Path]:
    """Compile a form with LibreOffice and write the result beside its template; return the files.

    Raises:
        ConversionError: The form has values that reflow or lists; it needs LibreOffice at run time.
        ComplaintsError: `forms check` finds an error in it.
        MissingProgramError: LibreOffice is not installed.
    """
    require_usable(form)
    from agreegen.conversion.compiled.compiler import compile_form  # noqa: PLC0415 - only here
    from agreegen.conversion.libreoffice import LibreOffice  # noqa: PLC0415 - the same
    from agreegen.rendering.docx import render_docx  # noqa: PLC0415 - the same

    with LibreOffice(font_folders(form), form.font_chains, timeout_s=timeout_s) as office:
        files = compile_form(
            form,
            office,
            lambda document: render_docx(form, document),
            lambda document: template_context(form, document),
        )
    for old in form.directory.glob("compiled*.pdf"):
        if old.name not in files:
            old.unlink()
    # The description comes last: without it, or with another hash in it, the bases are not used.
    names = sorted(files, key=lambda name: (name == DESCRIPTION_NAME, name))
    for name in names:
        write_atomically(form.directory / name, files[name])
    return [form.directory / name for name in names]
