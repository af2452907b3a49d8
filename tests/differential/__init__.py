"""What `verify` calls unaltered, four readers have to show as it was signed."""
