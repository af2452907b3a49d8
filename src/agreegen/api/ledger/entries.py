"""The office's ledger: entries, who holds what, what is due, whether it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from agreegen.api.ledger.access import Entered, fitting, read_register, writing
from agreegen.api.register_heads import ChainVerdict, head_judge, judge_audit
from agreegen.clock import read_clock
from agreegen.errors import RegisterError, UsageError
from agreegen.ledger.audit import verify_ledger as audit_ledger
from agreegen.ledger.holdings import Copy, Holdings, Refused
from agreegen.ledger.interface import Item, Kind, Label, Medium, Movement, Note, OwnKind
from agreegen.ledger.overdue import Reminder, find_due
from agreegen.ledger.store import Content, Ledger
from agreegen.ledger.timeline import replay
from agreegen.ledger.words import name_of, read_word
from agreegen.messages import message
from agreegen.model.complaint import Complaint, ComplaintsError, Location
from agreegen.pki.signer_pin import SignerPin
from agreegen.recording.known_heads import read_known
from agreegen.recording.ledger.access import (
    LedgerAccess,
    credential_facts,
    credential_file_of,
    open_ledger_writer,
)
from agreegen.recording.ledger.clock import office_day
from agreegen.recording.ledger.drafting import Drafter
from agreegen.recording.ledger.workbook import read_entries, read_fields, settle_or_complain
from agreegen.recording.signer import CredentialSigner, accept_succession
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Trust
from agreegen.values.dates import parse_date
from agreegen.values.problem import ValueProblem

__all__ = [
    "Copy",
    "Entered",
    "Holdings",
    "Item",
    "Kind",
    "Label",
    "Ledger",
    "LedgerAccess",
    "Medium",
    "Movement",
    "Note",
    "OwnKind",
    "Reminder",
    "add_entry",
    "begin_ledger",
    "change_ledger_signer",
    "find_word",
    "import_entries",
    "ledger_content",
    "ledger_credential",
    "ledger_due",
    "ledger_holdings",
    "office_day",
    "open_ledger",
    "read_day",
    "verify_ledger",
    "word_of",
]


find_word = read_word
"""Returns the code that a text means in a group of words (kinds, labels, media, grades), or None."""
word_of = name_of
"""Returns what people call a code of a group."""
ledger_credential = credential_file_of
"""Returns the credential file that signs: the one that is named, else the one that the ledger remembers."""


def read_day(text: str) -> date:
    """Read a day in the shapes in which offices write it.

    Raises:
        UsageError: It is none.
    """
    try:
        return parse_date(text)
    except ValueProblem as exc:
        raise UsageError(exc.problem, hint=exc.remedy) from exc


@contextlib.contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open a ledger to read it.

    Raises:
        RegisterError: There is none, it is none, it is damaged, or from a newer version.
    """
    with Ledger.open(path, read_only=True) as ledger:
        yield ledger


def begin_ledger(access: LedgerAccess, office: str, *, now: datetime | None = None) -> Entered:
    """Begin a ledger; the credential must be named.

    Raises:
        RegisterError: There is one of that name already, or it cannot be written.
        CredentialError: The credential cannot be used; nothing was written.
    """
    if access.file.exists():
        raise RegisterError(message("ledger.there-already", path=access.file))
    with open_ledger_writer(access, now=now or read_clock(), office=office) as writer:
        return Entered(writer.notes([]))


def add_entry(
    access: LedgerAccess,
    values: Mapping[str, str | date],
    *,
    register: Path | None = None,
    office: str = "",
    now: datetime | None = None,
) -> Entered:
    """Make one entry about copies.

    Args:
        access: The ledger, and who writes.
        values: Field → what stands there (docs/ledger.md names them); fields that are empty are left out.
        register: Where a document that is named as signature must stand; None for not asking.
        office: Whose ledger it is, where it is begun with this entry.
        now: Aware UTC time; None for the clock.

    Raises:
        ComplaintsError: Something is wrong with it, each at its field; nothing was entered.
        RegisterError: Nobody is there to sign, or the ledger cannot be written; nothing was.
        CredentialError: The credential cannot be used; nothing was written.
    """
    with read_register(register) as known, writing(access, now, office) as writer:
        drafter = Drafter(writer.holdings().items, writer.today, register=known)
        try:
            wish = drafter.draft(read_fields(values))
        except Refused as exc:
            complaint = Complaint(Location(field=exc.field), exc.problem, exc.remedy)
            raise ComplaintsError(
                message("ledger.nothing-entered", path=access.file, count=1),
                [complaint],
                hint=message("ledger.nothing-entered.hint"),
            ) from exc
        settled = settle_or_complain(writer, wish)
        return Entered(writer.record(settled), settled.movements)


