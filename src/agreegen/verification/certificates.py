"""Certificates as the judgement needs them: loading, purposes, names, the algorithms of a chain."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from asn1crypto import x509

from agreegen.verification.algorithms import UnsupportedError, key_facts, read_algorithm
from agreegen.verification.chain import Chain
from agreegen.verification.facts import AlgorithmUse


@functools.lru_cache(maxsize=512)
def _load(der: bytes) -> Any | None:
    try:
        certificate = x509.Certificate.load(der)
        _ = certificate.subject, certificate.issuer, certificate.serial_number, certificate.public_key
        _ = certificate.not_valid_after, certificate.critical_extensions
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return certificate


def load_certificates(ders: Sequence[bytes]) -> list[Any]:
    """Load certificates; those that cannot be read are left out."""
    return [certificate for der in ders if (certificate := _load(der)) is not None]


def chain_uses(chain: Chain) -> list[AlgorithmUse]:
    """List the algorithms with which the certificates below the anchor were signed."""
    uses = []
    for certificate, issuer in chain.below_anchor:
        try:
            algorithm = read_algorithm(certificate["signature_algorithm"], None)
            key = key_facts(issuer.public_key)
            uses.append(AlgorithmUse("certificate signature", algorithm.scheme, algorithm.digest, key))
        except UnsupportedError:
            uses.append(AlgorithmUse("certificate signature", "", "unknown"))
    return uses


def usage_problem(certificate: Any, refused: Sequence[str]) -> str | None:
    """Say why a certificate signs no documents by its key usages; None where it may."""
    usage = certificate.key_usage_value
    if usage is not None and not {"digital_signature", "non_repudiation"} & set(usage.native):
        return "the key usage of the certificate does not allow signatures"
    extended = certificate.extended_key_usage_value
    if extended is not None and all(item.dotted in refused for item in extended):
        return "the certificate is made for other purposes than signing documents"
    return None


def subject_name(certificate: Any) -> str:
    """Return the name under which a certificate's subject is shown."""
    native = certificate.subject.native
    for key in ("common_name", "pseudonym", "organization_name", "email_address", "serial_number"):
        value = native.get(key)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str) and value.strip():
            return value
    return str(certificate.subject.human_friendly)


def subject_name_of(name: Any) -> str:
    """Return a short text for a distinguished name."""
    native = name.native
    value = native.get("common_name") or native.get("organization_name") or name.human_friendly
    return str(value[0] if isinstance(value, list) else value)
