"""`register add-paper`, `retract` and `accept`: documents that were signed with a pen."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from agreegen.batch.job.register_signers import recorder_for
from agreegen.batch.paper.by_hand import add_paper, find_document
from agreegen.cli.options import existing_file, read_now
from agreegen.cli.output import prompt_secret, say
from agreegen.cli.register.options import (
    by_option,
    document_option,
    register_option,
    require_one_document,
    signer_credential_option,
    staff_no_option,
    yes_option,
)
from agreegen.register.interface import Event, EventDraft, EventKind
from agreegen.register.store import Register


@click.command("add-paper")
@register_option
@document_option
@staff_no_option
@click.option("--scan", required=True, type=existing_file, help="The scan: PDF, PNG, JPEG or TIFF.")
@by_option
@signer_credential_option
def add_paper_command(
    register_file: Path,
    document_id: str | None,
    staff_no: str | None,
    scan: Path,
    by: str | None,
    credential_file: Path | None,
) -> None:
    """Record the scan of a document signed on paper; it is copied into scans/ beside the register."""
    require_one_document(document_id, staff_no)
    now = read_now()
    with recorder_for(register_file, credential_file, now=now, prompt=prompt_secret, tell=say) as recorder:
        row = find_document(recorder.register, document_id=document_id, staff_no=staff_no)
        record = add_paper(recorder, row, scan, by=by or account_name(), now=now)
    say(f"{record.document_id}: {', '.join(record.roles)} signed on paper, kept as {record.scans[0].path}")


@click.command("retract")
@register_option
@document_option
@staff_no_option
@click.option("--reason", required=True, help="Why the record was wrong.")
@by_option
@signer_credential_option
def retract_command(
    register_file: Path,
    document_id: str | None,
    staff_no: str | None,
    reason: str,
    by: str | None,
    credential_file: Path | None,
) -> None:
    """Take the record of a scan back; record and retraction are both kept."""
    require_one_document(document_id, staff_no)
    now = read_now()
    with recorder_for(register_file, credential_file, now=now, prompt=prompt_secret, tell=say) as recorder:
        row = find_document(recorder.register, document_id=document_id, staff_no=staff_no)
        recorder.retract(row.registration.id, reason=reason, by=by or account_name(), now=now)
    say(f"{row.registration.id}: the record of its scan was taken back")


@click.command("accept")
@register_option
@by_option
@signer_credential_option
@yes_option
def accept_command(register_file: Path, by: str | None, credential_file: Path | None, yes: bool) -> None:
    """Answer for scans that an earlier version recorded and nobody signed for; they are listed first."""
    found = _unsigned_scans(register_file)
    if not found:
        say(f"{register_file}: there is nothing to accept")
        return
    if not yes:
        question = f"Have you looked at these {len(found)} scans, and are they in order?"
        click.confirm(question, abort=True, err=True)
    now, answers = read_now(), by or account_name()
    with recorder_for(
        register_file, credential_file, now=now, prompt=prompt_secret, tell=say, paper_accepted=True
    ) as recorder:
        facts = {"from": found[0].seq, "to": found[-1].seq, "by": answers}
        recorder.record([EventDraft(EventKind.ACCEPTED, details=facts)], now=now)
    say(f"{register_file}: {len(found)} scans accepted by {answers}")


def _unsigned_scans(register_file: Path) -> list[Event]:
    """Return the scans that no signed head covers, and say which they are."""
    with Register.open(register_file, read_only=True) as register:
        head = register.last_head()
        behind = 0 if head is None else head.count
        found = [each for each in register.events(after=behind) if each.kind is EventKind.PAPER]
        for event in found:
            row = register.document(event.document_id)
            known = "" if row is None else f"{row.registration.staff_no or ''} {row.registration.name}"
            say(f"event {event.seq}: a scan of document {event.document_id} {known}".rstrip())
    return found


def account_name() -> str:
    """Return the name of the account that runs this program."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
