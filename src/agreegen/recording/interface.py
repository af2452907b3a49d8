"""What recording is told about the events that no signed head covers yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.signing.interface import Credential, Trust


@dataclass(frozen=True, slots=True)
class TailCheck:
    """What decides whether the events behind the last head are explained.

    Attributes:
        now: Time of the check, aware UTC.
        trust: Anchors that signers must chain to; none for not asking.
        certificates: Role → SHA-256 of the certificates that sign it for everybody, as far as they are known.
        accepted: Whether a person answers for what no head covers: scans, registers nobody ever signed.
        sm2_ids: Signer ids that SM2 signatures of heads may be made with.
    """

    now: datetime
    trust: Trust = field(default_factory=Trust)
    certificates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accepted: bool = False
    sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,)

    def for_credential(self, credential: Credential) -> TailCheck:
        """Return the check for a writer whose own SM2 signer id counts, too."""
        own = credential.sm2_signer_id
        return self if own is None else replace(self, sm2_ids=tuple(dict.fromkeys((*self.sm2_ids, own))))
