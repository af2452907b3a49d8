"""`agreegen web backup` and `restore`: the home folder as one file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.cli.options import any_path, existing_file, force_option
from agreegen.cli.output import say
from agreegen.cli.web.options import home_option, need_extra, need_home
from agreegen.errors import UsageError
from agreegen.messages import message


@click.command("backup")
@click.option("-o", "--output", type=any_path, required=True, metavar="FILE.tar.gz", help="cli.file-write")
@home_option
@force_option
def backup_command(output: Path, home: Path | None, force: bool) -> None:
    """Write the home folder into one file; the server may run meanwhile."""
    need_extra()
    from agreegen.web.backup import back_up  # noqa: PLC0415 - needs the extra
    from agreegen.web.home import Home  # noqa: PLC0415 - the same

    folder = Home(need_home(home).resolve())
    if not folder.known:
        raise UsageError(
            message("cli.no-office-there", folder=folder.folder), hint=message("cli.name-office-home-folder")
        )
    count = back_up(folder, output, force=force)
    say(message("cli.files-holds-keys-personal-data-keep", output=output, count=count))


@click.command("restore")
@click.argument("backup", type=existing_file)
@home_option
def restore_command(backup: Path, home: Path | None) -> None:
    """Write a backup into an empty folder."""
    need_extra()
    from agreegen.web.backup import restore  # noqa: PLC0415 - needs the extra

    folder = need_home(home)
    say(message("cli.files-restored", folder=folder, count=restore(backup, folder)))
