"""X.509 and CMS judged in one place, for signing and for verification: no network, no PDF."""

from agreegen.pki.names_in_every_script import read_names_in_every_script

read_names_in_every_script()
