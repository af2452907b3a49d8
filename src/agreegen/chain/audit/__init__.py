"""Auditing a chain: its links, its heads and their signers, its file."""
