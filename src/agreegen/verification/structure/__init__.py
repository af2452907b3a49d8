"""Structure of a signed PDF: revisions, signatures, coverage, and what changed after each signature."""
