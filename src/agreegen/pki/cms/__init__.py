"""Signature containers (RFC 5652) and timestamp tokens (RFC 3161): reading them, and their cryptography."""
