"""X.509 and CMS judged in one place, for signing and for verification: no network, no PDF."""
