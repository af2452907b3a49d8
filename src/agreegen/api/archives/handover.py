"""Bags that change hands: handed over with a signed transfer list (移交清单), received against it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.clock import read_clock
from agreegen.pki.signer_pin import SignerPin
from agreegen.recording.ledger.clock import office_day
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.verification.interface import Options

if TYPE_CHECKING:
    from agreegen.archive.handover.receipt import Received
    from agreegen.archive.handover.transfer_list import TransferList

__all__ = ["hand_over_bag", "receive_bag"]


def hand_over_bag(
    bag: Path,
    credential: Credential,
    *,
    sender: str,
    receiver: str,
    by: str,
    trust: Trust | None = None,
    tsa: Sequence[TimestampServer] = (),
    force: bool = False,
    now: datetime | None = None,
) -> TransferList:
    """Write the transfer list of a bag (移交清单) into `BAG.transfer/`, signed, and as a workbook for people.

    Args:
        bag: The bag's folder; it must be whole.
        credential: Who signs the list, from `load_credential`.
        sender: The unit that hands over (移交单位).
        receiver: The unit that takes over (接收单位).
        by: Who makes the list.
        trust: Anchors for the check before signing.
        tsa: Timestamp services for the signature, tried in order.
        force: Replace a list that is there already.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: There is a list already, or the bag was received already.
        ArchiveError: The bag is not whole, or the disk cannot be written.
        SigningError: The list could not be signed or timestamped.
    """
    from agreegen.archive.handover import handing_over  # noqa: PLC0415 - takes long to load

    now = now or read_clock()
    parties = handing_over.Sender(
        sender, receiver, by, credential, now, office_day(now), trust or Trust(), tuple(tsa)
    )
    return handing_over.hand_over(bag, parties, force=force)


def receive_bag(
    bag: Path,
    options: Options,
    *,
    by: str,
    store: Path | None = None,
    list_file: Path | None = None,
    signer: SignerPin | None = None,
    credential: Credential | None = None,
    trust: Trust | None = None,
    tsa: Sequence[TimestampServer] = (),
    now: datetime | None = None,
) -> Received:
    """Check a bag against its transfer list and by itself; where all is right, keep it with a receipt.

    Args:
        bag: The bag's folder, as it came.
        options: From `verify_options`; anchors come from there only.
        by: Who receives it (接收人).
        store: Folder that it is copied into, judged there and kept; None to leave it where it is.
        list_file: Its transfer list; None for `BAG.transfer/transfer-list.json`.
        signer: Who must have signed the list; None for any person whom the anchors trust.
        credential: Who signs the receipt; None for a receipt without signature.
        trust: Anchors for the check before that.
        tsa: Timestamp services for the receipt's signature.
        now: Aware UTC time; None for the clock.

    Returns:
        The verdict. It is no boolean: ask for `accepted`.

    Raises:
        UsageError: There is no bag, or the store has one of this name.
        InputError: There is no transfer list, or it cannot be read.
        ArchiveError: The bag cannot be copied, or the disk cannot be written.
        SigningError: The receipt could not be signed.
    """
    from agreegen.archive.handover import receiving  # noqa: PLC0415 - takes long to load

    receiver = receiving.Receiver(
        by=by,
        now=now or read_clock(),
        store=store,
        list_file=list_file,
        signer=signer,
        credential=credential,
        trust=trust or Trust(),
        tsa=tuple(tsa),
    )
    return receiving.receive_bag(bag, options, receiver)
