"""Whose signature a head carries, and whether it fits: what a writer asks before it goes on behind a head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agreegen.chain.signed_heads import SignerIdentity
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import SM2_DEFAULT_ID, compute_digest
from agreegen.pki.cms.container_check import check_container
from agreegen.recording.signer import identity_of

_CADES = "ETSI.CAdES.detached"
_MAX_CMS_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class HeadSignature:
    """A signature that fits its head.

    Attributes:
        signer: Whose certificate made it.
        claimed_time: When, as it says itself, to the second.
        certificate_der: That certificate, DER.
        others_der: The certificates that came with it, DER.
        timestamped: Whether it carries a timestamp, whoever's.
    """

    signer: SignerIdentity
    claimed_time: datetime | None
    certificate_der: bytes
    others_der: tuple[bytes, ...] = ()
    timestamped: bool = False


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
    own = facts.certificate.dump()
    others = tuple(each.dump() for each in facts.certificates)
    return HeadSignature(identity_of(own), facts.claimed_time, own, others, bool(facts.timestamps))
