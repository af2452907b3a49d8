"""A certification path that was found, and what is wrong with it (RFC 5280, clause 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from agreegen.messages import Message, message
from agreegen.pki.algorithms import (
    AlgorithmUse,
    UnsupportedError,
    find_conflict,
    key_facts,
    read_algorithm,
)

TOLERANCE = timedelta(seconds=1)
"""Certificates and evidence state whole seconds."""

_EDWARDS = frozenset({"ed25519", "ed448"})


class ChainProblem(StrEnum):
    """Why no path holds."""

    NONE_FOUND = "none-found"
    INVALID = "invalid"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Chain:
    """A path that was found, and what is wrong with it.

    Attributes:
        certificates: The certificate first, the anchor last (asn1crypto); alone where none was found.
        anchored: Whether it ends at an anchor.
        problem: What is wrong; None where it holds.
        sentence: The same for people.
    """

    certificates: tuple[Any, ...]
    anchored: bool
    problem: ChainProblem | None = None
    sentence: Message | None = None

    @property
    def below_anchor(self) -> tuple[tuple[Any, Any], ...]:
        """Every certificate but the anchor, with its issuer."""
        return tuple(zip(self.certificates[:-1], self.certificates[1:], strict=True)) if self.anchored else ()


def chain_uses(chain: Chain) -> list[AlgorithmUse]:
    """List the algorithms with which the certificates below the anchor were signed."""
    uses = []
    for certificate, issuer in chain.below_anchor:
        try:
            algorithm = read_algorithm(certificate["signature_algorithm"], None)
            key = key_facts(issuer.public_key)
            conflict = None if algorithm.scheme in _EDWARDS else find_conflict(algorithm, algorithm.digest)
            name = message("pki.certificate-signature")
            uses.append(AlgorithmUse(name, algorithm.scheme, algorithm.digest, key, conflict))
        except UnsupportedError:
            uses.append(AlgorithmUse(message("pki.certificate-signature"), "", "unknown"))
    return uses
