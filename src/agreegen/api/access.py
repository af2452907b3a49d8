"""What the other modules ask of whoever calls: who writes to a register, whose signature it must bear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agreegen.messages import Message
from agreegen.pki.signer_pin import SignerPin
from agreegen.signing.interface import Prompt

__all__ = ["Prompt", "RegisterAccess", "SignerPin"]


@dataclass(frozen=True, slots=True)
class RegisterAccess:
    """A register that is written to, and who signs its heads.

    Attributes:
        file: The register, `register.db`.
        credential: Credential file of who signs; None for whom the register or its job names.
        prompt: Asks for secrets that must be typed in; None where nobody can be asked.
        tell: Told once where another command writes and this one waits.
    """

    file: Path
    credential: Path | None = None
    prompt: Prompt | None = None
    tell: Callable[[Message], None] | None = None
