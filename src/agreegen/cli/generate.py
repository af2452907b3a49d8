"""`agreegen generate`: one form, one parameter file, one PDF/A."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.access import RegisterAccess
from agreegen.api.documents import EngineChoice, generate
from agreegen.api.forms import find_form
from agreegen.cli.options import (
    any_path,
    existing_file,
    force_option,
    forms_option,
    read_aliases,
    read_seam_options,
    register_options,
)
from agreegen.cli.output import prompt_secret, say, say_warning
from agreegen.messages import Message, message


@click.command("generate")
@click.argument("form_id", metavar="FORM")
@click.option("--params", required=True, type=existing_file, help="cli.parameter-file-yaml")
@click.option("-o", "--output", required=True, type=any_path, help="cli.pdf-write")
@click.option("--docx", type=any_path, help="cli.also-keep-filled-word-file-here")
@click.option(
    "--engine",
    type=click.Choice([choice.value for choice in EngineChoice]),
    default=EngineChoice.AUTO.value,
    show_default=True,
    help="cli.who-lays-out",
)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    metavar="PRINTED=REGISTERED",
    help="cli.printed-holder-name-name-its-certificate",
)
@click.option("--seam", "seams", multiple=True, metavar="ROLE=FILE", help="cli.seam-seal-of-role")
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
    seams: tuple[str, ...],
    register_file: Path | None,
    register_credential: Path | None,
    forms_folder_option: Path | None,
    force: bool,
) -> None:
    """Fill FORM from a parameter file and make a PDF/A with empty signature fields."""
    form = find_form(form_id, forms_folder_option)
    register = None
    if register_file is not None:
        register = RegisterAccess(register_file, register_credential, prompt_secret, say)
    made = generate(
        form,
        params,
        output,
        docx=docx,
        engine=EngineChoice(engine),
        aliases=read_aliases(aliases),
        seams=read_seam_options(seams),
        register=register,
        force=force,
    )
    for complaint in made.warnings:
        say_warning(message("cli.value", value=complaint))
    say(
        message(
            "cli.document-made",
            output=output,
            title_zh=form.title_zh,
            id=made.document.id,
            engine=_engine_words(made.document.engine),
        )
    )


def _engine_words(engine: str) -> Message:
    """Say who laid out the pages, by the name and version that stand in the document."""
    name, _, version = engine.partition("/")
    return message(f"cli.engine.{name}", version=version)
