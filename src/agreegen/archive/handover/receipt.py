"""What receiving a bag found, check by check."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

from agreegen.archive.handover.transfer_list import TransferList
from agreegen.archive.interface import BagReport
from agreegen.messages import Message, in_every_language, message
from agreegen.verification.detached import SealReport


class Kept(StrEnum):
    """What became of the receipt."""

    NO = "no"
    WRITTEN = "written"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """One check.

    Attributes:
        code: Stable, lower-case, hyphenated code.
        right: Whether it holds.
        detail: What was found.
    """

    code: str
    right: bool
    detail: Message

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the receipt."""
        return {"code": self.code, "right": self.right, "detail": str(self.detail)}


@dataclass(frozen=True, slots=True)
class Received:
    """The verdict on a bag that came with a list. It has no truth value: ask for `accepted`.

    Attributes:
        bag: Where it lies.
        listed: What the sender says it is.
        seal: The sender's signature over the list.
        checks: What was checked.
        report: The bag itself, as `archive verify` judges it.
        receipt: What became of the receipt.
    """

    bag: Path
    listed: TransferList
    seal: SealReport
    checks: tuple[ReceiptCheck, ...]
    report: BagReport
    receipt: Kept = Kept.NO

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is not a boolean; ask for .accepted")

    @property
    def accepted(self) -> bool:
        """Whether every check holds."""
        return all(check.right for check in self.checks)

    def at(self, bag: Path) -> Received:
        """Return the same about the bag at its own place."""
        return replace(self, bag=bag, report=replace(self.report, bag=str(bag)))

    def kept(self) -> Received:
        """Return the same with its receipt written."""
        return replace(self, receipt=Kept.WRITTEN)

    def known(self) -> Received:
        """Return the same where a receipt was there already, which stays."""
        return replace(self, receipt=Kept.KNOWN)

    def rows(self) -> list[tuple[object, object, object]]:
        """Return check, result and detail for a table."""
        return [
            (
                message(f"archive.receive-{check.code}"),
                message("archive.result.right" if check.right else "archive.result.wrong"),
                check.detail,
            )
            for check in self.checks
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `archive receive --json`."""
        listed = self.listed
        return {
            "bag": str(self.bag),
            "accepted": self.accepted,
            "receipt": self.receipt.value,
            "list": {
                "sender": listed.sender,
                "receiver": listed.receiver,
                "day": listed.day.isoformat(),
                "documents": len(listed.rows),
                "bytes": listed.size,
                "signature": self.seal.to_dict(),
            },
            "checks": [check.to_dict() | in_every_language("detail", check.detail) for check in self.checks],
            "report": self.report.to_dict(),
        }
