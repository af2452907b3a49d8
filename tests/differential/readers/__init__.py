"""The readers, each in the process that suits it."""
