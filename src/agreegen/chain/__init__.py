"""Hash chains and their signed heads, as the register and the office's ledger keep them. No I/O."""

from __future__ import annotations
