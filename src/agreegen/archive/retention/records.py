"""What a destruction leaves: the order, signed before anything is gone, and its completion, signed after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from agreegen.errors import ArchiveError
from agreegen.files import read_limited, sha256_of
from agreegen.json_text import parse_json
from agreegen.messages import message
from agreegen.model.document import canonical_json

ORDER_NAME, COMPLETION_NAME = "order.json", "completion.json"
RECORD_SIGNATURE = ".p7s"
"""Suffix of the detached signature beside each."""
_SCHEMA = "agreegen/destruction/1"
_MOST_ORDER_BYTES = 1 << 30
_CODE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class DestroyedFile:
    """One file that is to be gone.

    Attributes:
        path: Its path below the bag; for files of the register, below the register's folder.
        size: In bytes.
        sha256: Lower-case hex SHA-256 of what it held.
        document: Id of the document that it belongs to, for files of the register; else empty.
    """

    path: str
    size: int
    sha256: str
    document: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that an order keeps."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class DestructionOrder:
    """What is to be destroyed, who approved it, who watches, why.

    Attributes:
        bag: Name of the bag.
        tag_manifest_sha256: SHA-256 of its tag manifest; empty where it has none.
        approved_by: Who approved it (审批人).
        witness: Who watches (监销人).
        by: Who does it (清点人).
        reason: Why.
        files: Every file of the bag.
        originals: Documents and scans that the register keeps of what the bag holds.
        problems: What was wrong with the bag, in English.
        tells: Where it is recorded: `register`, `ledger`.
        retention_ends: When its period of retention is over, ISO 8601; empty where nobody knows.
        completed: Whether the completion stands beside it.
    """

    bag: str
    tag_manifest_sha256: str
    approved_by: str
    witness: str
    by: str
    reason: str
    files: tuple[DestroyedFile, ...]
    originals: tuple[DestroyedFile, ...]
    problems: tuple[str, ...]
    tells: tuple[str, ...]
    retention_ends: str
    completed: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in (*self.files, *self.originals))

    @property
    def code(self) -> str:
        """What a dry run prints and the destruction asks for: it changes with any file, name or reason."""
        return sha256_of(self.to_json())[:_CODE_LENGTH]

    @property
    def documents(self) -> frozenset[str]:
        """Ids of the documents whose own files go, too."""
        return frozenset(file.document for file in self.originals)

    def to_json(self) -> bytes:
        """Encode the order: the bytes that are signed."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in (*_TEXTS, *_LISTS)}
        facts["files"] = [file.to_dict() for file in self.files]
        facts["originals"] = [file.to_dict() for file in self.originals]
        return canonical_json({"schema": _SCHEMA, **facts}) + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> DestructionOrder:
        """Decode what `to_json` wrote.

        Raises:
            ValueError, TypeError, KeyError: It is something else.
        """
        raw: Mapping[str, Any] = parse_json(data)
        if raw["schema"] != _SCHEMA:
            raise ValueError("another schema")
        return cls(
            files=tuple(DestroyedFile(**each) for each in raw["files"]),
            originals=tuple(DestroyedFile(**each) for each in raw["originals"]),
            problems=tuple(map(str, raw["problems"])),
            tells=tuple(map(str, raw["tells"])),
            bag=str(raw["bag"]),
            tag_manifest_sha256=str(raw["tag_manifest_sha256"]),
            approved_by=str(raw["approved_by"]),
            witness=str(raw["witness"]),
            by=str(raw["by"]),
            reason=str(raw["reason"]),
            retention_ends=str(raw["retention_ends"]),
        )


_TEXTS = ("bag", "approved_by", "witness", "reason", "by", "tag_manifest_sha256", "retention_ends")
_LISTS = ("problems", "tells")


def destruction_folder(bag: Path) -> Path:
    """Return the folder beside a bag that holds what its destruction leaves."""
    return bag.with_name(f"{bag.name}.destroyed")


def read_order(folder: Path) -> DestructionOrder | None:
    """Return the order that lies in a folder, and whether it was completed; None where there is none.

    Raises:
        ArchiveError: It is damaged.
    """
    path = folder / ORDER_NAME
    if not path.is_file():
        return None
    try:
        order = DestructionOrder.from_json(read_limited(path, _MOST_ORDER_BYTES))
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise ArchiveError(
            message("archive.destruction-damaged", path=path),
            hint=message("archive.destruction-damaged.hint"),
        ) from exc
    return replace(order, completed=(folder / COMPLETION_NAME).is_file())
