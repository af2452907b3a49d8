"""Evidence records (RFC 4998): hash trees, the record's ASN.1, its check. No trust, no network, no files."""
