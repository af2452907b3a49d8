"""`register add-scans`: scanned paper, page by page, to the documents that it belongs to."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.access import RegisterAccess
from agreegen.api.recording import (
    SHEET_NAME,
    PageResult,
    PageStatus,
    ScanReport,
    add_scans,
    open_pages,
    say_reasons,
)
from agreegen.cli.options import account_name, any_path, existing_file, existing_path, json_option
from agreegen.cli.output import print_json, print_table, progress_bar, prompt_secret, say
from agreegen.cli.register.options import register_option, signer_credential_option
from agreegen.errors import ExitCode
from agreegen.messages import Message, has_entry, message, translate


@click.command("add-scans")
@click.argument("scans", nargs=-1, type=existing_path, metavar="SCANS...")
@register_option
@click.option("--by", metavar="NAME", help="cli.who-accepts-scans-else-account-name")
@click.option(
    "--review",
    type=any_path,
    metavar="DIR",
    help="cli.folder-pages-person-must-look-else",
)
@click.option("--decisions", type=existing_file, metavar="FILE.xlsx", help="cli.review-sheet-was-filled")
@click.option("--dry-run", is_flag=True, help="cli.read-compare-write-nothing")
@signer_credential_option
@json_option
def add_scans_command(
    scans: tuple[Path, ...],
    register_file: Path,
    by: str | None,
    review: Path | None,
    decisions: Path | None,
    dry_run: bool,
    credential_file: Path | None,
    as_json: bool,
) -> int:
    """Find out whose pages these are and record what is signed; SCANS are PDF, TIFF, JPEG, PNG or folders."""
    folder = review or register_file.parent / "review"
    access = RegisterAccess(register_file, credential_file, prompt_secret, say)
    with progress_bar(translate(message("cli.pages"))) as bar:
        report = add_scans(
            access,
            scans,
            by=by or account_name(),
            review=folder,
            decisions=decisions,
            dry_run=dry_run,
            tell=lambda _: bar.advance(),
        )
    if as_json:
        print_json(report.to_dict())
    else:
        _print_report(report, folder)
        if decisions is not None:
            _tell_undecided(folder / SHEET_NAME)
    return ExitCode.DONE if report.settled else ExitCode.NEGATIVE


def _print_report(report: ScanReport, folder: Path) -> None:
    left = [page for page in report.pages if page.status is PageStatus.REVIEW or page.reasons]
    if left:
        columns = ("source", "page", "status", "staff_no", "name", "why")
        print_table(columns, [_row(page, dry_run=report.dry_run) for page in left])
    counts = [_say_count(report, status) for status in PageStatus if report.count(status)]
    say(message("cli.pages-by-status", count=len(report.pages), counts=counts))
    if not report.settled and not report.dry_run:
        say(message("cli.pages-look-filled-goes-decisions", folder=folder / SHEET_NAME))


def _say_count(report: ScanReport, status: PageStatus) -> Message:
    would = message(f"cli.page-count-would.{status.value}", count=report.count(status))
    if report.dry_run and has_entry(would.code):
        return would
    return message(f"cli.page-count.{status.value}", count=report.count(status))


def _tell_undecided(sheet: Path) -> None:
    left = len(open_pages(sheet)) if sheet.is_file() else 0
    if left:
        say(message("cli.pages-without-decision", count=left, sheet=sheet))


def _row(page: PageResult, *, dry_run: bool) -> tuple[object, ...]:
    why = translate(say_reasons(page.reasons))
    would = message(f"cli.page-would.{page.status.value}")
    status = would if dry_run and has_entry(would.code) else page.status
    return (page.source, page.page, status, page.staff_no or "", page.name or "", why)
