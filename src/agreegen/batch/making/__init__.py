"""Chunks of documents: made, signed, read back, laid down durably."""
