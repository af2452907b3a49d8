"""`agreegen generate`: one form, one parameter file, one PDF/A."""

from __future__ import annotations

import contextlib
import functools
import secrets
from pathlib import Path

import click

from agreegen.batch.job.register_signers import recorder_for
from agreegen.cli.options import (
    any_path,
    existing_file,
    force_option,
    forms_option,
    read_aliases,
    read_now,
    register_options,
)
from agreegen.cli.output import prompt_secret, say, say_warning
from agreegen.errors import UsageError
from agreegen.files import refuse_existing, refuse_inputs, write_atomically
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.forms.check import require_usable
from agreegen.model.document import build_document
from agreegen.pipeline import DocumentMaker, EngineChoice
from agreegen.recording.singles import record_made, register_single
from agreegen.rendering.docx import render_docx
from agreegen.rendering.printed import check_printed
from agreegen.rosters.parameters import read_parameters


@click.command("generate")
@click.argument("form_id", metavar="FORM")
@click.option("--params", required=True, type=existing_file, help="Parameter file (YAML).")
@click.option("-o", "--output", required=True, type=any_path, help="The PDF to write.")
@click.option("--docx", type=any_path, help="Also keep the filled Word file here.")
@click.option(
    "--engine",
    type=click.Choice([choice.value for choice in EngineChoice]),
    default=EngineChoice.AUTO.value,
    show_default=True,
    help="Who lays out.",
)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    metavar="PRINTED=REGISTERED",
    help="A printed holder's name and the name that its certificate carries.",
)
@register_options
@forms_option
@force_option
def command(
    form_id: str,
    params: Path,
    output: Path,
    docx: Path | None,
    engine: str,
    aliases: tuple[str, ...],
    register_file: Path | None,
    register_credential: Path | None,
    forms_folder_option: Path | None,
    force: bool,
) -> None:
    """Fill FORM from a parameter file and make a PDF/A with empty signature fields."""
    if docx is not None and docx.resolve() == output.resolve():
        raise UsageError("--docx and -o name the same file")
    for path in (output, docx):
        if path is not None:
            refuse_existing(path, force=force)
            refuse_inputs(path, [params])
    form = find_form(form_id, forms_folder(forms_folder_option))
    for complaint in require_usable(form):
        say_warning(str(complaint))
    values = read_parameters(
        params, form, functools.partial(check_printed, form), lambda told: say_warning(str(told))
    )
    now = read_now()
    with contextlib.ExitStack() as stack:
        recorder = registration = None
        secret = secrets.token_bytes(32)
        if register_file is not None:
            opening = recorder_for(
                register_file, register_credential, now=now, prompt=prompt_secret, tell=say, create=True
            )
            recorder = stack.enter_context(opening)
            secret = recorder.register.secret
        document = build_document(form, values, register_secret=secret, aliases=read_aliases(aliases))
        if recorder is not None:
            registration = register_single(recorder, form, document, values, output)
        maker = stack.enter_context(DocumentMaker(form, engine=EngineChoice(engine)))
        made = maker.make(document)
        if docx is not None:
            write_atomically(docx, made.docx or render_docx(form, made.document))
        write_atomically(output, made.pdf)
        if recorder is not None and registration is not None:
            record_made(recorder, registration, made.pdf, made.document.engine, now=now)
    say(f"{output}: {form.title_zh}, document {made.document.id}, made by {made.document.engine}")
