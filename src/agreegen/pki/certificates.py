"""Certificates as the judgement needs them: loading, purposes, names, the algorithms of a chain."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from asn1crypto import x509

from agreegen.messages import Message, message
from agreegen.model.text import spell_invisible
from agreegen.pki.algorithms import key_facts
from agreegen.pki.encoding import der_of

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
"""What foreign ASN.1 may raise wherever it is touched."""


@functools.lru_cache(maxsize=1024)
def _load(der: bytes) -> Any | None:
    try:
        certificate = x509.Certificate.load(der)
        names = certificate.subject, certificate.issuer
        _ = [name.hashable for name in names], [name.native for name in names], certificate.serial_number
        _ = certificate.not_valid_before, certificate.not_valid_after, key_facts(certificate.public_key)
        _ = certificate["signature_algorithm"].native, certificate["signature_value"].native
        for extension in certificate["tbs_certificate"]["extensions"]:
            _ = extension["extn_value"].parsed.native
        _ = certificate.critical_extensions, certificate.key_identifier, certificate.ca, der_of(certificate)
    except UNREADABLE:
        return None
    return certificate


def load_certificates(ders: Iterable[bytes]) -> list[Any]:
    """Load certificates; those that cannot be read to the last extension are left out."""
    return [certificate for der in ders if (certificate := _load(der)) is not None]


def same_name(one: Any, two: Any) -> bool:
    """Compare two names (RFC 5280, 7.1); whoever looks for issuers asks about the same pairs over and over.

    Args:
        one: A name (asn1crypto).
        two: Another one.
    """
    left, right = der_of(one), der_of(two)
    return left == right or _same_name(left, right)


@functools.lru_cache(maxsize=4096)
def _same_name(left: bytes, right: bytes) -> bool:
    return bool(x509.Name.load(left) == x509.Name.load(right))


def subject_name(certificate: Any) -> str | Message:
    """Return the name under which a certificate's subject is shown."""
    try:
        return _short_name(der_of(certificate.subject))
    except UNREADABLE:
        return message("pki.unreadable-name")


def issuer_name(certificate: Any) -> str | Message:
    """Return a short name of a certificate's issuer."""
    try:
        return _short_name(der_of(certificate.issuer))
    except UNREADABLE:
        return message("pki.unreadable-name")


@functools.lru_cache(maxsize=1024)
def _short_name(name_der: bytes) -> str:
    name = x509.Name.load(name_der)
    native = name.native
    for key in ("common_name", "pseudonym", "organization_name", "email_address", "serial_number"):
        value = native.get(key)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str) and value.strip():
            return spell_invisible(value)
    return str(name.human_friendly)
