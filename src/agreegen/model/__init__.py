"""Frozen values that travel between the rooms; nothing here reads or writes anything."""

from __future__ import annotations
