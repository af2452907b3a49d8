"""Agreements: what is filled in, the file in each version, signing as the office."""
