"""`register list` and `register export`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from agreegen.api.forms import role_label
from agreegen.api.registers import (
    DocumentRow,
    DocumentState,
    Register,
    describe_document,
    export_register,
    open_register,
)
from agreegen.cli.options import any_path, force_option, json_option
from agreegen.cli.output import print_json_list, print_long_table, say
from agreegen.cli.register.options import register_option
from agreegen.files import refuse_existing
from agreegen.messages import message

_SIGNED = "signed"
_COLUMNS = ("staff_no", "name", "unit", "state", "signed", "path", "document id", "superseded_by")
_STATES = (*(state.value for state in DocumentState), _SIGNED)


@click.command("list")
@register_option
@click.option("--state", type=click.Choice(_STATES), help="cli.only-documents-state-or-signed-ones")
@click.option("--replaced", is_flag=True, help="cli.only-documents-another-one-replaced")
@json_option
def list_command(register_file: Path, state: str | None, replaced: bool, as_json: bool) -> None:
    """List the documents; ID numbers are not shown."""
    wanted = DocumentState.REPLACED.value if replaced else state
    with open_register(register_file) as register:
        documents = _select(register, wanted)
        if as_json:
            print_json_list(describe_document(document) for document in documents)
        else:
            print_long_table(_COLUMNS, map(_row, documents))


def _row(document: DocumentRow) -> list[object]:
    known = document.registration
    signed = [
        message(
            "cli.role-and-how", role=role_label(known.form_id, role), how=message(f"cli.how.{each.how.value}")
        )
        for role, each in document.fulfilled.items()
    ]
    who = (known.staff_no or "", known.name, known.unit or "")
    return [*who, document.state, signed, known.path, known.id, document.superseded_by or ""]


@click.command("export")
@register_option
@click.option("-o", "--output", required=True, type=any_path, help="cli.csv-or-xlsx-file")
@click.option("--omit-ids", is_flag=True, help="cli.leave-id-numbers-out")
@force_option
def export_command(register_file: Path, output: Path, omit_ids: bool, force: bool) -> None:
    """Write the documents as CSV or XLSX (mode 0600: it holds ID numbers unless --omit-ids)."""
    refuse_existing(output, force=force)
    count = export_register(register_file, output, omit_ids=omit_ids)
    say(message("cli.documents-written", path=output, count=count))


def _select(register: Register, state: str | None) -> Iterator[DocumentRow]:
    if state == _SIGNED:
        return (row for row in register.documents(by_path=True) if row.in_force and row.fulfilled)
    return register.documents(state=None if state is None else DocumentState(state), by_path=True)
