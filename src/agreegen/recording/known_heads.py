"""Heads that are known from elsewhere: from newer bags, from exports, from paper."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreegen.chain.heads import Head
from agreegen.errors import InputError

__all__ = ["HEADS_IN_BAG", "KnownHeads", "read_known"]

HEADS_IN_BAG = "data/register-heads.json"
_CODE = re.compile(r"[1-9]\d*(-[A-Z2-7]{4}){4}\Z")
_MAX_BYTES = 64 << 20
_HINT = "name a bag, its data/register-heads.json, or a code such as 128-ABCD-EFGH-IJKL-MNOP from a report"


@dataclass(frozen=True, slots=True)
class KnownHeads:
    """What is known from elsewhere.

    Attributes:
        heads: Whole heads.
        codes: Short codes, as reports print them.
    """

    heads: tuple[Head, ...] = ()
    codes: tuple[str, ...] = ()


def read_known(names: Sequence[str]) -> KnownHeads:
    """Read what a user names: bags, files with heads, codes.

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
            heads += _read_heads(path / HEADS_IN_BAG if path.is_dir() else path)
    return KnownHeads(tuple(heads), tuple(codes))


def _read_heads(path: Path) -> list[Head]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES)
        return [
            Head(
                chain_id=str(each["register"]),
                count=int(each["count"]),
                hash=bytes.fromhex(each["hash"]),
                signer=str(each["signer"]),
                signature=bytes.fromhex(each["signature"]),
            )
            for each in json.loads(data)
        ]
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc.strerror}", hint=_HINT) from exc
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise InputError(f"{path} holds no heads of a register", hint=_HINT) from exc
