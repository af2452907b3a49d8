"""A document that waits for the device's signature, kept on disk: a server may end at any moment."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from agreegen.device.signing import HalfSigned
from agreegen.errors import InputError
from agreegen.files import write_atomically
from agreegen.messages import message
from agreegen.signing.prepared import Prepared

_FILE, _FACTS = "prepared.pdf", "prepared.json"
_OWNER_ONLY = 0o600


def write_half_signed(folder: Path, half: HalfSigned) -> None:
    """Keep a half signed document; another one there is replaced.

    Raises:
        OSError: The folder cannot be written.
    """
    prepared = half.prepared
    facts = {
        "start": prepared.start,
        "end": prepared.end,
        "digest": prepared.digest.hex(),
        "attributes": prepared.attributes.hex(),
        "certificate": half.certificate_der.hex(),
        "chain": [der.hex() for der in half.chain_der],
        "evidence": half.evidence.decode(),
        "role": half.role,
        "began": half.began.isoformat(),
        "token_bytes": half.token_bytes,
    }
    (folder / _FACTS).unlink(missing_ok=True)  # never facts about another file
    write_atomically(folder / _FILE, prepared.data, mode=_OWNER_ONLY)
    write_atomically(folder / _FACTS, json.dumps(facts).encode(), mode=_OWNER_ONLY)


def read_half_signed(folder: Path) -> HalfSigned:
    """Read what `write_half_signed` kept.

    Raises:
        InputError: There is none.
    """
    try:
        facts = json.loads((folder / _FACTS).read_bytes())
        data = (folder / _FILE).read_bytes()
    except (OSError, ValueError) as exc:
        raise InputError(message("device.nothing-begun"), hint=message("device.again.hint")) from exc
    return HalfSigned(
        Prepared(
            data,
            int(facts["start"]),
            int(facts["end"]),
            bytes.fromhex(facts["digest"]),
            bytes.fromhex(facts["attributes"]),
        ),
        bytes.fromhex(facts["certificate"]),
        tuple(map(bytes.fromhex, facts["chain"])),
        facts["evidence"].encode(),
        facts["role"],
        datetime.fromisoformat(facts["began"]),
        int(facts["token_bytes"]),
    )
