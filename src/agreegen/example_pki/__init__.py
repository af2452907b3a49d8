"""A throw-away PKI for samples, demonstrations and tests; everything in it says EXAMPLE."""

from __future__ import annotations

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import DEFAULT_PORT, make_example_pki

__all__ = ["DEFAULT_PORT", "ExamplePki", "make_example_pki"]
