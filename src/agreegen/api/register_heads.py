"""The signed heads of a register, judged like any other signature."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from agreegen.chain.audit.interface import HeadJudgement, JudgeHead
from agreegen.chain.heads import Head
from agreegen.recording.head_signatures import signer_of
from agreegen.signing.interface import Trust

__all__ = ["head_judge"]


def head_judge(trust: Trust, now: datetime, *, policy: Path | None = None) -> JudgeHead:
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
    from agreegen.pki.trust.policy import load_policy  # noqa: PLC0415 - see above
    from agreegen.verification.interface import Options  # noqa: PLC0415 - see above

    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der, policy_file=policy)

    def judge(head: Head) -> HeadJudgement:
        report, proved = judge_signature(head.signature or None, head.message, options)
        signer = signer_of(head, load_policy(policy).sm2_signer_ids)
        good = report.state is SealState.VALID
        if report.state is SealState.INDETERMINATE and not trust.anchors_der:
            good = True
        whose = head.signer or "nobody"
        reason = f"the signature of {whose} is {report.state.value}: {'; '.join(report.reasons)}"
        time = proved or report.time
        return HeadJudgement(None if good else reason, signer, time, proved is not None)

    return judge
