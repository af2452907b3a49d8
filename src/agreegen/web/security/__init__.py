"""What keeps the office's server safe: passwords, tokens, limits, headers, hosts, TLS."""
