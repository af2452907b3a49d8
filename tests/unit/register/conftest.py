"""Registers that really stand on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.chain.audit.interface import HeadJudgement
from agreegen.chain.signed_heads import Head, SignerIdentity
from agreegen.messages import foreign_text
from agreegen.register.interface import EventDraft, EventKind, Registration, ScanFile
from agreegen.register.paper import PaperRecord
from agreegen.register.store import Register

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def registration(number: int, *, folder: str = "documents/00001") -> Registration:
    return Registration(
        id=hashlib.sha256(str(number).encode()).hexdigest()[:32],
        form_id="personal-pledge",
        form_version="1.0",
        template_sha256="ab" * 32,
        row_key=f"staff:S{number:04}",
        name="王秀英",
        path=f"{folder}/S{number:04}.pdf",
        staff_no=f"S{number:04}",
        id_number="11010519491231002X",
        unit="普查办",
    )


@dataclass(frozen=True)
class NamedSigner:
    """Signs heads with its name alone; whoever judges, reads the name again."""

    name: str

    @property
    def identity(self) -> SignerIdentity:
        digest = hashlib.sha256(self.name.encode()).hexdigest()
        return SignerIdentity(digest, f"CN={self.name}", "CN=CA")

    @property
    def timestamps(self) -> bool:
        return False

    def sign(self, message: bytes) -> bytes:
        return f"{self.name} signs ".encode() + message


SEAL, OTHER = NamedSigner("archive-seal"), NamedSigner("another")


def judge(head: Head) -> HeadJudgement:
    """The word about a head that a `NamedSigner` signed."""
    signer = next((one for one in (SEAL, OTHER) if one.sign(head.message) == head.signature), None)
    if signer is None:
        return HeadJudgement(foreign_text("forged"), None)
    return HeadJudgement(None, signer.identity)


def made(number: int, content: bytes | None = None) -> list[EventDraft]:
    known = registration(number)
    data = content if content is not None else f"signed {number}".encode()
    final = hashlib.sha256(data).hexdigest()
    return [
        EventDraft(EventKind.RENDERED, known.id, sha256="11" * 32, registration=known),
        EventDraft(EventKind.SIGNED, known.id, "unit", final, {"credential": "unit-seal", "level": "B-B"}),
        EventDraft(EventKind.VERIFIED, known.id, sha256=final, details={"size": len(data)}),
    ]


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Register]:
    """A register of five signed documents with their files and one signed head."""
    with Register.open(tmp_path / "register.db", create=True, now=NOW) as register:
        for number in range(5):
            known = registration(number)
            (tmp_path / known.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / known.path).write_bytes(f"signed {number}".encode())
            register.record_many(made(number), now=NOW)
        register.record_many([], now=NOW, signer=SEAL)
        yield register


def on_paper(number: int, content: bytes = b"scan") -> PaperRecord:
    """The record of a scan, as if its file lay in place."""
    digest = hashlib.sha256(content).hexdigest()
    scan = ScanFile(f"scans/{digest[:8]}.pdf", digest, 1)
    return PaperRecord(registration(number).id, ("pledger",), (scan,), "王主任")
