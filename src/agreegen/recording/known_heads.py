"""Heads that are known from elsewhere: from newer bags, from exports, from paper."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreegen.chain.signed_heads import Head
from agreegen.chain.view import ChainView
from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.model.document import canonical_json

HEADS_IN_BAG = "data/register-heads.json"
_CODE = re.compile(r"[1-9]\d*(-[A-Z2-7]{4}){4}\Z")
_MAX_BYTES = 64 << 20
_HINT = message("recording.name-bag-its-data-register-heads")


@dataclass(frozen=True, slots=True)
class KnownHeads:
    """What is known from elsewhere.

    Attributes:
        heads: Whole heads.
        codes: Short codes, as reports print them.
    """

    heads: tuple[Head, ...] = ()
    codes: tuple[str, ...] = ()


def heads_in_bag(kind: str) -> str:
    """Return where a bag keeps the heads of a chain of some kind."""
    return f"data/{kind}-heads.json"


def encode_heads(chain: ChainView) -> bytes:
    """Return the signed heads of a chain as a bag keeps them, and `read_known` reads them."""
    heads = [
        {
            chain.kind.name: head.chain_id,
            "count": head.count,
            "hash": head.hash.hex(),
            "signer": head.signer,
            "signature": head.signature.hex(),
        }
        for head in chain.heads()
    ]
    return canonical_json(heads) + b"\n"


def read_known(names: Sequence[str], kind: str = "register") -> KnownHeads:
    """Read what a user names: bags, files with heads, codes.

    Args:
        names: What the user named.
        kind: What the chain is of.

    Raises:
        InputError: One is none of these.
    """
    heads: list[Head] = []
    codes: list[str] = []
    for name in names:
        code = name.strip().upper()
        if _CODE.match(code) and not Path(name).exists():
            codes.append(code)
        else:
            path = Path(name)
            heads += _read_heads(path / heads_in_bag(kind) if path.is_dir() else path, kind)
    return KnownHeads(tuple(heads), tuple(codes))


def _read_heads(path: Path, kind: str) -> list[Head]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES)
        heads = [
            Head(
                chain_id=str(each[kind]),
                count=int(each["count"]),
                hash=bytes.fromhex(each["hash"]),
                signer=str(each["signer"]),
                signature=bytes.fromhex(each["signature"]),
                kind=kind,
            )
            for each in json.loads(data)
        ]
    except OSError as exc:
        raise InputError(message("recording.cannot-read", path=path, exc=exc), hint=_HINT) from exc
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise InputError(
            message("recording.holds-no-heads-register", path=path, kind=message(f"chain.kind.{kind}")),
            hint=_HINT,
        ) from exc
    if not any(head.count > 0 for head in heads):  # with nothing to compare, any register would pass
        raise InputError(message("recording.holds-no-heads-register", path=path, kind=kind), hint=_HINT)
    return heads
