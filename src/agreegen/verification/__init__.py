"""Structure scan, signature validation, policy and reports."""

from __future__ import annotations
