"""The commands, run in process."""
