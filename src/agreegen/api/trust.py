"""Trust anchors and revocation lists: what every judgement goes by."""

from __future__ import annotations

from agreegen.signing.interface import Trust
from agreegen.signing.trust import load_trust

__all__ = ["Trust", "load_trust"]
