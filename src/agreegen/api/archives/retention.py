"""How long bags are kept, and their destruction by two people, recorded."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import RegisterAccess
from agreegen.clock import read_clock
from agreegen.errors import UsageError
from agreegen.messages import message
from agreegen.model.retention import Retention
from agreegen.pki.signer_pin import SignerPin
from agreegen.recording.ledger.access import LedgerAccess, open_ledger_writer
from agreegen.recording.ledger.clock import office_day
from agreegen.recording.recorder import Recorder
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.verification.interface import Options

if TYPE_CHECKING:
    from agreegen.archive.retention.destroying import Destruction as Destruction
    from agreegen.archive.retention.periods import BagAge as BagAge

__all__ = ["Retention", "destroy_bag", "job_bags", "list_ages", "read_retention"]


def read_retention(text: str) -> Retention:
    """Read a number of years, or `permanent`.

    Raises:
        UsageError: It is neither.
    """
    try:
        return Retention.parse(text)
    except ValueError as exc:
        raise UsageError(message("api.retention-expected", text=text)) from exc


def job_bags(job: Path, forms: Path | None = None) -> tuple[Path, Retention | None]:
    """Return where a job keeps its bags, and how long.

    Raises:
        InputError: The job cannot be read.
        UsageError: It makes no bags.
    """
    from agreegen.batch.job.job_file import read_job  # noqa: PLC0415 - takes long to load

    read = read_job(job, forms_folder=forms)
    if read.archive is None:
        raise UsageError(message("api.job-makes-no-bags", path=job))
    return read.archive.bags, read.archive.retention or read.form.retention


def list_ages(
    paths: Sequence[Path],
    *,
    retention: Retention | None = None,
    trust: Trust | None = None,
    signer: SignerPin | None = None,
    now: datetime | None = None,
) -> list[BagAge]:
    """Say of every bag at some paths and below how long it is kept, and whether that is over.

    Of bags that were destroyed the record is judged: its signatures must be right, and with anchors valid.

    Args:
        paths: Bags, or folders that hold some.
        retention: How long all of them are kept; None for what each bag says itself.
        trust: Anchors for the records of destructions.
        signer: Who must have signed those; None for any person whom the anchors trust.
        now: Aware UTC time; None for the clock.

    Raises:
        OSError: A folder cannot be read.
        ArchiveError: The record of a destruction is damaged.
    """
    from agreegen.archive.retention.periods import ages_below  # noqa: PLC0415 - takes long to load

    now, trust = now or read_clock(), trust or Trust()
    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    return list(ages_below(paths, office_day(now), options, retention, signer))


def destroy_bag(
    bag: Path,
    *,
    approved_by: str,
    witness: str,
    reason: str,
    by: str,
    confirm: str | None = None,
    credential: Credential | None = None,
    trust: Trust | None = None,
    tsa: Sequence[TimestampServer] = (),
    register: RegisterAccess | None = None,
    ledger: LedgerAccess | None = None,
    retention: Retention | None = None,
    before_due: bool = False,
    now: datetime | None = None,
) -> Destruction:
    """Destroy a bag whose period of retention is over; without `confirm`, say what that would do.

    Order and completion, both signed, stay in `BAG.destroyed/`; register and ledger record it. A call that
    was interrupted is made once more, just so.

    Args:
        bag: The bag's folder.
        approved_by: Who approved it.
        witness: Who watches; somebody else.
        reason: Why.
        by: Who does it; for the ledger, a third person.
        confirm: The code that the dry run gave.
        credential: Who signs order and completion; needed with `confirm`.
        trust: Anchors for the check before signing.
        tsa: Timestamp services for both signatures.
        register: The register whose documents the bag holds: their own files and scans go, too.
        ledger: The office's ledger, where the destruction is entered.
        retention: How long the bag is kept; None for what it says itself.
        before_due: Destroy it before that is over.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: Both people are one, the code is another one, the bag is kept longer, or is gone already.
        ComplaintsError: The ledger refuses the entry; nothing was destroyed.
        ArchiveError: A file cannot be read or removed.
        RegisterError: Register or ledger cannot be written.
        SigningError: The order or the completion could not be signed.
    """
    from agreegen.archive.retention import destroying, planning  # noqa: PLC0415 - takes long to load

    now = now or read_clock()
    wish = planning.Wish(
        bag=bag,
        approved_by=approved_by,
        witness=witness,
        by=by,
        reason=reason,
        today=office_day(now),
        tells=tuple(compress(("register", "ledger"), (register, ledger))),
        retention=retention,
        before_due=before_due,
    )
    ledger_writer = None if ledger is None else partial(open_ledger_writer, ledger, now=now)
    recorder = None if register is None else partial(_recorder_of, register, credential, now)
    register_file = None if register is None else register.file
    destroyer = destroying.Destroyer(
        credential, now, trust or Trust(), tuple(tsa), register_file, recorder, ledger_writer
    )
    return destroying.destroy_bag(wish, destroyer, confirm=confirm)


def _recorder_of(
    register: RegisterAccess, credential: Credential | None, now: datetime
) -> AbstractContextManager[Recorder]:
    from agreegen.batch.job.register_signers import recorder_beside  # noqa: PLC0415 - takes long to load

    assert credential is not None  # nothing is recorded without one
    return recorder_beside(
        register.file, credential, register.credential, now=now, prompt=register.prompt, tell=register.tell
    )
