"""`register verify`: whether the record is whole, and who answers for it."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.batch.heads import head_judge
from agreegen.chain.audit.interface import Audit, Problem
from agreegen.cli.options import json_option, policy_option, read_now, read_trust, trust_options
from agreegen.cli.output import print_json, say, say_warning
from agreegen.cli.register.options import register_option
from agreegen.errors import ExitCode
from agreegen.pki.signer_pin import SignerPin
from agreegen.recording.known_heads import read_known
from agreegen.recording.own_documents import examine_file
from agreegen.register.audit.service import verify_register


@click.command("verify")
@register_option
@click.option(
    "--files",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the files.",
)
@trust_options
@click.option("--signer", metavar="CERT|SHA256", help="Whose signature the last head must carry.")
@click.option(
    "--known",
    multiple=True,
    metavar="BAG|HEADS|CODE",
    help="Heads from elsewhere that must stand in the chain.",
)
@policy_option
@json_option
def verify_command(
    register_file: Path,
    root: Path | None,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    signer: str | None,
    known: tuple[str, ...],
    policy: Path | None,
    as_json: bool,
) -> int:
    """Find any changed, missing, reordered or cut-off row, and any file that differs or is another's.

    With --trust, a register that nobody has signed is a problem, too; without, a warning. --known finds a
    register that was taken back to an earlier state.
    """
    anchors, heads = read_trust(trust, crls), read_known(known)
    pin = None if signer is None else SignerPin.parse(signer)
    audit = verify_register(
        register_file,
        files_root=root or register_file.parent,
        known_heads=heads.heads,
        known_codes=heads.codes,
        judge_head=head_judge(anchors, read_now(), policy=policy),
        examine_file=examine_file,
    )
    strict = bool(anchors.anchors_der) or pin is not None
    problems = [
        *audit.problems,
        *_unsigned_problems(audit, register_file, strict=strict),
        *_signer_problems(audit, pin),
    ]
    if as_json:
        print_json(_describe(register_file, audit, problems, pin))
    else:
        click.echo(_signer_line(audit, pin))
        for problem in problems:
            click.echo(str(problem))
        say(f"{register_file}: {len(problems) or 'no'} problem{'s' if len(problems) != 1 else ''}")
    return ExitCode.NEGATIVE if problems else ExitCode.DONE


def _describe(path: Path, audit: Audit, problems: list[Problem], pin: SignerPin | None) -> dict[str, object]:
    judgement = audit.judgement
    who = None if judgement is None or judgement.signer is None else judgement.signer
    time = None if judgement is None or judgement.time is None else judgement.time.isoformat()
    head = None
    if audit.head is not None:
        proved = judgement is not None and judgement.proved
        head = {"count": audit.head.count, "code": audit.head.code, "time": time, "time_proved": proved}
    return {
        "register": str(path),
        "signer": None if who is None else who.to_dict(),
        "signer_pinned": pin is not None,
        "head": head,
        "problems": [problem.to_dict() for problem in problems],
        "events": audit.events,
        "unsigned_events": audit.unsigned,
    }


def _signer_line(audit: Audit, pin: SignerPin | None) -> str:
    judgement, head = audit.judgement, audit.head
    if judgement is None or head is None or judgement.signer is None:
        return "signer: nobody"
    time = "" if judgement.time is None else f", {judgement.time.isoformat()}"
    proved = " (proved by a timestamp)" if judgement.proved else ""
    line = f"signer: {judgement.signer.subject}, head {head.code}{time}{proved}"
    return line if pin else f"{line}; without --signer, any trusted person's would pass"


def _unsigned_problems(audit: Audit, path: Path, *, strict: bool) -> list[Problem]:
    if audit.problems or not audit.events or audit.events != audit.unsigned:
        return []
    text = "no head of it is signed: whoever can write to it could have computed it anew"
    if strict:
        return [Problem("unsigned", "register", text)]
    say_warning(f"{path}: {text}")
    return []


def _signer_problems(audit: Audit, pin: SignerPin | None) -> list[Problem]:
    if pin is None or audit.judgement is None:
        return []
    who = audit.judgement.signer
    if who is not None and who.certificate_sha256 == pin.sha256:
        return []
    named = "nobody" if who is None else f"{who.subject} ({who.certificate_sha256})"
    return [Problem("other-signer", "register", f"its last head is signed by {named}, not by whom you named")]
