"""The office's ledger of papers and files: who has which copy, on the same hash chain as the register."""
