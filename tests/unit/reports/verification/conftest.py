"""The certificates and the signed file that the tests of verification use."""

from tests.unit.verification.conftest import pki, signed

__all__ = ["pki", "signed"]
