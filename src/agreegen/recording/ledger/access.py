"""Opening a ledger to write to it, with whoever signs its heads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.chain.lock import WAIT_S, lock_folder
from agreegen.errors import RegisterError
from agreegen.ledger.interface import Note, OwnKind
from agreegen.ledger.store import Ledger
from agreegen.messages import Message, message
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.recording.ledger.clock import office_day
from agreegen.recording.ledger.writer import LedgerWriter
from agreegen.recording.signer import CredentialSigner
from agreegen.recording.standing import require_signer, require_unchanged
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Prompt, Trust


@dataclass(frozen=True, slots=True)
class LedgerAccess:
    """A ledger that is written to, and who writes.

    Attributes:
        file: The ledger.
        credential: Credential file of who signs its heads; None for the one that the ledger remembers.
        by: Who makes the entry.
        prompt: Asks for secrets that must be typed in; None where nobody can be asked.
        tell: Told once where another command writes and this one waits.
        trust: Anchors; with them a renewed certificate of the same names goes on.
    """

    file: Path
    credential: Path | None
    by: str
    prompt: Prompt | None = None
    tell: Callable[[Message], None] | None = None
    trust: Trust = field(default_factory=Trust)


@contextlib.contextmanager
def open_ledger_writer(
    access: LedgerAccess, *, now: datetime, office: str | None = None
) -> Iterator[LedgerWriter]:
    """Lock the folder of a ledger, open it and give what records in it.

    Args:
        access: The ledger, and who writes.
        now: Aware UTC time.
        office: Whose ledger it is; given where one may be begun that is not there.

    Raises:
        RegisterError: Nobody is there to sign, another signer answers for it, or it cannot be written.
        CredentialError: The credential cannot be used. Nothing was written in any case.
    """
    path = credential_file_of(access, may_begin=office is not None)
    with load_credential(path, prompt=access.prompt) as credential:
        check_credential(credential, access.trust, now)
        with (
            lock_folder(access.file.parent, tell=access.tell, wait_s=WAIT_S),
            _opened(access, credential, path, now, office) as writer,
        ):
            yield writer


def credential_facts(ledger_file: Path, credential_file: Path) -> dict[str, str]:
    """Return how a ledger remembers a credential: beside itself, so that both may move, and where it was."""
    absolute = credential_file.resolve()
    beside = os.path.relpath(absolute, ledger_file.resolve().parent)
    return {"credential": beside, "credential_path": str(absolute)}


def credential_file_of(access: LedgerAccess, *, may_begin: bool = False) -> Path:
    """Return the credential file that signs: the one that is named, else the one that the ledger remembers.

    Raises:
        RegisterError: There is no ledger, or no such file.
    """
    if access.credential is not None:
        return access.credential
    if may_begin and not access.file.is_file():
        raise RegisterError(
            message("ledger.none-and-no-signer", path=access.file), hint=message("ledger.give-credential")
        )
    with Ledger.open(access.file, read_only=True) as ledger:
        facts = ledger.opening
    beside = access.file.resolve().parent / str(facts.get("credential", ""))
    for path in (beside, Path(str(facts.get("credential_path", "")))):
        if path.is_file():
            return path
    raise RegisterError(
        message("ledger.credential-gone", path=access.file, credential=beside),
        hint=message("ledger.give-credential"),
    )


@contextlib.contextmanager
def _opened(
    access: LedgerAccess, credential: Credential, credential_file: Path, now: datetime, office: str | None
) -> Iterator[LedgerWriter]:
    begun = not access.file.is_file() and office is not None
    if begun:
        Ledger.create(access.file, now)
    signer = CredentialSigner(credential, now)
    try:
        with Ledger.open(access.file) as ledger:
            own = () if credential.sm2_signer_id is None else (credential.sm2_signer_id,)
            require_signer(ledger, signer.identity, trust=access.trust, sm2_ids=(SM2_DEFAULT_ID, *own))
            require_unchanged(ledger)
            writer = LedgerWriter(ledger, signer, access.by, office_day(now), now)
            if ledger.event_count == 0 and office is not None:
                facts = {"office": office, "by": access.by, **credential_facts(access.file, credential_file)}
                writer.begin(Note(OwnKind.OPENED, writer.today, facts))
            _require_covered(ledger)
            yield writer
    except BaseException:
        if begun:
            _take_back(access.file)
        raise


def _require_covered(ledger: Ledger) -> None:
    """Refuse to sign what somebody put behind the last head: no command of ours leaves that."""
    head = ledger.last_head()
    if ledger.event_count > (0 if head is None else head.count + 1):
        raise RegisterError(
            message("ledger.unsigned-tail", path=ledger.path), hint=message("ledger.run-verify")
        )


def _take_back(path: Path) -> None:
    """Remove a ledger that was begun and holds nothing but its beginning."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
