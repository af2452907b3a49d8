"""The office's ledger from Python: entries, and what leaves it for people."""
