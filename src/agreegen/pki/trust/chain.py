"""Certification paths (RFC 5280, clause 6.1) from a certificate to the anchors that the caller gave.

Revocation is judged elsewhere; here a path is built and validated for one moment.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from asn1crypto import algos

from agreegen.pki.algorithms import (
    SM2_DEFAULT_ID,
    AlgorithmUse,
    UnsupportedError,
    check_signature,
    key_facts,
    read_algorithm,
)
from agreegen.pki.encoding import der_of

if TYPE_CHECKING:
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.path import ValidationPath

MAX_PATHS = 16
MAX_POOL = 512
_MAX_KEPT = 64
TOLERANCE = timedelta(seconds=1)


class ChainProblem(StrEnum):
    """Why no path holds."""

    NONE_FOUND = "no chain"
    INVALID = "invalid"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Chain:
    """A path that was found, and what is wrong with it.

    Attributes:
        certificates: The certificate first, the anchor last (asn1crypto); alone where none was found.
        anchored: Whether it ends at an anchor.
        problem: What is wrong; None where it holds.
        message: The same for people.
    """

    certificates: tuple[Any, ...]
    anchored: bool
    problem: ChainProblem | None = None
    message: str = ""

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
            uses.append(AlgorithmUse("certificate signature", algorithm.scheme, algorithm.digest, key))
        except UnsupportedError:
            uses.append(AlgorithmUse("certificate signature", "", "unknown"))
    return uses


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
    """Say whether one certificate was signed with the key of another."""
    return signature_holds(
        der_of(issuer.public_key),
        certificate["signature_algorithm"].dump(),
        der_of(certificate["tbs_certificate"]),
        certificate["signature_value"].native,
        sm2_ids,
    )


_Key = tuple[frozenset[bytes], tuple[str, ...], bytes, datetime]
_HOLDING: dict[_Key, Chain] = {}
_MAX_REMEMBERED = 1024


def _remember(key: _Key, chain: Chain) -> None:
    if len(_HOLDING) >= _MAX_REMEMBERED:
        _HOLDING.clear()
    _HOLDING[key] = chain


class ChainBuilder:
    """Builds and validates paths from one pool of certificates to fixed anchors.

    Args:
        anchors: Trust anchors (asn1crypto).
        pool: Other certificates, trusted for nothing.
        sm2_ids: SM2 signer ids to try.
    """

    def __init__(self, anchors: Sequence[Any], pool: Iterable[Any], sm2_ids: tuple[str, ...]) -> None:
        self.anchors = tuple(anchors)
        # Authorities sign certificates under the default id, whatever was agreed for documents.
        self.sm2_ids = tuple(dict.fromkeys((*sm2_ids, SM2_DEFAULT_ID)))
        self.pool = tuple({der_of(c): c for c in pool}.values())[:MAX_POOL]
        self._pool_ders = frozenset(der_of(item) for item in self.pool)
        self._anchor_ders = frozenset(der_of(anchor) for anchor in self.anchors)
        self._paths: dict[bytes, list[ValidationPath]] = {}
        self._contexts: dict[datetime, ValidationContext] = {}

    def _context(self, moment: datetime) -> ValidationContext:
        from agreegen.pki.trust.path_validation import make_context  # noqa: PLC0415 - only with anchors

        if moment not in self._contexts:
            if len(self._contexts) >= _MAX_KEPT:
                self._contexts.clear()
            self._contexts[moment] = make_context(self.anchors, self.pool, moment, self.sm2_ids)
        return self._contexts[moment]

    def chain(self, certificate: Any, moment: datetime) -> Chain:
        """Return the path that holds at a moment, or the best one that does not."""
        if not self.anchors:
            return Chain(
                (certificate,), anchored=False, problem=ChainProblem.NONE_FOUND, message="no anchors given"
            )
        own = der_of(certificate)
        if own in self._anchor_ders:
            return _judge_lone_anchor((certificate,), moment)
        # A chain that holds does so whatever else lies in the pool, so it is known for other files, too, if
        # they bring its certificates: a verdict must not depend on the files that were judged before.
        key = (self._anchor_ders, self.sm2_ids, own, moment)
        known = _HOLDING.get(key)
        if known is None or not self._has_all(known):
            known = self._search(certificate, moment)
            if known.problem is None:
                _remember(key, known)
        return known

    def _has_all(self, chain: Chain) -> bool:
        """Say whether all certificates between a chain's first one and its anchor are at hand here."""
        return all(der_of(item) in self._pool_ders for item in chain.certificates[1:-1])

    def _search(self, certificate: Any, moment: datetime) -> Chain:
        from agreegen.pki.trust.path_validation import validate  # noqa: PLC0415 - takes long to load

        context = self._context(moment)
        best: Chain | None = None
        for path in self._candidates(certificate, context):
            chain = validate(path, certificate, context)
            if chain.problem is None:
                return chain
            if best is None or _rank(chain) > _rank(best):
                best = chain
        message = "no chain to a trust anchor was found"
        return best or Chain((certificate,), anchored=False, problem=ChainProblem.NONE_FOUND, message=message)

    def _candidates(self, certificate: Any, context: ValidationContext) -> list[ValidationPath]:
        from agreegen.pki.trust.path_validation import collect  # noqa: PLC0415 - see above

        key = der_of(certificate)
        if key not in self._paths:
            if len(self._paths) >= _MAX_KEPT:
                self._paths.clear()
            self._paths[key] = collect(context, certificate)
        return self._paths[key]


def _judge_lone_anchor(certificates: tuple[Any, ...], moment: datetime) -> Chain:
    """A signer that is itself an anchor has no path, but its own dates still bind it."""
    problem, message = None, ""
    if moment + TOLERANCE < certificates[0].not_valid_before:
        problem, message = ChainProblem.NOT_YET_VALID, "the certificate is not valid yet"
    elif moment - TOLERANCE > certificates[0].not_valid_after:
        problem, message = ChainProblem.EXPIRED, "the certificate has expired"
    return Chain(certificates, anchored=True, problem=problem, message=message)


def _rank(chain: Chain) -> int:
    order = {ChainProblem.INVALID: 0, ChainProblem.NOT_YET_VALID: 1, ChainProblem.EXPIRED: 2}
    return order.get(chain.problem, 3) if chain.problem else 4
