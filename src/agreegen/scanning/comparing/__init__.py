"""A scanned page beside our own rendering of it: where it lies, what it says, who signed."""
