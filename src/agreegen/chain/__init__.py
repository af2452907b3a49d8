"""Hash chains in files of SQLite and their signed heads, as register and ledger keep them."""

from __future__ import annotations
