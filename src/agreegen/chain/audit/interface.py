"""What an audit of a chain finds, and what it asks of others: a word about a head's signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agreegen.chain.signed_heads import Head, SignerIdentity
from agreegen.messages import Message, in_every_language, message, translate


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that an audit found.

    Attributes:
        code: Stable, lower-case, hyphenated code, e.g. `event-changed`.
        where: The event, document, table or file.
        message: One sentence.
    """

    code: str
    where: Message | str
    message: Message

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register verify --json` and `ledger verify --json`."""
        places = in_every_language("where", self.where)
        return {"code": self.code, **places, **in_every_language("message", self.message)}

    def in_language(self, language: str) -> str:
        """Return place and sentence in words."""
        return translate(message("model.place-and-problem", place=self.where, problem=self.message), language)

    def __str__(self) -> str:
        return self.in_language("en")


@dataclass(frozen=True, slots=True)
class HeadJudgement:
    """What is known of a head's signature.

    Attributes:
        reason: Why it is not good, or None.
        signer: Whose certificate made it; None where it cannot be read.
        time: When it was made, as it says or as a timestamp proves.
        proved: Whether a trusted timestamp proves that time.
        claimed: When it was made, as it says itself, to the second.
        timestamped: Whether it carries a timestamp, whoever's.
    """

    reason: Message | None
    signer: SignerIdentity | None
    time: datetime | None = None
    proved: bool = False
    claimed: datetime | None = None
    timestamped: bool = False


JudgeHead = Callable[[Head], HeadJudgement]
"""Judges the signature of a head."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes:
        problems: Everything that is wrong.
        events: Number of events.
        unsigned: Number of events behind the last signed head.
        head: The last signed head, or None.
        judgement: What is known of its signature.
        unnamed: Who signed heads before any event named the signer; None for a signature without a signer.
    """

    problems: tuple[Problem, ...]
    events: int = 0
    unsigned: int = 0
    head: Head | None = None
    judgement: HeadJudgement | None = None
    unnamed: frozenset[SignerIdentity | None] = frozenset()
