"""Registers: what was made for whom, who signed it, and whether the record is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import RegisterAccess
from agreegen.api.register_heads import ChainVerdict, judge_audit
from agreegen.clock import read_clock
from agreegen.errors import UsageError
from agreegen.messages import message
from agreegen.pki.signer_pin import SignerPin
from agreegen.recording.known_heads import read_known
from agreegen.register.coverage import CoverageState
from agreegen.register.interface import DocumentRow, DocumentState
from agreegen.register.store import Register
from agreegen.reports.coverage import Coverage, CoveragePerson, CoverageTotals
from agreegen.reports.unsigned_list import UnsignedList
from agreegen.signing.interface import Trust

if TYPE_CHECKING:
    from agreegen.recording.recorder import Recorder

__all__ = [
    "Coverage",
    "CoveragePerson",
    "CoverageState",
    "CoverageTotals",
    "DocumentRow",
    "DocumentState",
    "Register",
    "RegisterVerdict",
    "UnsignedList",
    "describe_document",
    "export_register",
    "open_register",
    "register_coverage",
    "register_signer",
    "verify_register",
]

_DEFAULT_FORM = "personal-pledge"


def register_signer(register_file: Path) -> Path | None:
    """Return the credential file of who signs a register: the one that its job names.

    Raises:
        RegisterError: It remembers no job, or one that cannot be read.
    """
    from agreegen.batch.job.register_signers import remembered_signer  # noqa: PLC0415 - takes long to load

    return remembered_signer(register_file)


@contextlib.contextmanager
def open_register(path: Path, *, at: datetime | None = None) -> Iterator[Register]:
    """Open a register to read it, as it is or as it was: documents, scans, events, heads.

    Args:
        path: The file, `register.db`.
        at: A moment, aware; None for now.

    Raises:
        RegisterError: There is none, it is none, it is damaged, or from a newer version.
    """
    with Register.open(path, read_only=True) as register:
        if at is not None:
            register.show_at(at)
        yield register


@contextlib.contextmanager
def register_coverage(
    registers: Sequence[Path],
    roster: Path,
    *,
    form_id: str | None = None,
    at: datetime | None = None,
    forms: Path | None = None,
) -> Iterator[Coverage]:
    """Compare a roster with registers: who has signed, how, and who has not.

    Args:
        registers: The registers.
        roster: The people who must have signed.
        form_id: The form; None for that of the first document that is there, else the pledge.
        at: A moment, aware; None for now.
        forms: Folder of forms; None for the usual ones.

    Raises:
        InputError: The roster or the form cannot be read.
        RegisterError: A register cannot be read.
    """
    from agreegen.batch.planning.mended_rows import MendedRows  # noqa: PLC0415 - planning takes long to load
    from agreegen.forms.catalog import find_form, forms_folder  # noqa: PLC0415 - only for a roster
    from agreegen.rosters.roster import open_roster  # noqa: PLC0415 - only for a roster

    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(open_register(path)) for path in registers]
        form = find_form(form_id or _form_of(opened), forms_folder(forms))
        if at is not None:
            for register in opened:
                register.show_at(at)
        rows = open_roster(roster, form.asking_only_whom())
        yield Coverage(MendedRows(form, opened, rows), opened, form)


def _form_of(registers: Sequence[Register]) -> str:
    known = (document.registration.form_id for register in registers for document in register.documents())
    return next(known, _DEFAULT_FORM)


def export_register(path: Path, output: Path, *, omit_ids: bool = False) -> int:
    """Write the documents of a register as CSV or XLSX (mode 0600); return their number.

    Raises:
        UsageError: The output's name ends in neither `.csv` nor `.xlsx`.
        RegisterError: The register cannot be read.
        OSError: The output cannot be written.
    """
    from agreegen.api.forms import form_title, role_label  # noqa: PLC0415 - only to export
    from agreegen.register.export import export_csv, export_xlsx  # noqa: PLC0415 - only to export

    kind = output.suffix.lower()
    if kind not in {".csv", ".xlsx"}:
        raise UsageError(message("api.name-must-end-csv-or-xlsx", output=output))
    with open_register(path) as register:
        if kind == ".csv":
            return export_csv(register.documents(by_path=True), output, omit_ids=omit_ids, for_people=True)
        documents = register.documents(by_path=True)
        return export_xlsx(documents, output, omit_ids=omit_ids, role_label=role_label, form_title=form_title)


def describe_document(document: DocumentRow) -> dict[str, object]:
    """Return one of the objects of `register list --json`; ID numbers are not in it."""
    known = document.registration
    return {
        "id": known.id,
        "form": known.form_id,
        "version": known.form_version,
        "staff_no": known.staff_no,
        "name": known.name,
        "unit": known.unit,
        "state": document.state.value,
        "signed": ", ".join(f"{role}: {each.how.value}" for role, each in document.fulfilled.items()),
        "roles": [{"role": role, **each.to_dict()} for role, each in document.fulfilled.items()],
        "path": known.path,
        "sha256": document.sha256,
        "superseded_by": document.superseded_by,
        "printed": document.printed_at,
        "timestamp_pending": document.pending,
        "bag": document.bag,
    }


RegisterVerdict = ChainVerdict
"""What was found about a register."""


def verify_register(
    path: Path,
    *,
    files: Path | None = None,
    trust: Trust | None = None,
    signer: SignerPin | None = None,
    known: Sequence[str] = (),
    policy: Path | None = None,
    jobs: int = 1,
    now: datetime | None = None,
) -> RegisterVerdict:
    """Find any changed, missing, reordered or cut-off row, and any file that differs or is another's.

    Args:
        path: The register.
        files: Folder of the files; None for the register's own.
        trust: Anchors that the signers of heads must chain to; with anchors, a register that nobody has
            signed is a problem, else a warning.
        signer: Whose signature the last head must carry; None for anybody whom the anchors trust.
        known: Heads from elsewhere that must stand in the chain: bags, their heads, codes from paper.
        policy: Validation policy (YAML); None for the built-in one.
        jobs: Number of processes that read documents.
        now: Time of the verification, aware UTC; None for the clock.

    Raises:
        RegisterError: There is no file to judge.
        InputError: A known head or the policy cannot be read.
    """
    from agreegen.api.register_heads import head_judge  # noqa: PLC0415 - judging takes long to load
    from agreegen.recording.own_documents import examine_file  # noqa: PLC0415 - the same
    from agreegen.register.audit.service import verify_register as audit_register  # noqa: PLC0415 - the same

    anchors, heads = trust or Trust(), read_known(known)
    audit = audit_register(
        path,
        files_root=files or path.parent,
        known_heads=heads.heads,
        known_codes=heads.codes,
        judge_head=head_judge(anchors, now or read_clock(), policy=policy),
        examine_file=examine_file,
        jobs=jobs,
    )
    return judge_audit(path, audit, "register", strict=bool(anchors.anchors_der), pin=signer)


def open_to_write(
    access: RegisterAccess, now: datetime, *, accepted: bool = False
) -> contextlib.AbstractContextManager[Recorder]:
    """Open a register to record in it.

    Raises:
        RegisterError: It cannot be written, or nobody signs it.
        CredentialError: Its signer's credential cannot be used.
    """
    from agreegen.batch.job.register_signers import recorder_for  # noqa: PLC0415 - signing takes long to load

    return recorder_for(
        access.file,
        access.credential,
        now=now,
        prompt=access.prompt,
        tell=access.tell,
        accepted=accepted,
    )
