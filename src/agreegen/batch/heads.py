"""Signed heads of a register: whether a signature over the chain's count and hash holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agreegen.model.report import Indication, Integrity
from agreegen.register.interface import Head
from agreegen.signing.interface import Trust
from agreegen.verification.detached import verify_detached
from agreegen.verification.interface import Options


def head_checker(trust: Trust, now: datetime) -> Callable[[Head], str | None]:
    """Return a function that says why a head's signature is not good, or None.

    Without trust anchors only the cryptography is judged: whoever can write the register could have signed
    its head with a key of their own, so give anchors.

    Args:
        trust: Anchors and revocation lists.
        now: Aware UTC time of the check.
    """
    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der)

    def check(head: Head) -> str | None:
        if not head.signature:
            return "the head is not signed"
        report = verify_detached(head.message, head.signature, options)
        if report.integrity is not Integrity.INTACT:
            return "; ".join(report.reasons) or "the signature is not intact"
        if trust.anchors_der and report.indication is not Indication.TOTAL_PASSED:
            return "; ".join([report.subindication or report.indication.value, *report.reasons])
        return None

    return check
