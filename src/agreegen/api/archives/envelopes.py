"""Bags encrypted for their recipients, and opened by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import Prompt
from agreegen.clock import read_clock
from agreegen.errors import UsageError
from agreegen.messages import message
from agreegen.signing.interface import Trust

if TYPE_CHECKING:
    from agreegen.archive.envelopes.sealing import SealedBag

__all__ = ["open_bag", "seal_bag"]

CIPHERS = ("aes-256-gcm", "sm4-cbc")
"""How a bag may be encrypted."""
MOST_PART_MIB = 1_024
"""MiB of one part, at most."""


def seal_bag(
    bag: Path,
    recipients: Sequence[Path],
    output: Path,
    *,
    cipher: str = CIPHERS[0],
    part_mib: int = MOST_PART_MIB,
    trust: Trust | None = None,
    force: bool = False,
    now: datetime | None = None,
) -> SealedBag:
    """Encrypt a bag for recipients (CMS, RFC 5083 and 5652), in parts that stock programs open.

    Args:
        bag: The bag's folder; its transfer list goes with it, where there is one.
        recipients: Certificate files, PEM or DER.
        output: `FILE.p7m`; several parts are `FILE.001-of-006.p7m` and so on.
        cipher: One of `CIPHERS`.
        part_mib: MiB of plain content of one part.
        trust: Anchors that the recipients must chain to, and revocation lists; None to check dates and use.
        force: Replace parts that are there already.
        now: Aware UTC time; None for the clock.

    Raises:
        UsageError: The output is there already, or the parts have no such size.
        InputError: A file holds no certificate of a recipient.
        CredentialError: Nothing should be encrypted for a certificate.
        ArchiveError: The bag is not whole, or the disk cannot be written.
    """
    from agreegen.archive.envelopes import ciphers, sealing  # noqa: PLC0415 - take long to load
    from agreegen.archive.envelopes.recipients import read_recipients  # noqa: PLC0415 - the same

    if not 1 <= part_mib <= MOST_PART_MIB:
        raise UsageError(message("api.part-size", most=MOST_PART_MIB))
    found = read_recipients(recipients, trust or Trust(), now or read_clock())
    return sealing.seal_bag(
        bag,
        found,
        output,
        cipher=ciphers.ContentCipher(cipher),
        part_bytes=part_mib << 20,
        force=force,
    )


def open_bag(
    files: Sequence[Path], folder: Path, credential_file: Path, *, prompt: Prompt | None = None
) -> Path:
    """Decrypt a sealed bag into a folder, and return the bag; `verify_bag` or `receive_bag` say whose it is.

    Args:
        files: The parts, or one of them beside the others.
        folder: Where the bag goes.
        credential_file: Credential file of the recipient.
        prompt: Asks for secrets that must be typed in.

    Raises:
        UsageError: A part is missing, or a bag of this name is there already.
        CredentialError: The credential cannot be used, or the parts are not for it.
        ArchiveError: A part or what it holds is not what was sealed.
    """
    from agreegen.archive.envelopes import decryption  # noqa: PLC0415 - takes long to load
    from agreegen.signing.credentials.loading import load_credential  # noqa: PLC0415 - the same

    with load_credential(credential_file, prompt=prompt, opens=True) as credential:
        return decryption.open_bag(files, folder, credential)
