"""`agreegen forms`: list, show, check and compile forms."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.forms import (
    check_form,
    compile_form,
    describe_form,
    find_form,
    foresee_layout,
    forms_folder,
    list_forms,
    start_form,
    start_form_from_docx,
    summarise_form,
)
from agreegen.cli.options import any_path, existing_file, forms_option, json_option
from agreegen.cli.output import print_json, print_table, say
from agreegen.errors import ExitCode, UsageError
from agreegen.messages import Message, message, translate
from agreegen.model.complaint import Complaint, Severity


@click.group("forms")
def command() -> None:
    """List, show, check and compile the forms."""


@command.command("list")
@forms_option
@json_option
def list_command(forms_folder_option: Path | None, as_json: bool) -> None:
    """List the forms that are at hand."""
    found = list_forms(forms_folder_option)
    if as_json:
        print_json([summarise_form(form) for form in found])
        return
    print_table(
        ("form", "version", "title", "source"),
        [(form.id, form.version, form.title, form.source) for form in found],
    )


@command.command("show")
@click.argument("form_id", metavar="FORM")
@forms_option
@json_option
def show_command(form_id: str, forms_folder_option: Path | None, as_json: bool) -> None:
    """Show what FORM asks for and who signs it."""
    form = find_form(form_id, forms_folder_option)
    if as_json:
        print_json(describe_form(form))
        return
    print_table(
        ("field", "label", "type", "required", "printed", "example", "help"),
        [
            (
                f.name,
                f.label,
                f.type,
                _yes(f.required),
                _yes(f.printed),
                f.example,
                f.advice,
            )
            for f in form.fields
        ],
        title=message("cli.form-title", title=form.title, form=form.id, version=form.version),
    )
    print_table(
        ("role", "label", "kind", "order", "required", "certificate names"),
        [
            (
                r.id,
                r.label,
                r.kind,
                r.order,
                _yes(r.required),
                form.field(r.holder).label_and_name if r.holder else "-",
            )
            for r in form.roles
        ],
    )


@command.command("check")
@click.argument("targets", nargs=-1, metavar="[FORM|DIR]...")
@forms_option
@json_option
def check_command(targets: tuple[str, ...], forms_folder_option: Path | None, as_json: bool) -> int:
    """Check templates: variables, bookmarks, syntax, justified paragraphs, fonts."""
    places = _find_places(targets, forms_folder_option)
    complaints = [(place, complaint) for place in places for complaint in check_form(place)]
    wrong = [place for place, complaint in complaints if complaint.severity is Severity.ERROR]
    if as_json:
        print_json([{"form": place.name, "message": str(complaint)} for place, complaint in complaints])
        return ExitCode.BAD_INPUT if wrong else ExitCode.DONE
    for place, complaint in complaints:
        _tell(place.name, complaint)
    if complaints:
        warnings = len(complaints) - len(wrong)
        say(message("cli.form-checked", count=len(places), errors=len(wrong), warnings=warnings))
    else:
        say(message("cli.form-checked-nothing-complain-about", count=len(places)))
    _tell_layouts([place for place in places if place not in wrong])
    return ExitCode.BAD_INPUT if wrong else ExitCode.DONE


def _tell(form_id: str, complaint: Complaint) -> None:
    severity = message(f"cli.severity.{complaint.severity.value}")
    click.echo(translate(message("cli.complaint", form=form_id, severity=severity, complaint=complaint)))


def _tell_layouts(places: list[Path]) -> None:
    """Tell of each usable form that cannot be compiled who lays out its pages, and why: it is no mistake."""
    for place in places:
        remark = foresee_layout(place)
        if remark is not None:
            say(message("model.place-and-problem", place=place.name, problem=remark))


def _find_places(targets: tuple[str, ...], option: Path | None) -> list[Path]:
    """Return the folders of the forms that a user means, by folder or by id; of all where none is named."""
    if not targets:
        return [form.directory for form in list_forms(option)]
    folder = forms_folder(option)
    return [Path(target) if Path(target).is_dir() else folder / target for target in targets]


@command.command("new")
@click.argument("form_id", metavar="ID")
@click.option("--from", "source_id", metavar="FORM", help="cli.form-copy")
@click.option("--docx", type=existing_file, metavar="FILE", help="cli.word-document-whose-blanks")
@click.option(
    "-o", "--output", "folder", type=any_path, default=Path("forms"), show_default=True, metavar="DIR",
    help="cli.folder-forms-id-becomes-folder",
)  # fmt: skip
@forms_option
def new_command(
    form_id: str, source_id: str | None, docx: Path | None, folder: Path, forms_folder_option: Path | None
) -> int:
    """Begin a form of one's own, ID, as a copy of another one or with a Word document, and check it."""
    if docx is not None and source_id is not None:
        raise UsageError(message("cli.from-or-docx"), hint=message("cli.leave-one-out"))
    if docx is not None:
        target = start_form_from_docx(docx, form_id, folder)
    else:
        source = find_form(source_id or "personal-pledge", forms_folder_option)
        target = start_form(form_id, folder, source=source)
    complaints = check_form(target)
    for complaint in complaints:
        _tell(form_id, complaint)
    say(message("cli.template-docx-form-yaml-form-yaml", target=target))
    say(message("cli.use-forms", folder=folder))
    errors = any(complaint.severity is Severity.ERROR for complaint in complaints)
    return ExitCode.BAD_INPUT if errors else ExitCode.DONE


@command.command("compile")
@click.argument("form_id", metavar="FORM")
@forms_option
def compile_command(form_id: str, forms_folder_option: Path | None) -> None:
    """Render FORM once with LibreOffice so that runs need none; written beside the template."""
    for path in compile_form(find_form(form_id, forms_folder_option)):
        say(message("cli.written", path=path))


def _yes(flag: bool) -> Message:
    return message("cli.yes" if flag else "cli.no")
