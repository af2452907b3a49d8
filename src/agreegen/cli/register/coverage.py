"""`register coverage`: who has signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from agreegen.cli.options import existing_file, forms_option, json_option
from agreegen.cli.output import print_json, print_table, say
from agreegen.cli.register.options import register_option
from agreegen.errors import ExitCode
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.register.coverage import RosterPerson, measure_coverage
from agreegen.register.store import Register
from agreegen.rosters.roster import open_roster
from agreegen.rosters.row import RosterRow

_DEFAULT_FORM = "personal-pledge"


@click.command("coverage")
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


def _people(register: Register, rows: Iterator[RosterRow]) -> Iterator[RosterPerson]:
    for row in rows:
        if row.key is None:
            continue
        yield RosterPerson(register.row_key(row.key), row.label, row.subject)
