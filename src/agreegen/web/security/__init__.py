"""What keeps the office's server safe: passwords, tokens, limits, headers, hosts, TLS."""

from __future__ import annotations
