"""Auditing a register: its chain, its heads and their signers, what follows from events, the files."""
