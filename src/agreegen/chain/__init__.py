"""Hash chains in files of SQLite and their signed heads, as register and ledger keep them."""
