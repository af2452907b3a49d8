"""`agreegen archive due` and `destroy`: periods of retention, and their end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agreegen.api.access import RegisterAccess
from agreegen.api.archives.retention import destroy_bag, job_bags, list_ages, read_retention
from agreegen.api.ledger.entries import LedgerAccess
from agreegen.cli.options import (
    account_name,
    any_path,
    existing_file,
    existing_path,
    forms_option,
    json_option,
    open_credential,
    read_signer,
    read_trust,
    read_tsa,
    register_options,
    trust_options,
    tsa_option,
)
from agreegen.cli.output import print_json, print_long_table, print_table, prompt_secret, say, say_warning
from agreegen.errors import ExitCode
from agreegen.messages import message

if TYPE_CHECKING:
    from agreegen.api import Trust
    from agreegen.api.archives.retention import BagAge, Destruction

_years_option = click.option("--years", metavar="N|permanent", help="cli.years-bags-are-kept-else-bag")
_MOST_NAMED = 20
_ASKS_FOR_SOMEBODY = ("due", "destruction-begun", "destruction-unproved")


@click.command("due")
@click.argument("paths", nargs=-1, type=existing_path, metavar="[BAG|FOLDER]...")
@_years_option
@click.option("--job", type=existing_file, metavar="JOB.yaml", help="cli.job-whose-bags-and-years")
@forms_option
@trust_options
@click.option("--signer", metavar="CERT|SHA256", help="cli.who-must-have-signed-destructions")
@json_option
def due_command(
    paths: tuple[Path, ...],
    years: str | None,
    job: Path | None,
    forms_folder_option: Path | None,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    signer: str | None,
    as_json: bool,
) -> int:
    """List bags with the end of their period of retention. Exit 1 where one is over.

    Also where a destruction is not finished, or its record is not genuine.
    """
    retention = None if years is None else read_retention(years)
    if job is not None:
        folder, named = job_bags(job, forms_folder_option)
        paths, retention = (*paths, folder), retention or named
    anchors, pin = read_trust(trust, crls), read_signer(signer)
    ages = list_ages(paths or (Path(),), retention=retention, trust=anchors, signer=pin)
    counts = Counter(age.state.value for age in ages)
    if as_json:
        print_json({"bags": [age.to_dict() for age in ages], "summary": dict(counts)})
    else:
        print_table(("bag", "state", "made", "years", "ends"), [_due_row(age) for age in ages])
    return ExitCode.NEGATIVE if any(counts[state] for state in _ASKS_FOR_SOMEBODY) else ExitCode.DONE


def _due_row(age: BagAge) -> tuple[object, ...]:
    return (
        age.bag,
        message(f"archive.due-{age.state.value}"),
        age.made or "",
        "" if age.retention is None else str(age.retention),
        age.ends or "",
    )


@click.command("destroy")
@click.argument("bag", type=any_path, metavar="BAG")
@click.option("--approved-by", required=True, metavar="NAME", help="cli.who-approved-destruction")
@click.option("--witness", required=True, metavar="NAME", help="cli.who-watches-destruction")
@click.option("--reason", required=True, metavar="TEXT", help="cli.why-destroyed")
@click.option("--by", metavar="NAME", help="cli.who-destroys-else-account")
@click.option("--confirm", metavar="CODE", help="cli.code-of-dry-run")
@click.option("--credential", "credential_file", type=any_path, help="cli.who-signs-destruction")
@tsa_option
@trust_options
@register_options
@click.option("--ledger", "ledger_file", type=any_path, metavar="FILE", help="cli.ledger-destruction-entered")
@click.option(
    "--ledger-credential",
    type=any_path,
    metavar="CRED.yaml",
    help="cli.who-signs-ledger-else-credential-remembers",
)
@_years_option
@click.option("--before-due", is_flag=True, help="cli.destroy-before-retention-over")
@json_option
def destroy_command(
    bag: Path,
    approved_by: str,
    witness: str,
    reason: str,
    by: str | None,
    confirm: str | None,
    credential_file: Path | None,
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    register_file: Path | None,
    register_credential: Path | None,
    ledger_file: Path | None,
    ledger_credential: Path | None,
    years: str | None,
    before_due: bool,
    as_json: bool,
) -> None:
    """Destroy BAG, approved by one person and watched by another; without --confirm, show what that would do.

    Signed order and completion stay in BAG.destroyed/. Where it was interrupted, give the same command again.
    """
    anchors, doer = read_trust(trust, crls), by or account_name()
    with open_credential(credential_file) as credential:
        done = destroy_bag(
            bag,
            approved_by=approved_by,
            witness=witness,
            reason=reason,
            by=doer,
            confirm=confirm,
            credential=credential,
            trust=anchors,
            tsa=read_tsa(tsa),
            register=None if register_file is None else _register(register_file, register_credential),
            ledger=None if ledger_file is None else _ledger(ledger_file, ledger_credential, doer, anchors),
            retention=None if years is None else read_retention(years),
            before_due=before_due,
        )
    _print(bag, done, as_json=as_json)
    _tell(bag, done, told=register_file is not None)


def _register(path: Path, credential: Path | None) -> RegisterAccess:
    return RegisterAccess(path, credential, prompt_secret, say)


def _ledger(path: Path, credential: Path | None, by: str, anchors: Trust) -> LedgerAccess:
    return LedgerAccess(path, credential, by, prompt_secret, say, anchors)


def _print(bag: Path, done: Destruction, *, as_json: bool) -> None:
    order = done.order
    files = [*order.files, *order.originals]
    if as_json:
        print_json(
            {
                "bag": str(bag),
                "done": done.done,
                "resumed": done.resumed,
                "confirm": order.code,
                "files": len(order.files),
                "originals": len(order.originals),
                "bytes": order.size,
                "problems": list(order.problems),
                "retention_ends": order.retention_ends or None,
                "register_documents": done.documents,
                "ledger_entries": done.entries,
                "left": list(done.left),
            }
        )
        return
    if not done.done:
        print_long_table(("file", "bytes", "sha256"), ((file.path, file.size, file.sha256) for file in files))


def _tell(bag: Path, done: Destruction, *, told: bool) -> None:
    order = done.order
    if order.problems:
        say_warning(message("archive.destroy-problems", bag=bag, count=len(order.problems)))
    for path in done.left[:_MOST_NAMED]:
        say_warning(message("archive.destroy-left", path=path))
    counted = {"files": len(order.files), "originals": len(order.originals), "size": order.size}
    if done.done:
        say(message("archive.destroyed", bag=bag, **counted))
        say(message("archive.destroyed-told", documents=done.documents, entries=done.entries))
        return
    if not told:
        say_warning(message("archive.destroy-no-register"))
    say(
        message(
            "archive.destroy-resumable" if done.resumed else "archive.destroy-dry-run", bag=bag, **counted
        )
    )
    say(message("archive.destroy-confirm", code=order.code))
