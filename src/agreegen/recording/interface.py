"""What recording is told about the events that no signed head covers yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agreegen.signing.interface import Trust


@dataclass(frozen=True, slots=True)
class TailCheck:
    """What decides whether the events behind the last head are explained.

    Attributes:
        now: Time of the check, aware UTC.
        trust: Anchors that signers must chain to; none for not asking.
        certificates: Role → SHA-256 of the certificates that sign it for everybody, as far as they are known.
        paper_accepted: Whether a person has said that the scans recorded there are in order.
    """

    now: datetime
    trust: Trust = field(default_factory=Trust)
    certificates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    paper_accepted: bool = False
