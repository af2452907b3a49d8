"""Structure of a signed PDF: revisions, signatures, coverage, and what changed after each signature."""

from __future__ import annotations

from agreegen.verification.structure.scan import scan_structure

__all__ = ["scan_structure"]
