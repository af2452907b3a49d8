"""Everything that would fail, found before a run writes anything."""
