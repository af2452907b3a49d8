"""The PKI of the verifier's tests serves these, too."""

from __future__ import annotations

from tests.unit.verification.conftest import pki, signed

__all__ = ["pki", "signed"]
