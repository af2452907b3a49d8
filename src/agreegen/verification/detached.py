"""Detached signatures and timestamps over bytes of ours, a manifest or a head, judged like a document's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from agreegen.messages import Message, foreign_text, in_every_language, join_sentences, message
from agreegen.model.report import (
    Changes,
    Coverage,
    Indication,
    Integrity,
    SignatureKind,
    SignatureReport,
    TimeSource,
    TrustStatus,
)
from agreegen.pki.algorithms import compute_digest
from agreegen.pki.cms.container_check import check_container, check_timestamp
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.encoding import der_of
from agreegen.pki.signer_pin import SignerPin, fingerprint
from agreegen.pki.trust.policy import load_policy
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.signatures.judgement import FileJudge

_CADES = "ETSI.CAdES.detached"
_RFC3161 = "ETSI.RFC3161"

Digester = Callable[[str], bytes]


class SealState(StrEnum):
    """The word about a detached signature or token."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was found about a detached signature or token.

    Attributes:
        state: The one word.
        signer: Whom the certificate names.
        time: Proven (token) or claimed (signature) time.
        reasons: Why it is not valid.
        certificate_sha256: SHA-256 of the signer's certificate, lower-case hex.
        pinned: Whether the caller named that certificate as the one it must be.
    """

    state: SealState
    signer: str | Message | None = None
    time: datetime | None = None
    reasons: tuple[Message, ...] = ()
    certificate_sha256: str | None = None
    pinned: bool = False

    @property
    def detail(self) -> Message | None:
        """Who, when, and what is wrong, in one line."""
        time = None if self.time is None else message("verification.seal-time", time=self.time)
        return join_sentences(part for part in (self.signer, time, *self.reasons) if part)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `archive verify --json`."""
        return {
            "state": self.state.value,
            **in_every_language("signer", self.signer),
            "certificate_sha256": self.certificate_sha256,
            "pinned": self.pinned,
            "time": None if self.time is None else self.time.isoformat().replace("+00:00", "Z"),
            **in_every_language("reasons", self.reasons),
        }


def judge_token(token: bytes | None, data: bytes, options: Options) -> SealReport:
    """Judge a timestamp token over bytes (RFC 3161; EN 319 102-1, 5.4).

    Its service must chain to the caller's anchors; nothing beside the bytes is an anchor.
    """
    if token is None:
        return SealReport(SealState.MISSING)
    facts = check_timestamp(token, _digester(data), max_cms_bytes=options.limits.max_cms_bytes)
    report = _judge(token, facts, SignatureKind.TIMESTAMP, _RFC3161, options)
    return _seal_report(report, facts.claimed_time)


def judge_signature(
    signature: bytes | None,
    data: bytes,
    options: Options,
    *,
    subject: Message,
    pin: SignerPin | None = None,
) -> tuple[SealReport, datetime | None]:
    """Judge a detached CAdES signature over bytes (EN 319 122-1).

    Args:
        signature: The signature, DER; None where there is none.
        data: What was signed.
        options: Anchors, revocation lists, policy and time.
        subject: What the bytes are, for the reasons.
        pin: Whose signature it must be; None for any trusted person's.

    Returns:
        The report, and the time that its own trusted signature timestamp proves.
    """
    if signature is None:
        return SealReport(
            SealState.MISSING, reasons=(message("verification.not-signed", subject=subject),)
        ), None
    facts = check_container(
        signature,
        _digester(data),
        subfilter=_CADES,
        max_cms_bytes=options.limits.max_cms_bytes,
        sm2_ids=load_policy(options.policy_file).sm2_signer_ids,
    )
    report = _judge(signature, facts, SignatureKind.SIGNATURE, _CADES, options)
    proved = report.time if report.time_source is TimeSource.TIMESTAMP else None
    seal = _seal_report(report, report.time)
    broken = [
        reason
        for stamp in facts.timestamps
        if stamp.integrity is not Integrity.INTACT
        for reason in stamp.reasons
    ]
    if broken and seal.state is SealState.VALID:
        seal = replace(seal, state=SealState.INDETERMINATE, reasons=(*seal.reasons, *broken))
    seal = _pinned(seal, None if facts.certificate is None else der_of(facts.certificate), pin, subject)
    return seal, proved if seal.state is SealState.VALID else None


def _pinned(
    seal: SealReport, certificate: bytes | None, pin: SignerPin | None, subject: Message
) -> SealReport:
    """Say whose certificate sealed; another one than was asked for is as wrong as a broken seal."""
    if certificate is None:
        return seal
    seal = replace(seal, certificate_sha256=fingerprint(certificate))
    if pin is None:
        return seal
    if pin.matches(certificate):
        return replace(seal, pinned=True)
    reason = message("verification.sealed-by-another", subject=subject, sha256=pin.sha256)
    return replace(seal, state=SealState.INVALID, reasons=(*seal.reasons, reason))


def _digester(data: bytes) -> Digester:
    return lambda name: compute_digest(name, data)


def _judge(
    contents: bytes, facts: SignatureFacts, kind: SignatureKind, subfilter: str, options: Options
) -> SignatureReport:
    found = FoundSignature(
        field=None,
        kind=kind,
        subfilter=subfilter,
        byte_range=None,
        contents=contents,
        revision=0,
        coverage=Coverage.WHOLE_FILE,
        changes=Changes.NONE,
    )
    judge = FileJudge(Structure((0,), (found,)), (facts,), options, load_policy(options.policy_file))
    return judge.report(0, role=None)


def _seal_report(report: SignatureReport, time: datetime | None) -> SealReport:
    if report.indication is Indication.TOTAL_FAILED:
        state = SealState.INVALID
    elif report.indication is Indication.TOTAL_PASSED and report.trust is TrustStatus.TRUSTED:
        state = SealState.VALID
    else:
        state = SealState.INDETERMINATE
    reasons = report.reasons
    if state is not SealState.VALID and not reasons:
        reasons = (foreign_text(report.subindication or report.indication.value),)
    return SealReport(state, report.signer, time, reasons)
