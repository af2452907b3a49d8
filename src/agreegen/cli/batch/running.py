"""`agreegen batch check`, `run` and `status`: one document for every row of a roster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from agreegen.api.batches import (
    RowResult,
    RunEvent,
    RunEventKind,
    RunSettings,
    RunSummary,
    batch_status,
    check_batch,
    read_job,
    run_batch,
)
from agreegen.cli.options import existing_file, forms_option, json_option
from agreegen.cli.output import (
    print_json,
    print_json_line,
    print_table,
    progress_bar,
    prompt_secret,
    say,
    say_warning,
)
from agreegen.errors import ExitCode
from agreegen.messages import Message, message, translate
from agreegen.model.complaint import sort_and_merge

_FAILED = {RowResult.FAILED, RowResult.QUARANTINED}
job_argument = click.argument("job_file", type=existing_file, metavar="JOB.yaml")


@click.command("check")
@job_argument
@click.option("--without-secrets", is_flag=True, help="cli.without-secrets")
@forms_option
@json_option
def check_command(
    job_file: Path, without_secrets: bool, forms_folder_option: Path | None, as_json: bool
) -> int:
    """Find everything that would fail, before anything is written."""
    job = read_job(job_file, forms_folder=forms_folder_option)
    result = check_batch(job, prompt=prompt_secret, asked_later=without_secrets)
    if as_json:
        print_json(result.to_dict())
    else:
        for line in sort_and_merge(result.complaints):
            click.echo(line)
        for path in result.samples:
            say(message("cli.sample-approval", path=path))
        say(
            message(
                "cli.rows-errors-warnings", rows=result.rows, errors=result.errors, warnings=result.warnings
            )
        )
    return ExitCode.BAD_INPUT if result.errors else ExitCode.DONE


@click.command("run")
@job_argument
@click.option("--roster", type=existing_file, help="cli.another-roster-than-job-e-g")
@click.option("--workers", type=click.IntRange(1, 256), help="cli.worker-processes-else-many-cores")
@click.option("--limit", type=click.IntRange(1), help="cli.only-first-n-rows")
@click.option(
    "--engine", type=click.Choice(("local", "dask")), default="local", show_default=True, help="cli.where-run"
)
@click.option(
    "--copy-back/--shared-output",
    default=None,
    help="cli.dask-write-workers-files-here-or",
)
@click.option("--scheduler", metavar="URL", help="cli.dask-scheduler-e-g-tls-host")
@click.option(
    "--replace-signed",
    is_flag=True,
    help="cli.replace-documents-their-person-has-signed",
)
@click.option("--check-files", is_flag=True, help="cli.read-every-byte-every-finished-document")
@forms_option
@json_option
def run_command(
    job_file: Path,
    roster: Path | None,
    workers: int | None,
    limit: int | None,
    engine: str,
    copy_back: bool | None,
    scheduler: str | None,
    replace_signed: bool,
    check_files: bool,
    forms_folder_option: Path | None,
    as_json: bool,
) -> int:
    """Make, sign and register every row; run it again to go on where it stopped."""
    job = read_job(job_file, forms_folder=forms_folder_option)
    settings = RunSettings(
        roster=roster,
        workers=workers,
        limit=limit,
        engine=engine,
        scheduler=scheduler,
        copy_back=copy_back,
        prompt=prompt_secret,
        replace_signed=replace_signed,
        check_files=check_files,
    )
    with event_printer(as_json=as_json) as tell:
        summary = run_batch(job, settings, events=tell)
    if as_json:
        print_json_line(summary.to_dict())
    else:
        print_summary(summary, job.output)
    if summary.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED_ROWS if summary.failed else ExitCode.DONE


@click.command("status")
@job_argument
@forms_option
@json_option
def status_command(job_file: Path, forms_folder_option: Path | None, as_json: bool) -> None:
    """Say how far a job is, from its register."""
    status = batch_status(read_job(job_file, forms_folder=forms_folder_option))
    if as_json:
        print_json(status.to_dict())
        return
    print_table(("what", "count"), [_status_row(name, value) for name, value in status.to_dict().items()])
    for warning in status.warnings:
        say_warning(warning)


def _status_row(name: str, value: object) -> tuple[Message, object]:
    """Return a line of the status as a person writes it: states with their counts, yes or no."""
    title = message(f"cli.status.{name.replace('_', '-')}")
    if isinstance(value, dict):
        states = [message(f"cli.state-count.{state}", count=count) for state, count in value.items()]
        return title, states or message("cli.none")
    if value is None:
        return title, message("cli.unknown")
    return title, message("cli.yes" if value else "cli.no") if isinstance(value, bool) else value


@contextmanager
def event_printer(*, as_json: bool) -> Iterator[Callable[[RunEvent], None]]:
    """Show the events of a run: JSON Lines for machines, a bar on terminals, failures as lines."""
    if as_json:
        # A chunk's rows come together, and the event of the chunk itself behind them.
        yield lambda event: print_json_line(event.to_dict(), more=event.kind is RunEventKind.ROW)
        return
    with progress_bar(translate(message("cli.documents"))) as bar:
        started, made, failed = time.monotonic(), 0, 0

        def show(event: RunEvent) -> None:
            nonlocal made, failed
            if event.kind is RunEventKind.ROW:
                failed += event.result in _FAILED
                made += event.result is not RowResult.ALREADY_DONE and event.result not in _FAILED
                if event.result in _FAILED:
                    say(message("cli.row-told", row=event.row, text=event.message))
            elif event.kind is RunEventKind.WARNING:
                say_warning(event.message or "")
            rate = made / max(time.monotonic() - started, 0.001)
            code = "cli.rate-and-failed" if failed else "cli.rate"
            note = translate(message(code, rate=f"{rate:.0f}", failed=failed)) if made or failed else ""
            bar.show(total=event.rows, completed=event.done, note=note)

        yield show


def print_summary(summary: RunSummary, output: Path) -> None:
    """Print the end of a run as a table."""
    print_table(
        (
            "rows",
            "done",
            "already done",
            "failed",
            "not signed",
            "timestamp pending",
            "seconds",
            "documents/s",
        ),
        [
            (
                summary.rows,
                summary.done,
                summary.already_done,
                summary.failed,
                summary.left_open,
                summary.timestamp_pending,
                f"{summary.seconds:.1f}",
                summary.documents_per_second,
            )
        ],
    )
    say(message("cli.documents-register", output=output))
    if summary.register_head is not None:
        say(message("cli.head-register-kept-on-paper", register_head=summary.register_head))
    if summary.kept_signed:
        say(message("cli.rows-kept-their-person-signed-them", kept_signed=summary.kept_signed))
    if summary.failed:
        # The workbook: a spreadsheet that opens the CSV loses the last digits of ID numbers.
        workbook = Path(summary.failed_rows).with_suffix(".xlsx")
        say(message("cli.failed-rows-ready-run-again", failed_rows=workbook))
