"""Opening a register to write to it, with whoever signs its heads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from agreegen.chain.lock import WAIT_S, lock_folder
from agreegen.messages import Message
from agreegen.recording.interface import TailCheck
from agreegen.recording.recorder import Recorder
from agreegen.recording.signer import CredentialSigner
from agreegen.recording.standing import require_standing
from agreegen.register.store import Register
from agreegen.signing.interface import Credential


@contextlib.contextmanager
def open_recorder(
    path: Path,
    credential: Credential,
    *,
    now: datetime,
    check: TailCheck,
    tell: Callable[[Message], None] | None = None,
    pins: bool = True,
) -> Iterator[Recorder]:
    """Lock the folder of a register, open it and give what records in it.

    Args:
        path: The register.
        credential: Who signs the heads; checked by the caller.
        now: Aware UTC time.
        check: How events behind the last head are judged.
        tell: Told once where another command writes and this one waits.
        pins: Whether the credential becomes the register's own where the register names none; else it only
            signs for this time, which registers of earlier versions let anybody do.

    Raises:
        RegisterError: There is no register, it cannot be locked or written, or another signer answers for it.
    """
    with lock_folder(path.parent, tell=tell, wait_s=WAIT_S), Register.open(path) as register:
        signer = CredentialSigner(credential, now)
        require_standing(register, signer.identity, check.for_credential(credential), pins=pins)
        yield Recorder(register, signer, pins)
