"""Auditing a chain: its links, its heads and their signers, its file."""

from __future__ import annotations
