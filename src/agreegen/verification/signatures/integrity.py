"""The cryptography of one signature of a PDF: which bytes, and by which kind of container they are signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agreegen.messages import Message, message
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import SM2_DEFAULT_ID
from agreegen.pki.cms.container_check import (
    CADES,
    FORMAT_FAILURE,
    PKCS7,
    PKCS7_SHA1,
    check_container,
    check_timestamp,
    digester_for,
)
from agreegen.pki.cms.pkcs1 import check_pkcs1
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.verification.interface import FoundSignature

X509_RSA, RFC3161 = "adbe.x509.rsa_sha1", "ETSI.RFC3161"
PBAD_PADES = "PBAD.PAdES"
"""Brazil's name for CAdES in a PDF (DOC-ICP-15.03)."""


def judge_integrity(
    data: bytes,
    found: FoundSignature,
    *,
    max_cms_bytes: int,
    extra_certificates: Sequence[Any] = (),
    sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,),
) -> SignatureFacts:
    """Check the cryptography of one signature of a PDF.

    Args:
        data: The file.
        found: The signature dictionary.
        max_cms_bytes: Greatest size of a CMS.
        extra_certificates: Further places to look for the signing certificate (asn1crypto).
        sm2_ids: Signer ids to try for SM2.
    """
    problem = _unusable(found, len(data), max_cms_bytes)
    if problem is not None:
        return problem
    assert found.byte_range is not None
    assert found.contents is not None
    digest = digester_for(data, found.byte_range)
    if found.subfilter == X509_RSA:
        return check_pkcs1(found.contents, found.certificates, digest)
    if found.subfilter == RFC3161:
        return check_timestamp(
            found.contents, digest, max_cms_bytes=max_cms_bytes, extra_certificates=extra_certificates
        )
    subfilter = CADES if found.subfilter == PBAD_PADES else found.subfilter
    if subfilter not in {CADES, PKCS7, PKCS7_SHA1}:
        kind = found.subfilter or message("verification.no-kind")
        return SignatureFacts(
            Integrity.UNSUPPORTED,
            "FORMAT_FAILURE",
            reasons=(message("verification.signatures-kind-not-supported", kind=kind),),
        )
    return check_container(
        found.contents,
        digest,
        subfilter=subfilter,
        max_cms_bytes=max_cms_bytes,
        extra_certificates=extra_certificates,
        sm2_ids=sm2_ids,
    )


def _unusable(found: FoundSignature, size: int, max_cms_bytes: int) -> SignatureFacts | None:
    bounds = found.byte_range
    if found.contents is None:
        return _broken(FORMAT_FAILURE, message("verification.signature-dictionary-no-readable-contents"))
    if bounds is None:
        return _broken(FORMAT_FAILURE, message("verification.signature-dictionary-no-usable-byterange"))
    if min(bounds) < 0 or bounds[0] + bounds[1] > size or bounds[2] + bounds[3] > size:
        return _broken(FORMAT_FAILURE, message("verification.byterange-points-outside-file"))
    if len(found.contents) > max_cms_bytes:
        reason = message("verification.signature-container-larger-than-limit")
        return SignatureFacts(Integrity.UNSUPPORTED, "GENERIC", reasons=(reason,))
    return None


def _broken(subindication: str, reason: Message) -> SignatureFacts:
    return SignatureFacts(Integrity.BROKEN, subindication, reasons=(reason,))
