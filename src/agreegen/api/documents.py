"""Documents: values to a checked, unsigned PDF/A with empty signature fields, in memory or on disk."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.api.access import RegisterAccess
from agreegen.clock import read_clock
from agreegen.conversion.interface import EngineChoice
from agreegen.errors import UsageError
from agreegen.files import refuse_existing, refuse_inputs, write_atomically
from agreegen.forms.check import require_usable
from agreegen.forms.own_fonts import with_own_fonts
from agreegen.messages import message
from agreegen.model.complaint import Complaint, ComplaintsError, Location, Severity
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import Form
from agreegen.pipeline.making import DocumentMaker, MadeDocument
from agreegen.pipeline.seams import Seams, read_seams
from agreegen.rendering.docx import render_docx
from agreegen.rendering.printed import check_printed
from agreegen.rosters.parameters import check_parameters, read_parameters
from agreegen.values.parse import ParsedValues, parse_values
from agreegen.values.problem import RawValue

__all__ = ["EngineChoice", "GeneratedDocument", "check_values", "generate"]

Parameters = Path | Mapping[str, RawValue]
"""The values of one document: a parameter file (YAML), or field name → text (or list of texts)."""


@dataclass(frozen=True, slots=True)
class GeneratedDocument:
    """A document that passed every gate; nobody has signed it yet.

    Attributes:
        document: The document: its id, its printed values, its roles, and the engine that made it.
        pdf: PDF/A-3b with empty signature fields and `agreegen.json`.
        docx: The filled Word file; None where neither LibreOffice laid it out nor anybody asked for it.
        warnings: What is odd about form or values and no error.
    """

    document: Document
    pdf: bytes
    docx: bytes | None
    warnings: tuple[Complaint, ...] = ()


def check_values(form: Form, parameters: Parameters) -> ParsedValues:
    """Read the values of one document, with every error and warning, each at its field.

    Args:
        form: The form that they fill.
        parameters: A parameter file, or texts by field name.

    Raises:
        InputError: The file cannot be read, or is not YAML.
        MissingProgramError: A font chain has no font that is there.
    """
    further = functools.partial(check_printed, form)
    if isinstance(parameters, Path):
        return check_parameters(parameters, form, further)
    known = {field.name: field.label_zh for field in form.fields}
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise UsageError(
            message("api.has-no-field", id=form.id, unknown=unknown[0]),
            hint=message("api.its-fields", known=tuple(known)),
        )

    def locate(name: str) -> Location:
        return Location(label=known[name], field=name)

    parsed = parse_values(form, parameters, locate)
    return ParsedValues(parsed.values, (*parsed.complaints, *further(parsed.values, locate)))


def generate(
    form: Form,
    parameters: Parameters,
    output: Path | None = None,
    *,
    docx: Path | None = None,
    engine: EngineChoice = EngineChoice.AUTO,
    aliases: Mapping[str, str] | None = None,
    seams: Mapping[str, Path] | None = None,
    register: RegisterAccess | None = None,
    force: bool = False,
    now: datetime | None = None,
) -> GeneratedDocument:
    """Make one document; without `output` nothing is written, which makes a preview.

    Args:
        form: The form.
        parameters: A parameter file, or texts by field name.
        output: The PDF to write.
        docx: Also write the filled Word file here.
        engine: Who lays out the page.
        aliases: Printed name of a holder → the registered name that certificates carry.
        seams: Role → a credential file with the picture of its seal, or the picture: printed in slices over
            the edges of all pages (骑缝章).
        register: Where the document is recorded, below whose folder it must lie; begun where there is none.
        force: Whether files that are there already are replaced.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: An output is there already, or the register's document would not be written.
        ComplaintsError: A value is wrong, or the form is; all errors at once.
        InputError: The register has a document for the same person or party.
        ConversionError: The page could not be made, or is not complete.
        MissingProgramError: A program or font is missing.
        RegisterError: The register cannot be written.
        CredentialError: The register's signer cannot sign, or the picture of a seal cannot be read.
    """
    _refuse_outputs(parameters, output, docx, register, force=force)
    form = with_own_fonts(form, None, Path())
    warnings = require_usable(form)
    values = _read_values(form, parameters, warnings)
    read = read_seams(form, seams or {})
    maker = functools.partial(_make, form, engine, read, warnings)
    if register is None or output is None:
        secret = secrets.token_bytes(32)
        document = build_document(form, values, register_secret=secret, aliases=aliases, seams=read.seals)
        made = _write(form, maker(document), output, docx)
        return GeneratedDocument(made.document, made.pdf, made.docx, tuple(warnings))
    from agreegen.batch.job.register_signers import recorder_for  # noqa: PLC0415 - only with a register
    from agreegen.recording.single_documents import record_made, register_single  # noqa: PLC0415 - the same

    now = now or read_clock()
    with recorder_for(
        register.file, register.credential, now=now, prompt=register.prompt, tell=register.tell, create=True
    ) as recorder:
        secret = recorder.register.secret
        document = build_document(form, values, register_secret=secret, aliases=aliases, seams=read.seals)
        registration = register_single(recorder, form, document, values, output)
        made = _write(form, maker(document), output, docx)
        record_made(recorder, registration, made.pdf, made.document.engine, now=now)
    return GeneratedDocument(made.document, made.pdf, made.docx, tuple(warnings))


def _refuse_outputs(
    parameters: Parameters,
    output: Path | None,
    docx: Path | None,
    register: RegisterAccess | None,
    *,
    force: bool,
) -> None:
    if register is not None and output is None:
        raise UsageError(message("api.document-registered-must-written"), hint=message("api.name-its-output"))
    if output is not None and docx is not None and docx.resolve() == output.resolve():
        raise UsageError(message("api.docx-o-name-same-file"))
    for path in (output, docx):
        if path is not None:
            refuse_existing(path, force=force)
            refuse_inputs(path, [parameters] if isinstance(parameters, Path) else [])


def _read_values(form: Form, parameters: Parameters, warnings: list[Complaint]) -> Mapping[str, Value]:
    """Return the values, and add to the warnings what is odd about them.

    Raises:
        ComplaintsError: There are errors.
    """
    if isinstance(parameters, Path):
        return read_parameters(parameters, form, functools.partial(check_printed, form), warnings.append)
    parsed = check_values(form, parameters)
    errors = [each for each in parsed.complaints if each.severity is Severity.ERROR]
    if errors:
        raise ComplaintsError(
            message("api.values-cannot-used", title_zh=form.title_zh, count=len(errors)), errors
        )
    warnings.extend(parsed.complaints)
    return parsed.values


def _make(
    form: Form, engine: EngineChoice, seams: Seams, warnings: list[Complaint], document: Document
) -> MadeDocument:
    with DocumentMaker(form, engine=engine) as maker:
        made = maker.make(document, seams)
    warnings.extend(Complaint(Location(), note, severity=Severity.WARNING) for note in made.notes)
    return made


def _write(form: Form, made: MadeDocument, output: Path | None, docx: Path | None) -> MadeDocument:
    """Write what was made; a Word file that is asked for is filled where no engine needed it."""
    if docx is not None:
        made = MadeDocument(made.document, made.pdf, made.docx or render_docx(form, made.document))
        write_atomically(docx, made.docx or b"")
    if output is not None:
        write_atomically(output, made.pdf)
    return made
