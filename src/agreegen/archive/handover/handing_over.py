"""Handing a bag over: its transfer list, signed by the sender, in a folder beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from agreegen.archive.handover.listing import make_list
from agreegen.archive.handover.table import write_list_table
from agreegen.archive.handover.transfer_list import LIST_NAME, TransferList
from agreegen.archive.structure import require_whole
from agreegen.errors import ArchiveError, UsageError
from agreegen.files import refuse_existing, sync_folder, write_atomically
from agreegen.messages import message
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.detached import sign_detached
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.temporary import OwnFolder

RECEIPT_NAME = "receipt.json"
SIGNATURE_SUFFIX = ".p7s"
TABLE_NAME = "transfer-list.xlsx"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who hands over, and to whom.

    Attributes:
        sender: The unit that hands over (移交单位).
        receiver: The unit that takes over (接收单位).
        by: Who makes the list (填表人).
        credential: Who signs it.
        now: Aware UTC time.
        day: The office's day.
        trust: Anchors for the check before signing.
        tsa: Timestamp services for the signature, tried in order.
    """

    sender: str
    receiver: str
    by: str
    credential: Credential
    now: datetime
    day: date
    trust: Trust
    tsa: tuple[TimestampServer, ...] = ()


def transfer_folder(bag: Path) -> Path:
    """Return the folder beside a bag that holds its transfer list and receipt."""
    return bag.with_name(f"{bag.name}.transfer")


def hand_over(bag: Path, sender: Sender, *, force: bool = False) -> TransferList:
    """Write the signed transfer list of a bag, whole or not at all.

    1. The bag's files are compared with its manifests: only a whole bag is handed over.
    2. The list, its table for people, and the signature over the list go into `BAG.transfer/`.

    Raises:
        UsageError: There is a list already and `force` is false, or the bag was received already.
        ArchiveError: The bag is not whole, or the disk cannot be written.
        SigningError: The list could not be signed or timestamped.
    """
    folder = transfer_folder(bag)
    refuse_existing(folder, force=force)
    if (folder / RECEIPT_NAME).exists():
        raise UsageError(
            message("archive.received-already", bag=bag), hint=message("archive.received-already.hint")
        )
    check_credential(sender.credential, sender.trust, sender.now)
    try:
        contents = require_whole(bag)
        listed = make_list(
            bag,
            contents.right_payload,
            sender=sender.sender,
            receiver=sender.receiver,
            day=sender.day,
            by=sender.by,
        )
        data = listed.to_json()
        signature = sign_detached(data, sender.credential, sender.now, sender.tsa, trust=sender.trust)
        _write(folder, listed, data, signature)
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-written", bag=folder, exc=exc),
            hint=message("archive.check-disk-permissions"),
        ) from exc
    return listed


def _write(folder: Path, listed: TransferList, data: bytes, signature: bytes) -> None:
    with OwnFolder(folder.parent, folder.name) as draft:
        write_atomically(draft / LIST_NAME, data, mode=0o600)
        write_atomically(draft / f"{LIST_NAME}{SIGNATURE_SUFFIX}", signature)
        write_list_table(draft / TABLE_NAME, listed)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
        sync_folder(folder.parent)
