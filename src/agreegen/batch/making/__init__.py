"""Chunks of documents: made, signed, read back, laid down durably."""

from __future__ import annotations