def import_entries(
    access: LedgerAccess,
    workbook: Path,
    *,
    register: Path | None = None,
    office: str = "",
    now: datetime | None = None,
) -> Entered:
    """Enter everything that a workbook lists, or nothing.

    Raises:
        ComplaintsError: Something is wrong; every complaint at once, by cell. Nothing was entered.
        InputError: The workbook cannot be read.
        RegisterError: Nobody is there to sign, or the ledger cannot be written; nothing was.
        CredentialError: The credential cannot be used; nothing was written.
    """
    with read_register(register) as known, writing(access, now, office) as writer:
        settled = read_entries(writer, workbook, known)
        return Entered(writer.record(settled), settled.movements)


def ledger_content(path: Path) -> Content:
    """Return all entries of a ledger, in the order of the chain.

    Raises:
        RegisterError: It cannot be read, or an entry is damaged.
    """
    with open_ledger(path) as ledger:
        return ledger.content()


def ledger_holdings(path: Path, *, at: date | None = None) -> Holdings:
    """Return who holds which copy, on a day or after all entries.

    Raises:
        RegisterError: It cannot be read, or the entries do not fit each other.
    """
    content = ledger_content(path)
    with fitting(path):
        return replay(content.movements, content.left, until=at)


def ledger_due(
    path: Path, *, at: date | None = None, within_days: int = 30, now: datetime | None = None
) -> list[Reminder]:
    """Return what is overdue, and what falls due soon: copies, periods after leaving, the yearly inspection.

    Raises:
        RegisterError: It cannot be read, or the entries do not fit each other.
    """
    with fitting(path):
        return find_due(ledger_content(path), at or office_day(now or read_clock()), within_days)


def change_ledger_signer(access: LedgerAccess, successor: Path, *, now: datetime | None = None) -> Entered:
    """Name another credential that signs the ledger, under the signature of the present one.

    Raises:
        RegisterError: The ledger cannot be written; nothing was.
        CredentialError: A credential cannot be used; nothing was written.
    """
    now = now or read_clock()
    with (
        load_credential(successor, prompt=access.prompt) as credential,
        open_ledger_writer(access, now=now) as writer,
    ):
        office = str(writer.ledger.opening.get("office", ""))
        facts = {"office": office, **credential_facts(access.file, successor)}
        succession = accept_succession(writer.ledger, CredentialSigner(credential, now))
        return Entered(writer.hand_over(succession, Note(OwnKind.OPENED, writer.today, facts)))


def verify_ledger(
    path: Path,
    *,
    trust: Trust | None = None,
    signer: SignerPin | None = None,
    known: Sequence[str] = (),
    policy: Path | None = None,
    now: datetime | None = None,
) -> ChainVerdict:
    """Find any changed, missing, reordered or cut-off row, and entries that no command writes.

    Args:
        path: The ledger.
        trust: Anchors that the signers of heads must chain to.
        signer: Whose signature the last head must carry; None for anybody whom the anchors trust.
        known: Heads from elsewhere that must stand in the chain: bags of closings, heads, codes from paper.
        policy: Validation policy (YAML); None for the built-in one.
        now: Time of the verification, aware UTC; None for the clock.

    Raises:
        RegisterError: There is no file to judge.
        InputError: A known head or the policy cannot be read.
    """
    anchors, heads = trust or Trust(), read_known(known, "ledger")
    audit = audit_ledger(
        path,
        known_heads=heads.heads,
        known_codes=heads.codes,
        judge_head=head_judge(anchors, now or read_clock(), policy=policy),
    )
    return judge_audit(path, audit, "ledger", strict=True, pin=signer)
