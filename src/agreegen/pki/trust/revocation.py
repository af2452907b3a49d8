"""Weighing revocation evidence for a whole path (EN 319 102-1, clauses 5.2.5 and 5.2.6).

All evidence counts. One proof of a revocation before the time in question outweighs every `good`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from agreegen.messages import Message, message
from agreegen.model.report import Revocation
from agreegen.pki.certificates import subject_name
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.chain import ChainBuilder
from agreegen.pki.trust.chain_result import TOLERANCE, Chain, ChainProblem
from agreegen.pki.trust.evidence import EvidencePool, Standing, Statement, needs_no_check, offers_revocation

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
        reason: One sentence, None where all is clear.
        newest: thisUpdate of the newest evidence that says good.
    """

    status: Revocation
    revoked_at: datetime | None = None
    later: datetime | None = None
    authority: bool = False
    reason: Message | None = None
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
        self._signers: dict[tuple[bytes, datetime, bytes, int], Revocation] = {}

    def judge_chain(self, chain: Chain, at: datetime, *, depth: int = 0) -> Finding:
        """Judge every certificate of a path but the anchor for one moment; the worst status is the path's."""
        anchor = chain.certificates[-1]
        findings = [
            self.judge(certificate, issuer, at, authority=index > 0, anchor=anchor, depth=depth)
            for index, (certificate, issuer) in enumerate(chain.below_anchor)
        ]
        if not findings:
            return Finding(Revocation.CLEAR)
        worst = min(findings, key=lambda finding: _WORST.index(finding.status))
        later = findings[0].later
        return worst if later is None or worst.status is Revocation.REVOKED else replace(worst, later=later)

    def judge(
        self,
        certificate: Any,
        issuer: Any,
        at: datetime,
        *,
        authority: bool,
        anchor: Any | None = None,
        depth: int = 0,
    ) -> Finding:
        """Judge one certificate for one moment.

        Args:
            certificate: The certificate in question.
            issuer: The certificate of the authority that issued it.
            at: The moment.
            authority: Whether the certificate is a CA of its path.
            anchor: Where its path ends; without one only the issuer's own key speaks about it.
            depth: How many signers of evidence led here.
        """
        seen: list[Statement] = self._pool.statements(certificate, issuer)
        counting = [statement for statement in seen if self._counts(statement, anchor, depth)]
        revoked_at = min((s.revoked_at for s in counting if s.revoked_at is not None), default=None)
        name = subject_name(certificate)
        if revoked_at is not None and revoked_at <= at + TOLERANCE:
            reason = message("pki.certificate-revoked-at", name=name, revoked_at=revoked_at)
            return Finding(Revocation.REVOKED, revoked_at=revoked_at, authority=authority, reason=reason)
        later = revoked_at
        speaking = [
            s.this_update
            for s in counting
            if s.complete and self._signer_held(s, anchor, depth) and self._speaks_about(s, certificate, at)
        ]
        if speaking:
            return Finding(Revocation.CLEAR, later=later, authority=authority, newest=max(speaking))
        if not seen and not offers_revocation(certificate):
            reason = message("pki.certificate-names-no-place-where-revocation", name=name)
            return Finding(Revocation.NOT_OFFERED, authority=authority, reason=reason)
        code = "pki.revocation-information-old" if seen else "pki.revocation-information-missing"
        reason = message(code, name=name)
        return Finding(Revocation.UNKNOWN, later=later, authority=authority, reason=reason)

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

    def _counts(self, statement: Statement, anchor: Any | None, depth: int) -> bool:
        """Say whether a statement is the word of the authority in question, even one of a revocation.

        A list of another authority that took the same name, and a responder that its own authority's list
        names revoked, say nothing.
        """
        if statement.standing is Standing.OWN_KEY:
            return True
        if anchor is None or depth >= _MAX_DEPTH:
            return False
        chain = self._builder.chain(statement.signer, statement.proved_at, anchor=anchor)
        if not chain.anchored or chain.problem not in {None, ChainProblem.EXPIRED}:
            return False
        return self._status_of_signer(statement, chain, depth) is not Revocation.REVOKED

    def _status_of_signer(self, statement: Statement, chain: Chain, depth: int) -> Revocation:
        """Judge a signer that is not the authority's own key; many statements have the same one."""
        signer, moment = statement.signer, statement.proved_at
        key = der_of(signer), moment, der_of(chain.certificates[-1]), depth
        if key not in self._signers:
            if statement.standing is Standing.DELEGATED and len(chain.certificates) > 1:
                found = self.judge(
                    signer,
                    chain.certificates[1],
                    moment,
                    authority=False,
                    anchor=chain.certificates[-1],
                    depth=depth + 1,
                )
            else:
                found = self.judge_chain(chain, moment, depth=depth + 1)
            self._signers[key] = found.status
        return self._signers[key]

    def _signer_held(self, statement: Statement, anchor: Any | None, depth: int) -> bool:
        """Say whether the signer's certificate held when the evidence is known to have existed."""
        if depth >= _MAX_DEPTH:
            return False
        signer, moment = statement.signer, statement.proved_at
        chain = self._builder.chain(signer, moment, anchor=anchor)
        if chain.anchored and len(chain.certificates) == 1:
            return True
        if chain.problem is not None:
            return False
        if statement.standing is Standing.OWN_KEY:
            return True
        own = self._status_of_signer(statement, chain, depth)
        if own is Revocation.CLEAR:
            return True
        # A responder may be exempt (RFC 6960, 4.2.2.2.1), but not once its authority says that it is revoked.
        exempt = needs_no_check(signer) or not offers_revocation(signer)
        return own is not Revocation.REVOKED and statement.standing is Standing.DELEGATED and exempt
