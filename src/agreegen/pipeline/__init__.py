"""One document from values to a checked PDF, and from there to a signed one that was read back."""
