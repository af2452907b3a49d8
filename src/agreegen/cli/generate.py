"""`agreegen generate`: one form, one parameter file, one PDF/A."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence
from pathlib import Path

import click

from agreegen.cli.options import any_path, existing_file, force_option, forms_option
from agreegen.cli.output import say, say_warning
from agreegen.errors import UsageError
from agreegen.files import refuse_existing, refuse_inputs, write_atomically
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.forms.check import require_usable
from agreegen.model.document import build_document
from agreegen.pipeline import DocumentMaker, EngineChoice
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
@forms_option
@force_option
def command(
    form_id: str,
    params: Path,
    output: Path,
    docx: Path | None,
    engine: str,
    aliases: tuple[str, ...],
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
    document = build_document(
        form, values, register_secret=secrets.token_bytes(32), aliases=read_aliases(aliases)
    )
    with DocumentMaker(form, engine=EngineChoice(engine)) as maker:
        made = maker.make(document)
    if docx is not None:
        write_atomically(docx, made.docx or render_docx(form, made.document))
    write_atomically(output, made.pdf)
    say(f"{output}: {form.title_zh}, document {made.document.id}, made by {made.document.engine}")


def read_aliases(texts: Sequence[str]) -> dict[str, str]:
    """Read `PRINTED=REGISTERED` options.

    Raises:
        UsageError: One is not of that form, or a printed name stands twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        printed, equals, registered = (part.strip() for part in text.partition("="))
        if not printed or not equals or not registered or printed in found:
            raise UsageError(f"--alias {text}: write PRINTED=REGISTERED, each printed name once")
        found[printed] = registered
    return found
