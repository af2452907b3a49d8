"""`register add-paper` and `register retract`: documents that were signed with a pen."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.batch.signers import recorder_for
from agreegen.cli.options import existing_file, read_now
from agreegen.cli.output import prompt_secret, say
from agreegen.cli.register.options import register_option, signer_credential_option
from agreegen.errors import InputError
from agreegen.files import sha256_of_file
from agreegen.register.interface import ANY_ROLE, ScanFile
from agreegen.register.paper import PaperRecord


@click.command("add-paper")
@register_option
@click.option("--scan", required=True, type=existing_file, help="The scan of the signed paper.")
@click.option("--document", "document_id", required=True, metavar="ID", help="The document that was printed.")
@signer_credential_option
def add_paper_command(
    register_file: Path, scan: Path, document_id: str, credential_file: Path | None
) -> None:
    """Record the scan of a document that was signed on paper."""
    now = read_now()
    with recorder_for(register_file, credential_file, now=now, prompt=prompt_secret, tell=say) as recorder:
        if recorder.register.document(document_id) is None:
            raise InputError(
                f"{register_file}: no document {document_id}",
                hint="see: agreegen register list --register FILE",
            )
        scans = (ScanFile(_relative(scan, register_file.parent), sha256_of_file(scan), 1),)
        recorder.record_paper([PaperRecord(document_id, (ANY_ROLE,), scans, "")], now=now)
    say(f"{document_id}: signed on paper, scan {scan} recorded")


@click.command("retract")
@register_option
@click.option("--document", "document_id", required=True, metavar="ID", help="The document.")
@click.option("--reason", required=True, help="Why the record was wrong.")
@signer_credential_option
def retract_command(register_file: Path, document_id: str, reason: str, credential_file: Path | None) -> None:
    """Take the record of a scan back; record and retraction are both kept."""
    now = read_now()
    with recorder_for(register_file, credential_file, now=now, prompt=prompt_secret, tell=say) as recorder:
        recorder.retract(document_id, reason=reason, by="", now=now)
    say(f"{document_id}: the record of its scan was taken back")


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.resolve().as_posix()
