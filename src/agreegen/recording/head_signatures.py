"""Whose signature a head carries, and whether it fits: what a writer asks before it goes on behind a head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agreegen.chain.signed_heads import Head, SignerIdentity
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import SM2_DEFAULT_ID, compute_digest
from agreegen.pki.cms.container_check import check_container
from agreegen.recording.signer import identity_of

__all__ = ["HeadSignature", "read_signature", "signer_of", "signer_of_bytes"]

_CADES = "ETSI.CAdES.detached"
_MAX_CMS_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class HeadSignature:
    """A signature that fits its head.

    Attributes:
        signer: Whose certificate made it.
        claimed_time: When, as it says itself, to the second.
    """

    signer: SignerIdentity
    claimed_time: datetime | None


def signer_of(head: Head, sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,)) -> SignerIdentity | None:
    """Return whose certificate made the signature of a head; None where it does not fit the head.

    This says nothing of trust.

    Args:
        head: The head.
        sm2_ids: Signer ids that SM2 signatures may be made with.
    """
    return signer_of_bytes(head.signature, head.message, sm2_ids)


def signer_of_bytes(
    signature: bytes, message: bytes, sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,)
) -> SignerIdentity | None:
    """Return whose certificate made a detached signature over a message; None where it does not fit."""
    read = read_signature(signature, message, sm2_ids)
    return None if read is None else read.signer


def read_signature(
    signature: bytes, message: bytes, sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,)
) -> HeadSignature | None:
    """Return what a detached signature over a message says of itself; None where it does not fit."""
    if not signature:
        return None
    facts = check_container(
        signature,
        lambda name: compute_digest(name, message),
        subfilter=_CADES,
        max_cms_bytes=_MAX_CMS_BYTES,
        sm2_ids=sm2_ids,
    )
    if facts.integrity is not Integrity.INTACT or facts.certificate is None:
        return None
    return HeadSignature(identity_of(facts.certificate.dump()), facts.claimed_time)
