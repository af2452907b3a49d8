"""Printed copies: marks, lines and lists on them, and many of them as one PDF."""
