"""Registers that really stand on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.register.interface import EventDraft, EventKind, Registration
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


def made(number: int, content: bytes | None = None) -> list[EventDraft]:
    known = registration(number)
    data = content if content is not None else f"signed {number}".encode()
    final = hashlib.sha256(data).hexdigest()
    return [
        EventDraft(EventKind.RENDERED, known.id, sha256="11" * 32, registration=known),
        EventDraft(EventKind.SIGNED, known.id, "unit", final, {"credential": "unit-seal", "level": "B-B"}),
        EventDraft(EventKind.VERIFIED, known.id, sha256=final),
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
        register.sign_head(lambda message: b"signature of " + message, signer="archive-seal", now=NOW)
        yield register
