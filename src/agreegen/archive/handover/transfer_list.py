"""The transfer list of a bag (移交清单): what it says, and its one JSON form, which is signed. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.model.document import canonical_json

LIST_NAME = "transfer-list.json"
_SCHEMA = "agreegen/transfer-list/1"


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One document, with the columns of DA/T 22-2015 and what an electronic one has besides.

    Attributes:
        number: Running number (序号), from 1.
        reference: Archival code (档号): name of the bag and running number, until the archive gives its own.
        document: The document's own number (文号).
        responsible: Unit or person that it is from (责任者).
        title: Title (题名), with whom it is about.
        day: Its date (日期), ISO 8601.
        label: Classification (密级); empty where it has none.
        pages: Number of pages (页数); 0 where they cannot be counted.
        path: Where it lies in the bag.
        size: In bytes.
        sha256: Lower-case hex SHA-256 of the file.
        note: Anything else (备注).
    """

    number: int
    reference: str
    document: str
    responsible: str
    title: str
    day: str
    label: str
    pages: int
    path: str
    size: int
    sha256: str
    note: str = ""

    def __post_init__(self) -> None:
        for each in fields(self):
            kind = int if each.type == "int" else str
            if type(getattr(self, each.name)) is not kind:
                raise TypeError(f"{each.name} of a transfer list must be {kind.__name__}")


@dataclass(frozen=True, slots=True)
class TransferList:
    """What a sender hands over: one bag.

    Attributes:
        bag: Name of the bag.
        tag_manifest_sha256: SHA-256 of its tag manifest, which names every file.
        sender: Who hands over (移交单位).
        receiver: Who takes over (接收单位).
        day: When the list was made (移交日期).
        by: Who made it (填表人).
        rows: The documents.
    """

    bag: str
    tag_manifest_sha256: str
    sender: str
    receiver: str
    day: date
    by: str
    rows: tuple[TransferRow, ...]

    @property
    def size(self) -> int:
        """Bytes of all documents."""
        return sum(row.size for row in self.rows)

    @property
    def pages(self) -> int:
        """Pages of all documents."""
        return sum(row.pages for row in self.rows)

    def to_json(self) -> bytes:
        """Encode the list: the bytes that are signed."""
        rows = [{each.name: getattr(row, each.name) for each in fields(row)} for row in self.rows]
        facts: dict[str, Any] = {name: getattr(self, name) for name in _TEXTS}
        return canonical_json({"schema": _SCHEMA, **facts, "day": self.day.isoformat(), "rows": rows}) + b"\n"

    @classmethod
    def from_json(cls, data: bytes, where: object) -> TransferList:
        """Decode what `to_json` wrote.

        Args:
            data: The bytes.
            where: The file, for the message.

        Raises:
            InputError: It is something else.
        """
        try:
            return cls._from_dict(json.loads(data))
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise InputError(
                message("archive.no-transfer-list", path=where), hint=message("archive.no-transfer-list.hint")
            ) from exc

    @classmethod
    def _from_dict(cls, raw: Mapping[str, Any]) -> TransferList:
        rows = tuple(TransferRow(**row) for row in raw["rows"])
        texts = {name: raw[name] for name in _TEXTS}
        if raw["schema"] != _SCHEMA or not all(isinstance(text, str) for text in texts.values()):
            raise ValueError("another schema, or a text is no text")
        return cls(day=date.fromisoformat(raw["day"]), rows=rows, **texts)


_TEXTS = ("bag", "tag_manifest_sha256", "sender", "receiver", "by")
