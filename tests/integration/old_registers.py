"""Registers as the first version of the program wrote them: schema 1, heads apart from their events."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from agreegen.chain.hashing import genesis_hash, link_hash
from agreegen.chain.signed_heads import Head
from agreegen.model.document import canonical_json
from agreegen.recording.signer import CredentialSigner
from agreegen.register.migrations import MIGRATIONS
from agreegen.signing.credentials.loading import load_credential
from tests.integration.batch_support import clock

_NEW_KINDS = ("head", "signer", "mended", "accepted")
_COLUMNS = (
    "id, form, form_version, template_sha256, row_key, name, path, staff_no, id_number, unit, metadata, "
    "state, sha256, hashes, superseded_by, bag"
)


def take_back(path: Path, credential: Path | None, *, unsigned: Sequence[str] = ()) -> None:
    """Write a register as the first version would have left it.

    Args:
        path: A register of today; it is replaced.
        credential: Who signs its one head; None for a register without any.
        unsigned: Staff numbers whose documents come behind that head, as after a kill at the wrong moment.
    """
    source = sqlite3.connect(path)
    rows = source.execute(
        "SELECT at, kind, document, role, sha256, details FROM events "
        "WHERE kind NOT IN (?,?,?,?) ORDER BY seq",
        _NEW_KINDS,
    ).fetchall()
    meta = dict(source.execute("SELECT key, value FROM meta"))
    documents = source.execute(f"SELECT {_COLUMNS} FROM documents").fetchall()
    late = {row[0] for row in documents if row[7] in unsigned}
    source.close()
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    target = sqlite3.connect(path, isolation_level=None)
    target.executescript(f"BEGIN;{MIGRATIONS[0].statements}PRAGMA user_version = 1;COMMIT;")
    target.execute("BEGIN")
    marks = ",".join("?" * 16)
    old = [(*row[:11], "signed", *row[12:]) for row in documents]
    target.executemany(f"INSERT INTO documents ({_COLUMNS}) VALUES ({marks})", old)
    tip = genesis_hash("register", {key: meta[key] for key in ("register", "created", "secret")})
    events = [row for row in rows if row[2] not in late]
    count, tip = _write(target, events, 0, tip)
    if credential is not None:
        count, tip = _head(target, meta["register"], credential, events[-1][0], count, tip)
    count, tip = _write(target, [row for row in rows if row[2] in late], count, tip)
    meta |= {"tip-count": str(count), "tip-hash": tip.hex()}
    target.executemany("INSERT INTO meta VALUES (?,?)", meta.items())
    target.execute("COMMIT")
    target.close()


def _write(
    target: sqlite3.Connection, events: Sequence[tuple[str, ...]], count: int, tip: bytes
) -> tuple[int, bytes]:
    for at, kind, document, role, sha256, details in events:
        count += 1
        facts = {key: value for key, value in json.loads(details).items() if key not in _TODAY}
        row = (count, at, kind, document, role, sha256, canonical_json(facts).decode() if facts else "{}")
        tip = link_hash(tip, row)
        target.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?)", (*row, tip))
    return count, tip


_TODAY = {"size", "certificate_sha256", "job", "job_path"}


def _head(
    target: sqlite3.Connection, register_id: str, credential_file: Path, at: str, count: int, tip: bytes
) -> tuple[int, bytes]:
    credential = load_credential(credential_file)
    head = Head(register_id, count, tip, credential.name)
    signature = CredentialSigner(credential, clock()).sign(head.message)
    credential.close()
    facts = {
        "count": count,
        "hash": tip.hex(),
        "signer": credential.name,
        "signature_sha256": hashlib.sha256(signature).hexdigest(),
    }
    row = (count + 1, at, "head", "", None, None, canonical_json(facts).decode())
    after = link_hash(tip, row)
    target.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?)", (*row, after))
    target.execute(
        "INSERT INTO heads VALUES (?,?,?,?,?)", (count + 1, count, tip, credential.name, signature)
    )
    return count + 1, after
