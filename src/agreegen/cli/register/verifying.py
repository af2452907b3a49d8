"""`register verify`: whether the record is whole, and who answers for it."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.batch.heads import head_judge
from agreegen.cli.options import json_option, policy_option, read_now, read_trust, trust_options
from agreegen.cli.output import print_json, say, say_warning
from agreegen.cli.register.options import register_option
from agreegen.errors import ExitCode
from agreegen.register.audit.service import Audit, verify_register
from agreegen.register.interface import Problem


@click.command("verify")
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
    audit = verify_register(
        register_file,
        files_root=root or register_file.parent,
        judge_head=head_judge(anchors, read_now(), policy=policy),
    )
    problems = [*audit.problems, *_unsigned_problems(audit, register_file, strict=bool(anchors.anchors_der))]
    if as_json:
        found = [problem.to_dict() for problem in problems]
        facts = {"events": audit.events, "unsigned_events": audit.unsigned}
        print_json({"register": str(register_file), "problems": found, **facts})
    else:
        for problem in problems:
            click.echo(str(problem))
        say(f"{register_file}: {len(problems) or 'no'} problem{'s' if len(problems) != 1 else ''}")
    return ExitCode.NEGATIVE if problems else ExitCode.DONE


def _unsigned_problems(audit: Audit, path: Path, *, strict: bool) -> list[Problem]:
    if audit.problems or not audit.events or audit.events != audit.unsigned:
        return []
    text = "no head of it is signed: whoever can write to it could have computed it anew"
    if strict:
        return [Problem("unsigned", "register", text)]
    say_warning(f"{path}: {text}")
    return []
