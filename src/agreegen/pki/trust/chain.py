"""Certification paths (RFC 5280, clause 6.1) from a certificate to the anchors that the caller gave.

Revocation is judged elsewhere; here a path is built and validated for one moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agreegen.messages import message
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.chain_result import TOLERANCE, Chain, ChainProblem
from agreegen.pki.trust.issuing import issued_by
from agreegen.pki.trust.path_search import Path, PathSearch, may_issue

if TYPE_CHECKING:
    from pyhanko_certvalidator import ValidationContext

MAX_POOL = 512
_MAX_KEPT = 64


_Key = tuple[frozenset[bytes], tuple[str, ...], bytes, datetime, bytes | None]
_HOLDING: dict[_Key, Chain] = {}
_MAX_REMEMBERED = 1024


def _remember(key: _Key, chain: Chain) -> None:
    if len(_HOLDING) >= _MAX_REMEMBERED:
        _HOLDING.clear()
    _HOLDING[key] = chain


class ChainBuilder:
    """Builds and validates paths from one pool of certificates to fixed anchors.

    Args:
        anchors: Trust anchors (asn1crypto); those that are no authorities stand for themselves only.
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
        self._authorities = tuple(anchor for anchor in self.anchors if may_issue(anchor))
        self._search = PathSearch(self._authorities, self.pool, self._is_issued_by)
        self._paths: dict[bytes, list[Path]] = {}
        self._contexts: dict[datetime, ValidationContext] = {}

    def _is_issued_by(self, certificate: Any, issuer: Any) -> bool:
        return issued_by(certificate, issuer, self.sm2_ids)

    def chain(self, certificate: Any, moment: datetime, *, anchor: Any | None = None) -> Chain:
        """Return the path that holds at a moment, or the best one that does not.

        Args:
            certificate: Where the path begins.
            moment: The moment for which it is validated.
            anchor: The one anchor at which it has to end; None for any.
        """
        if not self.anchors:
            return Chain(
                (certificate,),
                anchored=False,
                problem=ChainProblem.NONE_FOUND,
                sentence=message("pki.no-anchors-given"),
            )
        own = der_of(certificate)
        wanted = None if anchor is None else der_of(anchor)
        if own in self._anchor_ders and wanted in {None, own}:
            return _judge_lone_anchor((certificate,), moment)
        # A chain that holds does so whatever else lies in the pool, so it is known for other files, too, if
        # they bring its certificates: a verdict must not depend on the files that were judged before.
        key = (self._anchor_ders, self.sm2_ids, own, moment, wanted)
        known = _HOLDING.get(key)
        if known is None or not self._has_all(known):
            known = self._find(certificate, moment, wanted)
            if known.problem is None:
                _remember(key, known)
        return known

    def _has_all(self, chain: Chain) -> bool:
        """Say whether all certificates between a chain's first one and its anchor are at hand here."""
        return all(der_of(item) in self._pool_ders for item in chain.certificates[1:-1])

    def _find(self, certificate: Any, moment: datetime, anchor: bytes | None) -> Chain:
        best: Chain | None = None
        for path in self._candidates(certificate):
            if anchor is not None and der_of(path[-1]) != anchor:
                continue
            chain = self._validate(path, moment)
            if chain.problem is None:
                return chain
            if best is None or _rank(chain) > _rank(best):
                best = chain
        nothing = message("pki.no-chain-trust-anchor-found")
        return best or Chain(
            (certificate,), anchored=False, problem=ChainProblem.NONE_FOUND, sentence=nothing
        )

    def _candidates(self, certificate: Any) -> list[Path]:
        key = der_of(certificate)
        if key not in self._paths:
            if len(self._paths) >= _MAX_KEPT:
                self._paths.clear()
            self._paths[key] = self._search.paths(certificate)
        return self._paths[key]

    def _validate(self, path: Path, moment: datetime) -> Chain:
        from agreegen.pki.trust.path_validation import make_context, validate  # noqa: PLC0415 - slow to load

        if moment not in self._contexts:
            if len(self._contexts) >= _MAX_KEPT:
                self._contexts.clear()
            self._contexts[moment] = make_context(self._authorities, self.pool, moment, self.sm2_ids)
        return validate(path, self._contexts[moment])


def _judge_lone_anchor(certificates: tuple[Any, ...], moment: datetime) -> Chain:
    """A signer that is itself an anchor has no path, but its own dates still bind it."""
    if moment + TOLERANCE < certificates[0].not_valid_before:
        problem, sentence = ChainProblem.NOT_YET_VALID, message("pki.certificate-not-valid-yet")
        return Chain(certificates, anchored=True, problem=problem, sentence=sentence)
    if moment - TOLERANCE > certificates[0].not_valid_after:
        problem, sentence = ChainProblem.EXPIRED, message("pki.certificate-expired")
        return Chain(certificates, anchored=True, problem=problem, sentence=sentence)
    return Chain(certificates, anchored=True)


def _rank(chain: Chain) -> int:
    order = {ChainProblem.INVALID: 0, ChainProblem.NOT_YET_VALID: 1, ChainProblem.EXPIRED: 2}
    return order.get(chain.problem, 3) if chain.problem else 4
