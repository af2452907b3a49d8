"""Credential files and the keys behind them: one module a kind of key, one table of kinds."""
