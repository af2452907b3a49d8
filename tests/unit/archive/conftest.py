"""The certificates that the tests of verification use."""

from tests.unit.verification.conftest import pki

__all__ = ["pki"]
