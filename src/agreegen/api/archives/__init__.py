"""Archive bags: written, signed, verified; stamped and renewed; handed over, received, kept and destroyed."""

from __future__ import annotations

from agreegen.api.archives.bags import (
    RENEWAL_HASHES,
    BagReport,
    BagSummary,
    Ending,
    Extraction,
    StampedBags,
    create_bag,
    extract_document,
    list_endings,
    renew_bags,
    timestamp_bags,
    verify_bag,
    write_four,
)
from agreegen.api.archives.envelopes import CIPHERS, MOST_PART_MIB, open_bag, seal_bag
from agreegen.api.archives.handover import hand_over_bag, receive_bag
from agreegen.api.archives.retention import (
    Retention,
    destroy_bag,
    job_bags,
    list_ages,
    read_retention,
)

__all__ = [
    "CIPHERS",
    "MOST_PART_MIB",
    "RENEWAL_HASHES",
    "BagReport",
    "BagSummary",
    "Ending",
    "Extraction",
    "Retention",
    "StampedBags",
    "create_bag",
    "destroy_bag",
    "extract_document",
    "hand_over_bag",
    "job_bags",
    "list_ages",
    "list_endings",
    "open_bag",
    "read_retention",
    "receive_bag",
    "renew_bags",
    "seal_bag",
    "timestamp_bags",
    "verify_bag",
    "write_four",
]
