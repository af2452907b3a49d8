"""Detached signatures and timestamp tokens over bytes that are no PDF, e.g. an archive's manifest."""

from __future__ import annotations

from datetime import datetime

from agreegen.model.report import Changes, Coverage, Integrity, SignatureKind, SignatureReport
from agreegen.pki.algorithms import compute_digest
from agreegen.pki.certificates import load_certificates
from agreegen.pki.cms.container_check import CADES, check_container
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.cms.timestamp_tokens import check_token
from agreegen.pki.trust.policy import load_policy
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.signatures.judgement import FileJudge


def verify_detached(data: bytes, cms_der: bytes, options: Options) -> SignatureReport:
    """Judge a detached CAdES signature (EN 319 122-1) over some bytes.

    Args:
        data: The signed bytes.
        cms_der: The CMS, DER.
        options: Anchors, revocation lists, time and policy.

    Raises:
        InputError: The policy file is wrong.
    """
    policy = load_policy(options.policy_file)
    facts = check_container(
        cms_der,
        lambda name: compute_digest(name, data),
        subfilter=CADES,
        max_cms_bytes=options.limits.max_cms_bytes,
        extra_certificates=load_certificates(options.anchors_der),
        sm2_ids=policy.sm2_signer_ids,
    )
    found = FoundSignature(
        field=None,
        object_number=None,
        kind=SignatureKind.SIGNATURE,
        subfilter=CADES,
        byte_range=None,
        contents=cms_der,
        revision=0,
        coverage=Coverage.WHOLE_FILE,
        changes=Changes.NONE,
        claimed_time=facts.claimed_time,
    )
    structure = Structure(revisions=(len(data),), signatures=(found,))
    return FileJudge(structure, (facts,), options, policy).report(0, role=None)


def verify_timestamp_token(
    token_der: bytes, data: bytes, options: Options
) -> tuple[bool, datetime | None, tuple[str, ...]]:
    """Judge an RFC 3161 token over some bytes.

    Args:
        token_der: The token, DER.
        data: The stamped bytes.
        options: Anchors, revocation lists, time and policy.

    Returns:
        Whether the token is right and trusted, the time it states, and what is wrong.

    Raises:
        InputError: The policy file is wrong.
    """
    policy = load_policy(options.policy_file)
    stamp = check_token(token_der, lambda name: compute_digest(name, data), "document")
    if stamp.integrity is not Integrity.INTACT or stamp.time is None:
        return False, stamp.time, stamp.reasons
    holder = SignatureFacts(
        Integrity.INTACT,
        certificates=stamp.certificates,
        crls_der=stamp.crls_der,
        ocsps_der=stamp.ocsps_der,
    )
    found = FoundSignature(
        field=None,
        object_number=None,
        kind=SignatureKind.SIGNATURE,
        subfilter=None,
        byte_range=None,
        contents=token_der,
        revision=None,
        coverage=Coverage.WHOLE_FILE,
        changes=Changes.NONE,
    )
    judge = FileJudge(Structure(revisions=(), signatures=(found,)), (holder,), options, policy)
    result = judge.certificates.judge_stamp(stamp, judge.now)
    return result.subindication is None, stamp.time, result.reasons
