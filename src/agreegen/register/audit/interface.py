"""What an audit asks of others: a word about a head's signature, and about one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.chain.heads import Head, SignerIdentity
from agreegen.register.interface import DocumentRow, Problem


@dataclass(frozen=True, slots=True)
class HeadJudgement:
    """What is known of a head's signature.

    Attributes:
        reason: Why it is not good, or None.
        signer: Whose certificate made it; None where it cannot be read.
        time: When it was made, as it says or as a timestamp proves.
        proved: Whether a trusted timestamp proves that time.
    """

    reason: str | None
    signer: SignerIdentity | None
    time: datetime | None = None
    proved: bool = False


JudgeHead = Callable[[Head], HeadJudgement]
"""Judges the signature of a head."""

ExamineFile = Callable[[Path, DocumentRow], list[str]]
"""Says in what a file is not the document of its row: its own id, its roles, who signed them."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes:
        problems: Everything that is wrong.
        events: Number of events.
        unsigned: Number of events behind the last signed head.
        head: The last signed head, or None.
        judgement: What is known of its signature.
    """

    problems: tuple[Problem, ...]
    events: int = 0
    unsigned: int = 0
    head: Head | None = None
    judgement: HeadJudgement | None = None
