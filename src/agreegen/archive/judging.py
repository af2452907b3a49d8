"""The signature and the timestamp token over a bag's tag manifest, judged like those of a document."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from agreegen.archive.interface import SealReport, SealState
from agreegen.messages import foreign_text, message
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
_DOCUMENTS_PER_PROCESS = 50

Digester = Callable[[str], bytes]


def judging_processes(documents: int) -> int:
    """Return how many processes judge so many documents: starting one costs as much as a few dozen."""
    return min(os.cpu_count() or 1, 8, 1 + documents // _DOCUMENTS_PER_PROCESS)


def judge_token(token: bytes | None, data: bytes, options: Options) -> SealReport:
    """Judge the timestamp token over the tag manifest (RFC 3161; EN 319 102-1, 5.4).

    Its service must chain to the caller's anchors; nothing in the bag is an anchor.
    """
    if token is None:
        return SealReport(SealState.MISSING)
    facts = check_timestamp(token, _digester(data), max_cms_bytes=options.limits.max_cms_bytes)
    report = _judge(token, facts, SignatureKind.TIMESTAMP, _RFC3161, options)
    return _seal_report(report, facts.claimed_time)


def judge_signature(
    signature: bytes | None, data: bytes, options: Options, pin: SignerPin | None = None
) -> tuple[SealReport, datetime | None]:
    """Judge the detached CAdES signature over the tag manifest (EN 319 122-1).

    Args:
        signature: The signature, DER; None where there is none.
        data: The tag manifest.
        options: Anchors, revocation lists, policy and time.
        pin: Whose signature it must be; None for any trusted person's.

    Returns:
        The report, and the time that its own trusted signature timestamp proves.
    """
    if signature is None:
        return SealReport(SealState.MISSING, reasons=(message("archive.bag-not-signed"),)), None
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
    seal = _pinned(seal, None if facts.certificate is None else der_of(facts.certificate), pin)
    return seal, proved if seal.state is SealState.VALID else None


def _pinned(seal: SealReport, certificate: bytes | None, pin: SignerPin | None) -> SealReport:
    """Say whose certificate sealed; another one than was asked for is as wrong as a broken seal."""
    if certificate is None:
        return seal
    seal = replace(seal, certificate_sha256=fingerprint(certificate))
    if pin is None:
        return seal
    if pin.matches(certificate):
        return replace(seal, pinned=True)
    reason = message("archive.bag-was-sealed-another-certificate-than", sha256=pin.sha256)
    return replace(seal, state=SealState.INVALID, reasons=(*seal.reasons, reason))


def _digester(data: bytes) -> Digester:
    return lambda name: compute_digest(name, data)


def _judge(
    contents: bytes, facts: SignatureFacts, kind: SignatureKind, subfilter: str, options: Options
) -> SignatureReport:
    found = FoundSignature(
        field=None,
        object_number=None,
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
