"""Frozen values that travel between the rooms; nothing here reads or writes anything."""
