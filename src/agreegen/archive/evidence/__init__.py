"""Evidence records of bags: one token for many files, renewed in time, handed out by file."""
