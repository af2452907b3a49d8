"""Certificates for keys that are made on a signer's own device, and the evidence that they promise.

Such a certificate is issued for one signature. An extension of it holds the SHA-256 of a JSON file that says
how the signature came about, as 64 hexadecimal digits in a UTF8String, so that `openssl x509 -text` shows the
very text that `sha256sum` prints. The file itself travels in a signed attribute of the signature.

Both object identifiers stand below an arc of a UUID, which needs no registration (ITU-T X.667, 7).
"""

from __future__ import annotations

from typing import Any

from asn1crypto import core

from agreegen.pki.certificates import UNREADABLE
from agreegen.pki.encoding import tlv

ARC = "2.25.244255717164461450882460405284398120023"
"""The UUID b7c1f0a2-5d3e-4c86-9a41-6f2d8e0b3c57."""
EVIDENCE_DIGEST = f"{ARC}.1"
"""Extension of a certificate: SHA-256 of the evidence."""
EVIDENCE = f"{ARC}.2"
"""Signed attribute of a signature: the evidence, an OCTET STRING."""

_HEX_DIGITS = 64
_SET, _SEQUENCE, _OCTETS, _UTF8 = 0x31, 0x30, 0x04, 0x0C


def evidence_extension(sha256: str) -> bytes:
    """Return the DER value of the extension.

    Args:
        sha256: Lower-case hex SHA-256 of the evidence.
    """
    return tlv(_UTF8, sha256.encode("ascii"))


def evidence_attribute(evidence: bytes) -> bytes:
    """Return the DER of the signed attribute that holds the evidence (RFC 5652, 5.3)."""
    identifier: bytes = core.ObjectIdentifier(EVIDENCE).dump()
    return tlv(_SEQUENCE, identifier, tlv(_SET, tlv(_OCTETS, evidence)))


def promised_digest(certificate: Any) -> str | None:
    """Return what a certificate (asn1crypto) says of its evidence.

    Returns:
        Lower-case hex; empty where the extension stands there and cannot be read, or twice; None without one.
    """
    try:
        values = [
            extension["extn_value"].contents
            for extension in certificate["tbs_certificate"]["extensions"]
            if extension["extn_id"].dotted == EVIDENCE_DIGEST
        ]
    except UNREADABLE:
        return None  # such a certificate is judged by nobody
    if not values:
        return None
    head, text = values[0][:2], values[0][2:]
    whole = len(values) == 1 and head == bytes((_UTF8, _HEX_DIGITS)) and len(text) == _HEX_DIGITS
    return text.decode("ascii", "replace") if whole else ""


def carried_evidence(signed_attributes: dict[str, list[Any]]) -> bytes | None:
    """Return the evidence among signed attributes (asn1crypto, by identifier); None without exactly one."""
    values = signed_attributes.get(EVIDENCE, [])
    try:
        return bytes(core.OctetString.load(values[0].dump()).native) if len(values) == 1 else None
    except UNREADABLE:
        return None
