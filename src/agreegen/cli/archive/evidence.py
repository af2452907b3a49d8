"""`agreegen archive timestamp|renew|extract|status`: evidence records over bags (RFC 4998)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from agreegen.api.archives.bags import (
    RENEWAL_HASHES,
    Ending,
    StampedBags,
    extract_document,
    list_endings,
    renew_bags,
    timestamp_bags,
)
from agreegen.cli.options import (
    any_path,
    existing_folder,
    force_option,
    json_option,
    policy_option,
    read_trust,
    read_tsa,
    trust_options,
    tsa_option,
)
from agreegen.cli.output import print_json, print_table, say
from agreegen.errors import ExitCode
from agreegen.messages import Message, message

_bags = click.argument("bags", nargs=-1, required=True, type=existing_folder, metavar="BAG...")


def _tell(done: StampedBags, what: Message) -> None:
    say(
        message(
            "cli.bags-files-request-s", count=len(done.bags), files=done.files, what=what, tokens=done.tokens
        )
    )


@click.command("timestamp")
@_bags
@tsa_option
@trust_options
@click.option(
    "--hash", "hash_name", type=click.Choice(RENEWAL_HASHES), default="sha256", help="cli.hash-function"
)
def timestamp_command(
    bags: tuple[Path, ...],
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    hash_name: str,
) -> None:
    """Put all files of all BAGs under one timestamp token (evidence records, RFC 4998)."""
    anchors = read_trust(trust, crls)
    _tell(timestamp_bags(bags, read_tsa(tsa), trust=anchors, hash_name=hash_name), message("cli.timestamped"))


@click.command("renew")
@_bags
@tsa_option
@trust_options
@click.option(
    "--hash",
    "hash_name",
    type=click.Choice(RENEWAL_HASHES),
    help="cli.another-hash-function-every-file-hashed",
)
def renew_command(
    bags: tuple[Path, ...],
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    hash_name: str | None,
) -> None:
    """Renew the timestamps of BAGs before a certificate or an algorithm ends."""
    anchors = read_trust(trust, crls)
    _tell(renew_bags(bags, read_tsa(tsa), trust=anchors, hash_name=hash_name), message("cli.renewed"))


@click.command("extract")
@click.argument("bag", type=existing_folder, metavar="BAG")
@click.argument("document", metavar="DOC")
@click.option("-o", "--output", required=True, type=any_path, metavar="DIR", help="cli.where-write")
@force_option
def extract_command(bag: Path, document: str, output: Path, force: bool) -> None:
    """Write DOC of BAG with its own evidence record, certificates and lists: it can be handed out alone."""
    done = extract_document(bag, document, output, force=force)
    say(
        message(
            "cli.certificates-lists-check-agreegen-verify-evidenc",
            document=done.document,
            name=done.record.name,
            certificates=done.certificates,
            crls=done.crls,
            record=done.record,
            output=output,
        )
    )


@click.command("status")
@_bags
@click.option(
    "--within", "days", type=click.IntRange(min=0), default=180, show_default=True, help="cli.days-look-ahead"
)
@policy_option
@json_option
def status_command(bags: tuple[Path, ...], days: int, policy: Path | None, as_json: bool) -> int:
    """Say what the proof of each BAG rests on and what ends first; exit 1 where something is due."""
    endings = list_endings(bags, within=timedelta(days=days), policy=policy)
    due = sum(is_due for _, is_due in endings)
    if as_json:
        print_json({"endings": [ending.to_dict() for ending, _ in endings], "due": due})
    else:
        rows = [_row(ending, is_due=is_due) for ending, is_due in endings]
        print_table(("bag", "kind", "what", "ends", ""), rows)
    return ExitCode.NEGATIVE if due else ExitCode.DONE


def _row(ending: Ending, *, is_due: bool) -> tuple[object, ...]:
    day = f"{ending.ends:%Y-%m-%d}" if ending.ends else ""
    return (
        ending.bag,
        message(f"cli.ending.{ending.kind}"),
        ending.what,
        day,
        message("cli.due") if is_due else "",
    )
