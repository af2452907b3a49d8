"""`agreegen forms`: list, show, check and compile forms."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.cli.options import any_path, existing_file, forms_option, json_option
from agreegen.cli.output import print_json, print_table, say
from agreegen.errors import ExitCode, UsageError
from agreegen.forms.catalog import find_form, forms_folder, list_forms
from agreegen.forms.check import check_form
from agreegen.forms.starting import start_form, start_form_from_docx
from agreegen.model.form import Form


@click.group("forms")
def command() -> None:
    """List, show, check and compile the forms."""


@command.command("list")
@forms_option
@json_option
def list_command(forms_folder_option: Path | None, as_json: bool) -> None:
    """List the forms that are at hand."""
    found = list_forms(forms_folder(forms_folder_option))
    if as_json:
        print_json([_summary(form) for form in found])
        return
    print_table(
        ("form", "version", "title", "title (en)", "source"),
        [(form.id, form.version, form.title_zh, form.title_en, form.source) for form in found],
    )


@command.command("show")
@click.argument("form_id", metavar="FORM")
@forms_option
@json_option
def show_command(form_id: str, forms_folder_option: Path | None, as_json: bool) -> None:
    """Show what FORM asks for and who signs it."""
    form = find_form(form_id, forms_folder(forms_folder_option))
    if as_json:
        print_json(_describe(form))
        return
    print_table(
        ("field", "label", "label (en)", "type", "required", "printed", "example", "help"),
        [
            (
                f.name,
                f.label_zh,
                f.label_en,
                f.type.value,
                _yes(f.required),
                _yes(f.printed),
                f.example,
                f.help,
            )
            for f in form.fields
        ],
        title=f"{form.title_zh} / {form.title_en} ({form.id} {form.version})",
    )
    print_table(
        ("role", "label", "label (en)", "kind", "order", "required", "certificate names"),
        [
            (r.id, r.label_zh, r.label_en, r.kind.value, r.order, _yes(r.required), r.holder or "-")
            for r in form.roles
        ],
    )


@command.command("check")
@click.argument("targets", nargs=-1, metavar="[FORM|DIR]...")
@forms_option
@json_option
def check_command(targets: tuple[str, ...], forms_folder_option: Path | None, as_json: bool) -> int:
    """Check templates: variables, bookmarks, syntax, justified paragraphs, fonts."""
    folder = forms_folder(forms_folder_option)
    places = [Path(t) if Path(t).is_dir() else folder / t for t in targets]
    if not places:
        places = [form.directory for form in list_forms(folder)]
    complaints = [(place, complaint) for place in places for complaint in check_form(place)]
    if as_json:
        print_json([{"form": place.name, "message": str(complaint)} for place, complaint in complaints])
    else:
        for place, complaint in complaints:
            click.echo(f"{place.name}: {complaint.severity.value}: {complaint}")
        if not complaints:
            say(f"{len(places)} form{'s' if len(places) != 1 else ''} checked, nothing to complain about")
    errors = any(complaint.severity.value == "error" for _, complaint in complaints)
    return ExitCode.BAD_INPUT if errors else ExitCode.DONE


@command.command("new")
@click.argument("form_id", metavar="ID")
@click.option("--from", "source_id", metavar="FORM", help="The form to copy; personal-pledge if not given.")
@click.option(
    "--docx", type=existing_file, metavar="FILE",
    help="A Word document instead: its blanks (____, 【…】, underlined spaces) become fields.",
)  # fmt: skip
@click.option(
    "-o", "--output", "folder", type=any_path, default=Path("forms"), show_default=True, metavar="DIR",
    help="Folder of forms; ID becomes a folder in it.",
)  # fmt: skip
@forms_option
def new_command(
    form_id: str, source_id: str | None, docx: Path | None, folder: Path, forms_folder_option: Path | None
) -> int:
    """Begin a form of one's own, ID, as a copy of another one or with a Word document, and check it."""
    if docx is not None and source_id is not None:
        raise UsageError("a form is begun with --from or with --docx", hint="leave one of them out")
    if docx is not None:
        target = start_form_from_docx(docx, form_id, folder)
    else:
        source = find_form(source_id or "personal-pledge", forms_folder(forms_folder_option))
        target = start_form(source, form_id, folder)
    complaints = check_form(target)
    for complaint in complaints:
        click.echo(f"{form_id}: {complaint.severity.value}: {complaint}")
    say(f"{target}: template.docx and form.yaml; form.yaml says at its top what to do next")
    say(f"use it with --forms {folder}")
    errors = any(complaint.severity.value == "error" for complaint in complaints)
    return ExitCode.BAD_INPUT if errors else ExitCode.DONE


@command.command("compile")
@click.argument("form_id", metavar="FORM")
@forms_option
def compile_command(form_id: str, forms_folder_option: Path | None) -> None:
    """Render FORM once with LibreOffice so that runs need none; written beside the template."""
    from agreegen.pipeline import compile_and_save  # noqa: PLC0415 - keeps `forms list` quick

    form = find_form(form_id, forms_folder(forms_folder_option))
    for path in compile_and_save(form):
        say(f"{path}: written")


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _summary(form: Form) -> dict[str, object]:
    return {
        "id": form.id,
        "version": form.version,
        "title": form.title_zh,
        "title_en": form.title_en,
        "source": form.source,
        "template_sha256": form.template_sha256,
        "directory": str(form.directory),
    }


def _describe(form: Form) -> dict[str, object]:
    return {
        **_summary(form),
        "subject": form.subject,
        "row_keys": list(form.row_keys),
        "fields": [
            {
                "name": f.name,
                "label": f.label_zh,
                "label_en": f.label_en,
                "type": f.type.value,
                "required": f.required,
                "printed": f.printed,
                "help": f.help,
                "example": f.example,
                "aliases": list(f.aliases),
            }
            for f in form.fields
        ],
        "roles": [
            {
                "id": r.id,
                "label": r.label_zh,
                "label_en": r.label_en,
                "kind": r.kind.value,
                "order": r.order,
                "required": r.required,
                "holder": r.holder,
                "visible": r.visible,
            }
            for r in form.roles
        ],
        "conditions": [{"name": c.name, "label": c.label_zh, "field": c.field} for c in form.conditions],
    }
