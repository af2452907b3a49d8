"""What the ledger holds: items, movements of their copies, people who left, inspections, closings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from agreegen.errors import SpokenValueError
from agreegen.ledger.copies import format_numbers, parse_numbers
from agreegen.messages import message

Facts = Mapping[str, Any]
"""Facts of an entry, JSON-ready."""


class Kind(StrEnum):
    """What happens to copies (收 发 分送 传阅 寄送 复制 清退 销毁; 制作 for what the office makes itself)."""

    RECEIVE = "receive"
    MAKE = "make"
    ISSUE = "issue"
    DISTRIBUTE = "distribute"
    CIRCULATE = "circulate"
    MAIL = "mail"
    COPY = "copy"
    RETURN = "return"
    DESTROY = "destroy"


ENTERING = frozenset({Kind.RECEIVE, Kind.MAKE})
"""Kinds that bring copies into the ledger."""


class OwnKind(StrEnum):
    """Entries that concern no item."""

    OPENED = "opened"
    LEAVER = "leaver"
    TRAINING = "training"
    INSPECTION = "inspection"
    DRAW = "draw"
    CLOSING = "closing"


DATED = frozenset({OwnKind.LEAVER, OwnKind.TRAINING, OwnKind.INSPECTION})
"""Kinds of notes that name a day of their own, as movements do."""


class Label(StrEnum):
    """How an item is classified: state secrets, and what the notice protects besides."""

    TOP_SECRET = "top-secret"  # noqa: S105 - a label
    SECRET = "secret"  # noqa: S105 - a label
    CONFIDENTIAL = "confidential"
    WORK = "work-secret"
    SENSITIVE = "sensitive"
    OTHER = "other"
    NONE = "none"


class Medium(StrEnum):
    """What an item is: paper, a medium, a file."""

    PAPER = "paper"
    MEDIUM = "medium"
    FILE = "file"


class SignedBy(StrEnum):
    """What shows that somebody signed for an entry."""

    DOCUMENT = "document"
    SCAN = "scan"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Signature:
    """Where the signature for an entry is found.

    Attributes:
        kind: A document of ours, a scan, or a signature on the signer's device.
        reference: The document's id, the scan's path below the ledger's folder, or the device's record.
        sha256: Lower-case hex SHA-256 of the scan; empty for the others.
    """

    kind: SignedBy
    reference: str
    sha256: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the JSON object that an entry keeps."""
        return {"kind": self.kind.value, "reference": self.reference, "sha256": self.sha256}

    @classmethod
    def from_dict(cls, data: Facts) -> Signature:
        """Read what `to_dict` wrote.

        Raises:
            ValueError, KeyError: It is something else.
        """
        return cls(SignedBy(data["kind"]), str(data["reference"]), str(data["sha256"]))

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.reference}"


@dataclass(frozen=True, slots=True)
class Item:
    """What the copies are of.

    Attributes:
        title: Its title.
        number: Its own number (文号), empty where it has none.
        label: Its classification.
        medium: Paper, medium or file.
        sha256: Lower-case hex SHA-256 of the file, for files.
    """

    title: str
    number: str = ""
    label: Label = Label.SENSITIVE
    medium: Medium = Medium.PAPER
    sha256: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the JSON object that an entry keeps."""
        return {name: str(getattr(self, name)) for name in Item.__dataclass_fields__}

    @classmethod
    def from_dict(cls, data: Facts) -> Item:
        """Read what `to_dict` wrote.

        Raises:
            ValueError, KeyError: It is something else.
        """
        label, medium = Label(data["label"]), Medium(data["medium"])
        return cls(str(data["title"]), str(data["number"]), label, medium, str(data["sha256"]))


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry about copies of one item: as it is wished, or as it stands in the chain.

    Attributes:
        kind: What happens.
        item: Number of the item in this ledger (编号).
        day: When it happened.
        copies: Numbers of the copies; empty while only their count is known.
        count: How many copies.
        giver: Who hands over (来文单位, 交出人).
        receiver: Who takes over (签收人, 收文单位, 传阅人, 接收人).
        custodian: Who answers for the copies from then on; empty for whoever did or who takes over.
        approved_by: Who approved it (审批人).
        handled_by: Who did it (承办人, 复制人).
        counted_by: Who counted before destruction (清点人).
        witness: Who watched the destruction (监销人).
        due: When the copies are to be back.
        method: How it was sent or destroyed.
        note: Anything else.
        description: What the item is, with the entry that brings it in.
        signature: Where the signature for it is found.
        origin: Number of the copy that was copied.
        backdated: Whether it was entered after the day it happened.
        by: Who entered it.
        seq: Number of its event; 0 while it has none.
    """

    kind: Kind
    item: str
    day: date
    copies: tuple[int, ...] = ()
    count: int = 1
    giver: str = ""
    receiver: str = ""
    custodian: str = ""
    approved_by: str = ""
    handled_by: str = ""
    counted_by: str = ""
    witness: str = ""
    due: date | None = None
    method: str = ""
    note: str = ""
    description: Item | None = None
    signature: Signature | None = None
    origin: int | None = None
    backdated: bool = False
    by: str = ""
    seq: int = 0

    def to_facts(self) -> dict[str, Any]:
        """Return the details of its event; what is empty is left out."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in _TEXTS if getattr(self, name)}
        facts |= {"day": self.day.isoformat(), "copies": format_numbers(self.copies), "count": self.count}
        if self.due is not None:
            facts["due"] = self.due.isoformat()
        if self.description is not None:
            facts["item"] = self.description.to_dict()
        if self.signature is not None:
            facts["signature"] = self.signature.to_dict()
        if self.origin is not None:
            facts["origin"] = self.origin
        if self.backdated:
            facts["backdated"] = True
        return facts

    @classmethod
    def from_facts(cls, kind: Kind, item: str, seq: int, facts: Facts) -> Movement:
        """Read the details of an event.

        Raises:
            ValueError, TypeError, KeyError: They are not those of a movement.
        """
        if not set(facts) <= _KNOWN:
            raise SpokenValueError(
                message("ledger.entry-holds", seq=seq, names=tuple(sorted(set(facts) - _KNOWN)))
            )
        due, described, signed = facts.get("due"), facts.get("item"), facts.get("signature")
        return cls(
            kind=kind,
            item=item,
            day=date.fromisoformat(facts["day"]),
            copies=parse_numbers(facts["copies"]),
            count=int(facts["count"]),
            due=None if due is None else date.fromisoformat(due),
            description=None if described is None else Item.from_dict(described),
            signature=None if signed is None else Signature.from_dict(signed),
            origin=facts.get("origin"),
            backdated=facts.get("backdated", False) is True,
            seq=seq,
            **{name: str(facts.get(name, "")) for name in _TEXTS},
        )


_TEXTS = (
    "giver",
    "receiver",
    "custodian",
    "approved_by",
    "handled_by",
    "counted_by",
    "witness",
    "method",
    "note",
    "by",
)
_KNOWN = {*_TEXTS, "day", "copies", "count", "due", "item", "signature", "origin", "backdated"}


@dataclass(frozen=True, slots=True)
class Note:
    """One entry that concerns no item: a leaver, a training, an inspection, a draw, a closing.

    Attributes:
        kind: What it is.
        day: The day it concerns.
        facts: Everything else, JSON-ready.
        seq: Number of its event; 0 while it has none.
    """

    kind: OwnKind
    day: date
    facts: Facts
    seq: int = 0

    @property
    def backdated(self) -> bool:
        """Whether it was entered after its day."""
        return self.facts.get("backdated") is True
