"""What the chain of a ledger is of."""

from __future__ import annotations

from agreegen.chain.schema import CHAIN_INDEX, CHAIN_TABLES, HEAD_TABLE, ChainKind, Migration
from agreegen.messages import message

LEDGER = ChainKind(
    "ledger",
    (Migration(f"{CHAIN_TABLES}\n{HEAD_TABLE}\n{CHAIN_INDEX}"),),
    message("ledger.example"),
)
"""Nothing but the chain is stored: everything that a ledger shows is computed from its events."""
