"""`register add-paper`, `retract` and `accept`: documents that were signed with a pen."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.access import RegisterAccess
from agreegen.api.recording import accept_evidence, add_paper, retract, unsigned_evidence
from agreegen.cli.options import account_name, existing_file
from agreegen.cli.output import prompt_secret, say
from agreegen.cli.register.options import (
    by_option,
    document_option,
    register_option,
    roles_in_words,
    signer_credential_option,
    staff_no_option,
    yes_option,
)
from agreegen.messages import message, translate


@click.command("add-paper")
@register_option
@document_option
@staff_no_option
@click.option("--scan", required=True, type=existing_file, help="cli.scan-pdf-png-jpeg-or-tiff")
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
    record = add_paper(
        RegisterAccess(register_file, credential_file, prompt_secret, say),
        scan,
        document_id=document_id,
        staff_no=staff_no,
        by=by or account_name(),
    )
    say(
        message(
            "cli.signed-on-paper-kept",
            document_id=record.document_id,
            roles=roles_in_words(register_file, record.document_id, record.roles),
            path=record.scans[0].path,
        )
    )


@click.command("retract")
@register_option
@document_option
@staff_no_option
@click.option("--reason", required=True, help="cli.why-record-was-wrong")
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
    row = retract(
        RegisterAccess(register_file, credential_file, prompt_secret, say),
        document_id=document_id,
        staff_no=staff_no,
        reason=reason,
        by=by or account_name(),
    )
    say(message("cli.record-its-scan-was-taken-back", id=row.registration.id))


@click.command("accept")
@register_option
@by_option
@signer_credential_option
@yes_option
def accept_command(register_file: Path, by: str | None, credential_file: Path | None, yes: bool) -> None:
    """Answer for scans and signatures that an earlier version left under no head; they are listed first."""
    found = unsigned_evidence(register_file)
    for event, row in found:
        known = "" if row is None else f"{row.registration.staff_no or ''} {row.registration.name}"
        (role,) = roles_in_words(register_file, event.document_id or "", [event.role or ""])
        what = message("cli.a-scan") if event.role is None else message("cli.a-signature", role=role)
        say(
            message(
                "cli.event-document", seq=event.seq, what=what, document_id=event.document_id, known=known
            )
        )
    if not found:
        say(message("cli.nothing-accept", register_file=register_file))
        return
    if not yes:
        question = message("cli.have-you-looked-these-records-they", count=len(found))
        click.confirm(translate(question), abort=True, err=True)
    answers = by or account_name()
    access = RegisterAccess(register_file, credential_file, prompt_secret, say)
    accept_evidence(access, [event for event, _ in found], by=answers)
    say(message("cli.records-accepted", register_file=register_file, count=len(found), answers=answers))
