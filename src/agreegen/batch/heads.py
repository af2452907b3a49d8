"""The signed heads of a register: made by a credential of the job, judged like any other signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.register.audit import CheckHead
from agreegen.register.interface import Head
from agreegen.signing.detached import sign_detached
from agreegen.signing.interface import Credential, Trust

__all__ = ["head_checker", "head_signer", "head_warnings"]


def head_warnings(job: Job) -> list[str]:
    """Say where nothing in a job signs the heads of its register."""
    own = [signature for signature in job.signatures if not signature.personal]
    if own or job.archive is not None or job.register_credential is not None or not job.signatures:
        return []
    return [
        "no credential of the job signs the register, so whoever can write to it could compute it anew; "
        "name one under register_credential"
    ]


def head_signer(credential: Credential, now: datetime) -> Callable[[bytes], bytes]:
    """Return what `Register.sign_head` needs: a detached CAdES signature by this credential."""
    return lambda message: sign_detached(message, credential, now)


def head_checker(trust: Trust, now: datetime, *, policy: Path | None = None) -> CheckHead:
    """Return what `verify_register` needs to judge heads.

    With anchors a head must be signed by someone who chains to them. Without, it is only known that the
    signature fits the head; whose it is remains open.

    Args:
        trust: Anchors and revocation lists.
        now: Time of the verification, aware UTC.
        policy: Validation policy, None for the built-in one.
    """
    # Judging takes long to load, and a run only signs.
    from agreegen.archive.interface import SealState  # noqa: PLC0415 - see above
    from agreegen.archive.judging import judge_signature  # noqa: PLC0415 - see above
    from agreegen.verification.interface import Options  # noqa: PLC0415 - see above

    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der, policy_file=policy)

    def check(head: Head) -> str | None:
        report, _ = judge_signature(head.signature or None, head.message, options)
        if report.state is SealState.VALID:
            return None
        if report.state is SealState.INDETERMINATE and not trust.anchors_der:
            return None
        return (
            f"the signature of {head.signer or 'nobody'} is {report.state.value}: {'; '.join(report.reasons)}"
        )

    return check
