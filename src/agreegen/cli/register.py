"""`agreegen register`: what was made for whom, and whether the record is whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from agreegen.batch.heads import head_checker
from agreegen.cli.options import (
    any_path,
    existing_file,
    force_option,
    forms_option,
    json_option,
    policy_option,
    read_now,
    read_trust,
    trust_options,
)
from agreegen.cli.output import print_json, print_table, say, say_warning
from agreegen.errors import ExitCode, InputError, UsageError
from agreegen.files import refuse_existing, sha256_of_file
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.register.audit import count_unsigned, verify_register
from agreegen.register.coverage import RosterPerson, measure_coverage
from agreegen.register.export import export_csv, export_xlsx
from agreegen.register.interface import DocumentRow, DocumentState, Problem, Registration
from agreegen.register.store import Register
from agreegen.rosters.roster import open_roster

register_option = click.option(
    "--register",
    "register_file",
    required=True,
    type=existing_file,
    metavar="FILE",
    help="The register, register.db.",
)
_DEFAULT_FORM = "personal-pledge"


@click.group("register")
def command() -> None:
    """List, export and verify the register of a batch."""


@command.command("list")
@register_option
@click.option(
    "--state", type=click.Choice([s.value for s in DocumentState]), help="Only documents in this state."
)
@json_option
def list_command(register_file: Path, state: str | None, as_json: bool) -> None:
    """List the documents; ID numbers are not shown."""
    with Register.open(register_file, read_only=True) as register:
        documents = [_describe(document) for document in register.documents(state=state)]
    if as_json:
        print_json(documents)
        return
    columns = ("id", "staff_no", "name", "unit", "state", "path")
    print_table(columns, [[document[column] or "" for column in columns] for document in documents])


@command.command("export")
@register_option
@click.option("-o", "--output", required=True, type=any_path, help="A .csv or .xlsx file.")
@click.option("--omit-ids", is_flag=True, help="Leave ID numbers out.")
@force_option
def export_command(register_file: Path, output: Path, omit_ids: bool, force: bool) -> None:
    """Write the documents as CSV or XLSX (mode 0600: it holds ID numbers unless --omit-ids)."""
    refuse_existing(output, force=force)
    writers = {".csv": export_csv, ".xlsx": export_xlsx}
    writer = writers.get(output.suffix.lower())
    if writer is None:
        raise UsageError(f"{output}: the name must end in .csv or .xlsx")
    with Register.open(register_file, read_only=True) as register:
        count = writer(register.documents(), output, omit_ids=omit_ids)
    say(f"{output}: {count} documents")


@command.command("verify")
@register_option
@click.option(
    "--files",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the files.",
)
@trust_options
@policy_option
@json_option
def verify_command(
    register_file: Path,
    root: Path | None,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    policy: Path | None,
    as_json: bool,
) -> int:
    """Find any changed, missing, reordered or cut-off row, and any file that differs.

    With --trust, a register that nobody has signed is a problem, too; without, a warning.
    """
    anchors = read_trust(trust, crls)
    problems = verify_register(
        register_file,
        files_root=root or register_file.parent,
        check_head=head_checker(anchors, read_now(), policy=policy),
    )
    events, unsigned = count_unsigned(register_file) if not problems else (0, 0)
    if events and events == unsigned:
        text = "no head of it is signed: whoever can write to it could have computed it anew"
        if anchors.anchors_der:
            problems.append(Problem("unsigned", "register", text))
        else:
            say_warning(f"{register_file}: {text}")
    elif unsigned:
        say_warning(
            f"{register_file}: the last {unsigned} of {events} events came after the last signed head"
        )
    if as_json:
        found = [problem.to_dict() for problem in problems]
        facts = {"events": events, "unsigned_events": unsigned}
        print_json({"register": str(register_file), "problems": found, **facts})
    else:
        for problem in problems:
            click.echo(str(problem))
        say(f"{register_file}: {len(problems) or 'no'} problem{'s' if len(problems) != 1 else ''}")
    return ExitCode.NEGATIVE if problems else ExitCode.DONE


@command.command("coverage")
@register_option
@click.option("--roster", required=True, type=existing_file, help="The roster to compare with.")
@click.option(
    "--form", "form_id", default=_DEFAULT_FORM, show_default=True, help="The form that names the columns."
)
@forms_option
@json_option
def coverage_command(
    register_file: Path, roster: Path, form_id: str, forms_folder_option: Path | None, as_json: bool
) -> int:
    """Say who has a valid pledge, who has none, and who is no longer on the roster."""
    form = find_form(form_id, forms_folder(forms_folder_option))
    with Register.open(register_file, read_only=True) as register:
        people = _people(register, open_roster(roster, form).rows())
        roles = [role.id for role in form.required_roles]
        coverage = measure_coverage(register, people, required_roles=roles)
    if as_json:
        print_json(coverage.to_dict())
    else:
        print_table(
            ("", "key", "name"),
            [
                *(("missing", person.label, person.name) for person in coverage.missing),
                *(("no longer on the roster", person.label, person.name) for person in coverage.no_longer),
            ],
        )
        say(f"{coverage.covered} of {coverage.rows} people on the roster have a pledge")
    return ExitCode.DONE if coverage.complete else ExitCode.NEGATIVE


@command.command("add-paper")
@register_option
@click.option("--scan", required=True, type=existing_file, help="The scan of the signed paper.")
@click.option("--document", "document_id", required=True, metavar="ID", help="The document that was printed.")
def add_paper_command(register_file: Path, scan: Path, document_id: str) -> None:
    """Record the scan of a document that was signed on paper."""
    with Register.open(register_file) as register:
        document = register.document(document_id)
        if document is None:
            raise InputError(
                f"{register_file}: no document {document_id}",
                hint="see: agreegen register list --register FILE",
            )
        known = document.registration
        registration = Registration(
            id=known.id,
            form_id=known.form_id,
            form_version=known.form_version,
            template_sha256=known.template_sha256,
            row_key=known.row_key,
            name=known.name,
            path=_relative(scan, register_file.parent),
        )
        register.add_paper(registration, sha256=sha256_of_file(scan), now=read_now())
    say(f"{document_id}: signed on paper, scan {scan} recorded")


def _describe(document: DocumentRow) -> dict[str, object]:
    known = document.registration
    return {
        "id": known.id,
        "form": known.form_id,
        "version": known.form_version,
        "staff_no": known.staff_no,
        "name": known.name,
        "unit": known.unit,
        "state": document.state.value,
        "path": known.path,
        "sha256": document.sha256,
        "superseded_by": document.superseded_by,
        "bag": document.bag,
    }


def _people(register: Register, rows: Iterator[object]) -> Iterator[RosterPerson]:
    from agreegen.rosters.row import RosterRow  # noqa: PLC0415 - for the type only

    for row in rows:
        assert isinstance(row, RosterRow)
        if row.key is None:
            continue
        yield RosterPerson(register.row_key(row.key), row.label, row.subject)


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.resolve().as_posix()
