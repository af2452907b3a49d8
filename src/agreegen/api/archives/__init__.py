"""Archive bags: written, signed, verified; stamped and renewed; handed over, received, kept and destroyed."""

from __future__ import annotations

from agreegen.api.archives.bags import (
    RENEWAL_HASHES,
    BagReport,
    BagSummary,
    Ending,
    Extraction,
    SignerPin,
    StampedBags,
    create_bag,
    extract_document,
    list_endings,
    renew_bags,
    timestamp_bags,
    verify_bag,
    write_four,
)
from agreegen.api.archives.handover import hand_over_bag, receive_bag

__all__ = [
    "RENEWAL_HASHES",
    "BagReport",
    "BagSummary",
    "Ending",
    "Extraction",
    "SignerPin",
    "StampedBags",
    "create_bag",
    "extract_document",
    "hand_over_bag",
    "list_endings",
    "receive_bag",
    "renew_bags",
    "timestamp_bags",
    "verify_bag",
    "write_four",
]
