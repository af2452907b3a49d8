"""Signatures with a key made on the signer's own device: the office's authority, and the steps of signing."""

from __future__ import annotations

from agreegen.device.authority import Authority
from agreegen.device.authority_files import (
    POLICY,
    ROOT_KEY,
    AuthorityPlan,
    has_authority,
    key_still_here,
    make_authority,
)
from agreegen.device.evidence import Moments, Occasion, Pointer, SigningEvidence
from agreegen.device.half_signed_files import read_half_signed, write_half_signed
from agreegen.device.office_tls import OfficeTls, office_tls, read_tls_root
from agreegen.device.recording import DeviceSignature, record_device_signature
from agreegen.device.signing import DeviceKey, DeviceSigning
from agreegen.device.strokes import Drawing
from agreegen.device.strokes_envelope import read_recipient, require_recipient, seal_strokes
from agreegen.device.waiting import WaitingDocument, find_waiting, waiting_documents
from agreegen.scanning.marks import qr_code_svg
from agreegen.signing.services.timestamps import TimestampClient

__all__ = [
    "POLICY",
    "ROOT_KEY",
    "Authority",
    "AuthorityPlan",
    "DeviceKey",
    "DeviceSignature",
    "DeviceSigning",
    "Drawing",
    "Moments",
    "Occasion",
    "OfficeTls",
    "Pointer",
    "SigningEvidence",
    "TimestampClient",
    "WaitingDocument",
    "find_waiting",
    "has_authority",
    "key_still_here",
    "make_authority",
    "office_tls",
    "qr_code_svg",
    "read_half_signed",
    "read_recipient",
    "read_tls_root",
    "record_device_signature",
    "require_recipient",
    "seal_strokes",
    "waiting_documents",
    "write_half_signed",
]
