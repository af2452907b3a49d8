"""Paper: marks on printed copies, and scanned pages that come back to the documents they belong to."""
