"""The register: one row a document, one row an event, every event chained to the one before."""
