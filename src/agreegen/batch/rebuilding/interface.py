"""What is found in a folder whose register was lost, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agreegen.chain.signed_heads import SignerIdentity
from agreegen.messages import Message
from agreegen.model.document import Document
from agreegen.register.paper import PaperRecord


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document whose own file proves it.

    Attributes:
        path: Its path below the folder.
        sha256: Lower-case hex SHA-256 of the file.
        size: Its size in bytes.
        document: What it says of itself.
        signers: Role → who signed it.
        replaced: Whether it lies among the replaced ones.
    """

    path: str
    sha256: str
    size: int
    document: Document
    signers: Mapping[str, SignerIdentity]
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class BagFacts:
    """What a whole, signed bag says of one document.

    Attributes:
        bag: Its name.
        sha256: Hash of the document in the bag.
        registration: Staff number, unit, ID number and all that was never printed.
        paper: The record of its scan, if it has one.
        scan_sources: Scan path below the folder → the same scan's path below the bag's folder.
    """

    bag: str
    sha256: str
    registration: Mapping[str, Any]
    paper: PaperRecord | None = None
    scan_sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What was recovered, and what was not.

    Attributes:
        documents: Documents registered again.
        signatures: Signatures found in them.
        paper: Documents whose scans a bag vouches for.
        archived: Documents that lie in a bag as they are.
        nameless: Documents whose row nothing tells; they stay registered, but no row of a roster has them.
        lost: What could not be recovered, one sentence each.
    """

    documents: int
    signatures: int
    paper: int
    archived: int
    nameless: tuple[str, ...]
    lost: tuple[Message, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register rebuild --json`."""
        return {
            "documents": self.documents,
            "signatures": self.signatures,
            "paper": self.paper,
            "archived": self.archived,
            "nameless": list(self.nameless),
            "lost": [str(each) for each in self.lost],
        }
