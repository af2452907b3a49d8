"""Whether a certificate or a revocation list was signed with a key."""

from __future__ import annotations

import functools
from typing import Any

from asn1crypto import algos

from agreegen.pki.algorithms import UnsupportedError, read_algorithm
from agreegen.pki.encoding import der_of
from agreegen.pki.signature_values import check_signature


@functools.lru_cache(maxsize=2048)
def signature_holds(
    key_der: bytes, algorithm_der: bytes, message: bytes, signature: bytes, sm2_ids: tuple[str, ...]
) -> bool:
    """Say whether a certificate or list was signed by a key; unknown algorithms never hold."""
    try:
        algorithm = read_algorithm(algos.SignedDigestAlgorithm.load(algorithm_der), None)
        return check_signature(key_der, algorithm, message, signature, sm2_ids=sm2_ids)
    except (UnsupportedError, ValueError, TypeError):
        return False


def issued_by(certificate: Any, issuer: Any, sm2_ids: tuple[str, ...]) -> bool:
    """Say whether one certificate was signed with the key of another.

    The algorithm stands in the signed part, too, and must be the same there (RFC 5280, 4.1.1.2): outside it
    anybody could exchange it.
    """
    inside, outside = certificate["tbs_certificate"]["signature"], certificate["signature_algorithm"]
    if inside["algorithm"].dotted != outside["algorithm"].dotted or (
        inside["algorithm"].native == "rsassa_pss" and inside.dump() != outside.dump()
    ):
        return False
    return signature_holds(
        der_of(issuer.public_key),
        certificate["signature_algorithm"].dump(),
        der_of(certificate["tbs_certificate"]),
        certificate["signature_value"].native,
        sm2_ids,
    )
