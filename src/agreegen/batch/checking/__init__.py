"""Everything that would fail, found before a run writes anything."""

from __future__ import annotations
