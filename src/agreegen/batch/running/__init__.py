"""A run from its first row to its last: what goes out to workers, what comes back, what is left behind."""
