"""`agreegen batch new`: a job file from a roster and a few answers, asked for or given as options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from agreegen.api.batches import (
    JobDraft,
    RosterSurvey,
    check_batch,
    date_fields,
    fitting_forms,
    office_role,
    read_job,
    survey_roster,
    write_job,
)
from agreegen.api.forms import find_form
from agreegen.cli.options import any_path, existing_file, force_option, forms_option
from agreegen.cli.output import prompt_secret, say
from agreegen.errors import ExitCode, InputError, UsageError
from agreegen.files import refuse_existing, refuse_inputs
from agreegen.messages import any_of, message, translate
from agreegen.model.complaint import Severity, sort_and_merge
from agreegen.model.form import Field
from agreegen.model.role_names import RoleChoice


@click.command("new")
@click.argument("roster", type=existing_file, metavar="ROSTER")
@click.option("-o", "--output", "job_file", required=True, type=any_path, metavar="JOB.yaml", help="cli.job")
@click.option("--form", "form_id", help="cli.form-else-one-whose-fields-header")
@click.option("--sheet", help="cli.sheet-its-name-or-number-from")
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=HEADER", help="cli.header-form-does-not-know"
)
@click.option("--default", "defaults", multiple=True, metavar="FIELD=VALUE", help="cli.value-holds-all-rows")
@click.option("--date", help="cli.date-printed-all-rows-empty-leave")
@click.option("--documents", type=any_path, metavar="DIR", help="cli.folder-documents")
@click.option("--credential", type=any_path, metavar="CRED.yaml", help="cli.who-signs-office")
@click.option("--role", help="cli.role-which-one-signs-else-form")
@click.option("--trust", multiple=True, type=any_path, metavar="PATH", help="cli.trust-anchors-may-repeated")
@click.option("--no-input", is_flag=True, help="cli.ask-nothing-even-terminal")
@forms_option
@force_option
def new_command(
    roster: Path,
    job_file: Path,
    form_id: str | None,
    sheet: str | None,
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    date: str | None,
    documents: Path | None,
    credential: Path | None,
    role: str | None,
    trust: tuple[Path, ...],
    no_input: bool,
    forms_folder_option: Path | None,
    force: bool,
) -> int:
    """Write a commented job file for ROSTER and check it; at a terminal, what is missing is asked for."""
    refuse_existing(job_file, force=force)
    refuse_inputs(job_file, [roster, *([] if credential is None else [credential]), *trust])
    asking = sys.stdin.isatty() and not no_input
    number = int(sheet) if sheet is not None and sheet.isascii() and sheet.isdigit() else sheet
    survey = _choose_form(roster, form_id, number, forms_folder_option, asking=asking)
    draft = JobDraft(
        survey=survey,
        roster=roster,
        output=documents or job_file.parent / f"{job_file.stem}-output",
        columns=read_pairs(columns, "--column"),
        defaults=read_pairs(defaults, "--default"),
        credential=credential,
        trust=trust,
    )
    draft = _complete(draft, number, date, role, asking=asking)
    write_job(draft, job_file, force=force)
    say(
        message(
            "cli.written-columns-read", job_file=job_file, count=len(draft.survey.columns), name=roster.name
        )
    )
    return _check(job_file, forms_folder_option)


def read_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Read `FIELD=TEXT` options.

    Raises:
        UsageError: One is not of that form, or a field stands twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals or not value or name in found:
            raise UsageError(message("cli.write-field-text-each-field-once", option=option, text=text))
        found[name] = value
    return found


def _choose_form(
    roster: Path, form_id: str | None, sheet: int | str | None, folder: Path | None, *, asking: bool
) -> RosterSurvey:
    if form_id is not None:
        return survey_roster(roster, find_form(form_id, folder), sheet=sheet)
    fitting = fitting_forms(roster, sheet=sheet, forms=folder)
    if not fitting:
        raise InputError(
            message("cli.no-form-fits-its-header", roster=roster), hint=message("cli.name-form-form")
        )
    best = [each for each in fitting if len(each.columns) == len(fitting[0].columns)]
    if len(best) == 1 and not asking:
        return best[0]
    ids = [each.form.id for each in fitting]
    if not asking:
        raise UsageError(
            message("cli.may", roster=roster, ids=any_of(ids)), hint=message("cli.name-form-form")
        )
    for each in fitting:
        say(
            message(
                "cli.columns-found", id=each.form.id, title_zh=each.form.title_zh, count=len(each.columns)
            )
        )
    chosen = click.prompt(
        translate(message("cli.prompt-form")), type=click.Choice(ids), default=ids[0], err=True
    )
    return next(each for each in fitting if each.form.id == chosen)


def _complete(
    draft: JobDraft, sheet: int | str | None, date: str | None, role: str | None, *, asking: bool
) -> JobDraft:
    """Fill in what the options left open: columns, values for all rows, date, credential, role."""
    draft = _with_missing(_with_columns(draft, sheet), sheet, asking=asking)
    draft = _with_date(draft, date, asking=asking)
    if draft.credential is None and asking:
        answer = click.prompt(translate(message("cli.prompt-credential")), default="", err=True)
        draft = replace(draft, credential=Path(answer) if answer else None)
    return draft if draft.credential is None else _with_role(draft, role)


def _with_date(draft: JobDraft, date: str | None, *, asking: bool) -> JobDraft:
    fields = date_fields(draft.survey)
    if date is None and asking and fields:
        date = click.prompt(translate(message("cli.prompt-date")), default="", err=True)
    dated = {name: date for name in fields if date and name not in draft.defaults}
    return replace(draft, defaults={**draft.defaults, **dated})


def _with_role(draft: JobDraft, role: str | None) -> JobDraft:
    form = draft.survey.form
    usual = office_role(form)
    chosen = role or (None if usual is None else usual.id)
    known = [each.id for each in form.roles]
    if chosen is not None and chosen not in known:
        raise UsageError(
            message("cli.has-no-role", id=form.id, chosen=chosen),
            hint=message("cli.its-roles", known=tuple(map(RoleChoice, form.roles))),
        )
    return replace(draft, role=chosen)


def _with_columns(draft: JobDraft, sheet: int | str | None) -> JobDraft:
    """Look at the roster once more with the columns that the options name."""
    form = draft.survey.form
    known = {field.name for field in form.fields}
    unknown = [name for name in (*draft.columns, *draft.defaults) if name not in known]
    if unknown:
        names = tuple(item.name for item in form.fields)
        raise UsageError(
            message("cli.has-no-field", id=form.id, unknown=unknown[0]),
            hint=message("cli.its-fields", names=names),
        )
    if not draft.columns:
        return draft
    return replace(draft, survey=survey_roster(draft.roster, form, sheet=sheet, columns=draft.columns))


def _with_missing(draft: JobDraft, sheet: int | str | None, *, asking: bool) -> JobDraft:
    """Ask for the columns, or values for all rows, that the form requires and nothing gives."""
    missing = [item for item in draft.survey.missing if item.name not in draft.defaults]
    if missing and not asking:
        raise _lacking(draft, missing)
    columns, defaults = dict(draft.columns), dict(draft.defaults)
    others = "、".join(draft.survey.others)
    for item in missing:
        answer = click.prompt(
            translate(
                message(
                    "cli.header-its-column-or-one-value",
                    label_zh=item.label_zh,
                    name=item.name,
                    others=others,
                )
            ),
            err=True,
        )
        (columns if answer in draft.survey.others else defaults)[item.name] = answer
    draft = replace(draft, defaults=defaults)
    if columns == draft.columns:
        return draft
    survey = survey_roster(draft.roster, draft.survey.form, sheet=sheet, columns=columns)
    return replace(draft, survey=survey, columns=columns)


def _lacking(draft: JobDraft, missing: Sequence[Field]) -> UsageError:
    named = tuple(item.label_and_name for item in missing)
    first = missing[0].name
    return UsageError(
        message("cli.has-no-column", roster=draft.roster, named=named),
        hint=message("cli.give-column-header-or-default-value", first=first),
    )


def _check(job_file: Path, folder: Path | None) -> int:
    job = read_job(job_file, forms_folder=folder)
    result = check_batch(job, prompt=prompt_secret, samples=False)
    for line in sort_and_merge(result.complaints):
        click.echo(line)
    say(message("cli.rows-errors-warnings", rows=result.rows, errors=result.errors, warnings=result.warnings))
    failed = any(complaint.severity is Severity.ERROR for complaint in result.complaints)
    return ExitCode.BAD_INPUT if failed else ExitCode.DONE
