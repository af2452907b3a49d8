"""Bags that change hands: the transfer list (移交清单), its sender's signature, what was received."""
