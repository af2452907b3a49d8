"""`agreegen demo`: the main job on the sample data, in one folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from agreegen.cli.batch.running import event_printer
from agreegen.cli.options import any_path, force_option
from agreegen.cli.output import print_table, say
from agreegen.demo.run import Demo, prepare_folder
from agreegen.errors import ExitCode
from agreegen.messages import message

_HEADERS = tuple(message(f"demo.head.{name}") for name in ("step", "result", "seconds"))


@click.command("demo")
@click.argument("folder", type=any_path, metavar="DIR")
@click.option(
    "--count", type=click.IntRange(1, 10_000_000), default=24, show_default=True, help="cli.number-pledges"
)
@force_option
def command(folder: Path, count: int, force: bool) -> int:
    """Make keys, pledges and agreements in DIR, sign, verify and archive them, and write report.html."""
    prepare_folder(folder, force=force)
    with event_printer(as_json=False) as events:
        demo = Demo(folder, count, clock=lambda: datetime.now(UTC), tell=say, events=events)
        report = demo.run()
    print_table(_HEADERS, [(s.name, s.result, f"{s.seconds:.1f}") for s in demo.steps])
    for note in demo.notes:
        say(message("demo.note", note=note))
    say(message("demo.report", path=folder / "report.html"))
    return ExitCode.DONE if report.all_valid else ExitCode.NEGATIVE
