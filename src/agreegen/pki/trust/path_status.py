"""What single pieces of evidence say about one certificate of a path that is known to hold.

Who adds evidence to a file needs the piece that speaks, where a verifier weighs all there is; both ask the
same judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agreegen.model.report import Revocation
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.pki.certificates import load_certificates
from agreegen.pki.trust.evidence import EvidencePool, Item, Standing
from agreegen.pki.trust.material import judge_by_evidence
from agreegen.pki.trust.revocation import Finding

_NO_NEXT_UPDATE = timedelta(days=1)
"""So long evidence speaks that does not say when there will be newer one."""


@dataclass(frozen=True, slots=True, eq=False)
class CertificateStatus:
    """Asks evidence about one certificate of a path.

    Attributes:
        path: The path, leaf first, anchor last (asn1crypto).
        index: Which certificate of it is meant; not the anchor.
        at: The moment to judge for, aware UTC.
        now: The time of the judgement, aware UTC.
    """

    path: tuple[Any, ...]
    index: int
    at: datetime
    now: datetime

    @property
    def certificate(self) -> Any:
        """The certificate in question."""
        return self.path[self.index]

    @property
    def issuer(self) -> Any:
        """The certificate of its authority."""
        return self.path[self.index + 1]

    def weigh(self, crls: Sequence[bytes], ocsps: Sequence[bytes] = ()) -> Finding:
        """Return what revocation lists and OCSP responses say together, DER."""
        finding = self._weigh(crls, ocsps, None)
        if finding.status is Revocation.UNKNOWN and finding.later is None:
            finding = self._weigh(crls, ocsps, _NO_NEXT_UPDATE)
        return finding

    def is_unknown(self, ocsps: Sequence[bytes]) -> bool:
        """Say whether a responder who may speak about the certificate does not know it."""
        return self._pool(ocsps).unknown_to_responder(self.certificate, self.issuer)

    def responders(self, ocsps: Sequence[bytes]) -> list[Any]:
        """Return the responders, other than the authority itself, who speak about the certificate."""
        spoken = self._pool(ocsps).statements(self.certificate, self.issuer)
        return [statement.signer for statement in spoken if statement.standing is Standing.DELEGATED]

    def _weigh(self, crls: Sequence[bytes], ocsps: Sequence[bytes], max_age: timedelta | None) -> Finding:
        told = self._told_at(crls, ocsps)
        lists, answers = ([Item(der, told) for der in ders] for ders in (crls, ocsps))
        _, judge = judge_by_evidence(
            self.path[-1:], self.path[:-1], lists, answers, max(self.now, told), max_age=max_age
        )
        authority, anchor = self.index > 0, self.path[-1]
        return judge.judge(self.certificate, self.issuer, self.at, authority=authority, anchor=anchor)

    def _told_at(self, crls: Sequence[bytes], ocsps: Sequence[bytes]) -> datetime:
        """Return when evidence spoke: younger than the time in question is better, not than the expiry."""
        spoken = self._pool(ocsps, crls).statements(self.certificate, self.issuer)
        told = max((statement.this_update for statement in spoken), default=self.at)
        return max(self.at, told) if told <= self.certificate.not_valid_after else self.at

    def _pool(self, ocsps: Sequence[bytes], crls: Sequence[bytes] = ()) -> EvidencePool:
        lists, answers = ([Item(der, self.at) for der in ders] for ders in (crls, ocsps))
        return EvidencePool(lists, answers, self.path, (SM2_DEFAULT_ID,))


def statuses_of(path_der: Sequence[bytes], at: datetime, now: datetime) -> list[CertificateStatus]:
    """Return what asks about each certificate of a path but its anchor.

    Args:
        path_der: The path, leaf first, anchor last, DER.
        at: The moment to judge for, aware UTC.
        now: The time of the judgement, aware UTC.
    """
    path = tuple(load_certificates(path_der))
    return [CertificateStatus(path, index, at, now) for index in range(len(path) - 1)]
