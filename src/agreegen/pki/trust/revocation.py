"""Weighing revocation evidence for a whole path (EN 319 102-1, clauses 5.2.5 and 5.2.6).

All evidence counts. One proof of a revocation before the time in question outweighs every `good`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agreegen.model.report import Revocation
from agreegen.pki.certificates import subject_name
from agreegen.pki.trust.chain import TOLERANCE, Chain, ChainBuilder
from agreegen.pki.trust.evidence import EvidencePool, Statement, needs_no_check, offers_revocation

_MAX_DEPTH = 3
_WORST = (Revocation.REVOKED, Revocation.UNKNOWN, Revocation.NOT_OFFERED, Revocation.CLEAR)


@dataclass(frozen=True, slots=True)
class Finding:
    """The revocation status of one certificate, or of a path.

    Attributes:
        status: As the report names it.
        revoked_at: When it was revoked, if so before the time in question.
        later: When it was revoked after the time in question.
        authority: Whether the certificate concerned is a CA of the path.
        reason: One sentence, empty where all is clear.
        stale: Whether evidence was there, but too old.
        newest: thisUpdate of the newest evidence that says good.
    """

    status: Revocation
    revoked_at: datetime | None = None
    later: datetime | None = None
    authority: bool = False
    reason: str = ""
    stale: bool = False
    newest: datetime | None = None


class RevocationJudge:
    """Judges certificates of one file by all evidence at hand.

    Args:
        pool: The evidence.
        builder: Builds paths for signers of evidence.
        now: Time of the verification.
        max_age: Greatest age of evidence at the time in question, None for any.
    """

    def __init__(
        self, pool: EvidencePool, builder: ChainBuilder, now: datetime, max_age: timedelta | None = None
    ) -> None:
        self._pool = pool
        self._builder = builder
        self._now = now
        self._max_age = max_age

    def judge_chain(self, chain: Chain, at: datetime) -> Finding:
        """Judge every certificate of a path but the anchor for one moment; the worst status is the path's."""
        findings = [
            self.judge(certificate, issuer, at, authority=index > 0)
            for index, (certificate, issuer) in enumerate(chain.below_anchor)
        ]
        if not findings:
            return Finding(Revocation.CLEAR)
        worst = min(findings, key=lambda finding: _WORST.index(finding.status))
        later = findings[0].later
        return worst if later is None or worst.status is Revocation.REVOKED else _with_later(worst, later)

    def judge(
        self, certificate: Any, issuer: Any, at: datetime, *, authority: bool, depth: int = 0
    ) -> Finding:
        """Judge one certificate for one moment."""
        name = subject_name(certificate)
        revoked_at: datetime | None = None
        later: datetime | None = None
        newest: datetime | None = None
        seen = stale = False
        for statement in self._pool.statements(certificate, issuer):
            seen = True
            if statement.revoked_at is not None:
                if statement.revoked_at <= at + TOLERANCE:
                    revoked_at = min(revoked_at or statement.revoked_at, statement.revoked_at)
                    continue
                later = min(later or statement.revoked_at, statement.revoked_at)
            if not statement.complete or not self._signer_acceptable(statement, depth):
                continue
            if self._speaks_about(statement, certificate, at):
                newest = max(newest or statement.this_update, statement.this_update)
            else:
                stale = True
        if revoked_at is not None:
            reason = f"the certificate of {name} was revoked on {revoked_at:%Y-%m-%d %H:%M} UTC"
            return Finding(Revocation.REVOKED, revoked_at=revoked_at, authority=authority, reason=reason)
        if newest is not None:
            return Finding(Revocation.CLEAR, later=later, authority=authority, newest=newest)
        if not seen and not offers_revocation(certificate):
            reason = f"the certificate of {name} names no place where its revocation status can be had"
            return Finding(Revocation.NOT_OFFERED, authority=authority, reason=reason)
        what = "too old or not usable" if stale or seen else "missing"
        reason = f"revocation information for the certificate of {name} is {what}"
        return Finding(Revocation.UNKNOWN, later=later, authority=authority, reason=reason, stale=stale)

    def _speaks_about(self, statement: Statement, certificate: Any, at: datetime) -> bool:
        """Say whether a `good` holds for a moment: made after it, or still fresh then."""
        if statement.this_update > self._now + timedelta(minutes=5):
            return False
        if self._max_age is not None and at - statement.this_update > self._max_age:
            return False
        if statement.this_update + TOLERANCE >= at:
            # A list need not name certificates that had expired when it was made.
            expiry = certificate.not_valid_after
            covered = statement.covers_expired_since
            return statement.this_update <= expiry + TOLERANCE or (covered is not None and covered <= expiry)
        if statement.next_update is None:
            return self._max_age is not None
        return at <= statement.next_update + TOLERANCE

    def _signer_acceptable(self, statement: Statement, depth: int) -> bool:
        """Say whether the signer's certificate held when the evidence is known to have existed."""
        signer, moment = statement.signer, statement.proved_at
        if depth >= _MAX_DEPTH:
            return False
        chain = self._builder.chain(signer, moment)
        if chain.anchored and len(chain.certificates) == 1:
            return True
        if chain.problem is not None:
            return False
        if not statement.delegated:
            return True
        if statement.kind == "OCSP" and (needs_no_check(signer) or not offers_revocation(signer)):
            return True
        own = self.judge(signer, chain.certificates[1], moment, authority=False, depth=depth + 1)
        return own.status is Revocation.CLEAR


def _with_later(finding: Finding, later: datetime) -> Finding:
    return Finding(
        finding.status,
        finding.revoked_at,
        later,
        finding.authority,
        finding.reason,
        finding.stale,
        finding.newest,
    )
