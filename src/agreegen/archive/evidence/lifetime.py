"""What a bag's proof rests on, and which of it runs out first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import x509

from agreegen.archive.evidence.store import has_evidence, read_evidence
from agreegen.archive.interface import PAYLOAD_MANIFEST, TOKEN_NAME
from agreegen.errors import UsageError
from agreegen.messages import Message, foreign_text, message
from agreegen.model.text import CertificateName
from agreegen.pki.algorithms import AlgorithmUse
from agreegen.pki.certificates import UNREADABLE
from agreegen.pki.cms.signature_facts import TimestampFacts
from agreegen.pki.cms.timestamp_tokens import check_token
from agreegen.pki.device_certificates import promised_digest
from agreegen.pki.trust.policy import ValidationPolicy

_AT_ONCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that a proof rests on.

    Attributes:
        bag: Path of the bag.
        kind: `certificate`, `algorithm` or `no-evidence`.
        what: The certificate's subject, the algorithm, or the bag.
        ends: When it ends, aware UTC; None where no end is known.
    """

    bag: str
    kind: str
    what: Message
    ends: datetime | None

    def due(self, now: datetime, within: timedelta) -> bool:
        """Whether it has ended, or ends within a time."""
        return self.kind == "no-evidence" or (self.ends is not None and self.ends <= now + within)

    def to_dict(self) -> dict[str, str | None]:
        """Return the JSON object of `archive status --json`."""
        ends = None if self.ends is None else self.ends.isoformat().replace("+00:00", "Z")
        return {"bag": self.bag, "kind": self.kind, "what": str(self.what), "ends": ends}


def endings_of(bag: Path, policy: ValidationPolicy) -> list[Ending]:
    """List what the proof of a bag rests on, what ends first first.

    With evidence, only the newest token counts: it proves all that is older. Without, the bag's own token
    and the certificates of its documents.

    Raises:
        UsageError: It is no bag.
        ArchiveError: The evidence cannot be read.
    """
    if not (bag / PAYLOAD_MANIFEST).is_file():
        raise UsageError(
            message("archive.no-bag", bag=bag),
            hint=message("archive.name-folder-agreegen-archive-create-wrote"),
        )
    found = list(_endings(bag, policy))
    return sorted(
        found, key=lambda ending: (ending.ends is None, ending.ends or datetime.max.replace(tzinfo=UTC))
    )


def _endings(bag: Path, policy: ValidationPolicy) -> Iterator[Ending]:
    label = str(bag)
    if not has_evidence(bag):
        yield Ending(
            label, "no-evidence", message("archive.bag-was-never-timestamped-archive-timestamp"), None
        )
        if (bag / TOKEN_NAME).is_file():
            yield from _of_token(label, (bag / TOKEN_NAME).read_bytes(), policy)
        for path in sorted((bag / "data/certificates").glob("*.cer")):
            certificate = x509.Certificate.load(path.read_bytes())
            if not _ends_at_once(certificate):
                yield from _of_certificate(label, certificate)
        return
    chain = read_evidence(bag).chains[-1]
    yield from _of_algorithm(
        label, AlgorithmUse(message("pki.hash-tree"), "", chain.hash_name.replace("-", "_")), policy
    )
    yield from _of_token(label, chain.stamps[-1].token, policy)


def _of_token(bag: str, token: bytes, policy: ValidationPolicy) -> Iterator[Ending]:
    facts: TimestampFacts = check_token(token, lambda _: b"", "document")
    for certificate in facts.certificates:
        yield from _of_certificate(bag, certificate)
    for use in facts.algorithms:
        yield from _of_algorithm(bag, use, policy)


def _ends_at_once(certificate: Any) -> bool:
    """Tell the certificate of a key that one signature was made with, on its signer's own device.

    It has ended before the document is filed, as it must: a timestamp proves the time of that signature,
    and what the timestamp rests on is listed. Without timestamps it lasts as long as its issuer's.
    """
    try:
        lasts = certificate.not_valid_after - certificate.not_valid_before
    except UNREADABLE:
        return False
    return promised_digest(certificate) is not None and lasts <= _AT_ONCE


def _of_certificate(bag: str, certificate: Any) -> Iterator[Ending]:
    try:
        name = CertificateName(str(certificate.subject.human_friendly))
        yield Ending(bag, "certificate", foreign_text(name), certificate.not_valid_after)
    except (ValueError, TypeError, KeyError, AttributeError):
        return


def _of_algorithm(bag: str, use: AlgorithmUse, policy: ValidationPolicy) -> Iterator[Ending]:
    if use.digest:
        yield Ending(
            bag,
            "algorithm",
            message("pki.use-and-problem", use=use.use, problem=use.digest),
            _midnight(policy.digests.get(use.digest)),
        )
    if use.key is not None:
        fitting = [end for size, end in policy.keys.get(use.key.kind, ()) if use.key.bits >= size]
        end = fitting[-1] if fitting else None
        yield Ending(
            bag,
            "algorithm",
            message("archive.use-of-key", use=use.use, kind=use.key.kind, bits=use.key.bits),
            _midnight(end),
        )


def _midnight(day: Any) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, tzinfo=UTC)
