"""Registers and ledgers judged: their signed heads like any other signature, and what an audit comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agreegen.chain.audit.interface import Audit, HeadJudgement, JudgeHead, Problem
from agreegen.chain.signed_heads import Head
from agreegen.messages import Message, in_every_language, join_sentences, message
from agreegen.pki.signer_pin import SignerPin
from agreegen.signing.interface import Trust


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
    from agreegen.pki.trust.policy import load_policy  # noqa: PLC0415 - see above
    from agreegen.recording.head_signatures import read_signature  # noqa: PLC0415 - see above
    from agreegen.verification.detached import SealState, judge_signature  # noqa: PLC0415 - see above
    from agreegen.verification.interface import Options  # noqa: PLC0415 - see above

    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der, policy_file=policy)

    def judge(head: Head) -> HeadJudgement:
        report, proved = judge_signature(
            head.signature or None, head.message, options, subject=message("api.the-head")
        )
        read = read_signature(head.signature, head.message, load_policy(policy).sm2_signer_ids)
        good = report.state is SealState.VALID
        if report.state is SealState.INDETERMINATE and not trust.anchors_der:
            good = True
        whose = head.signer or message("messages.nobody")
        said = message(
            "api.signature",
            whose=whose,
            value=message(f"archive.result.{report.state.value}"),
            reasons=join_sentences(report.reasons),
        )
        time = proved or report.time
        reason = None if good else said
        if read is None:
            return HeadJudgement(reason, None, time, proved is not None)
        return HeadJudgement(
            reason, read.signer, time, proved is not None, read.claimed_time, read.timestamped
        )

    return judge


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What was found about a register or a ledger. It has no truth value: ask for `problems`.

    Attributes:
        path: The file.
        kind: What its chain is of, `register` or `ledger`.
        audit: What its chain, its heads, its rows and its files say.
        problems: All that is wrong; none for one that is whole.
        warnings: What deserves a look.
        pinned: Whether the caller named who must have signed its last head.
    """

    path: Path
    kind: str
    audit: Audit
    problems: tuple[Problem, ...]
    warnings: tuple[Message, ...]
    pinned: bool

    def __bool__(self) -> bool:
        raise TypeError("a verdict has no truth value: ask for `problems`")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register verify --json` and `ledger verify --json`."""
        judgement = self.audit.judgement
        who = None if judgement is None or judgement.signer is None else judgement.signer
        time = None if judgement is None or judgement.time is None else judgement.time.isoformat()
        head = None
        if self.audit.head is not None:
            proved = judgement is not None and judgement.proved
            head = {
                "count": self.audit.head.count,
                "code": self.audit.head.code,
                "time": time,
                "time_proved": proved,
            }
        return {
            self.kind: str(self.path),
            "signer": None if who is None else who.to_dict() | in_every_language("name", who),
            "signer_pinned": self.pinned,
            "head": head,
            "problems": [problem.to_dict() for problem in self.problems],
            "events": self.audit.events,
            "unsigned_events": self.audit.unsigned,
        }

    def signer_line(self) -> Message:
        """Say who signed the last head, and whether that was asked for."""
        judgement, head = self.audit.judgement, self.audit.head
        if judgement is None or head is None or judgement.signer is None:
            return message("api.signer-nobody")
        line = message("api.signer", subject=judgement.signer, code_=head.code)
        if judgement.time is not None:
            line = message("api.signer-time", line=line, time=judgement.time)
        if judgement.proved:
            line = message("api.signer-proved", line=line)
        return line if self.pinned else message("api.without-signer-any-trusted-person-would", line=line)


def judge_audit(path: Path, audit: Audit, kind: str, *, strict: bool, pin: SignerPin | None) -> ChainVerdict:
    """Add to an audit what depends on the caller: a chain that nobody signed, or another than was asked for.

    Args:
        path: The file.
        audit: What was found.
        kind: What the chain is of.
        strict: Whether a chain without a signed head is a problem, and no mere warning.
        pin: Whose signature the last head must carry; None for anybody.
    """
    problems, warnings = [*audit.problems], []
    if not audit.problems and audit.events == audit.unsigned:
        text = message("api.no-head-signed-whoever-can-write")
        if strict or pin is not None:
            problems.append(Problem("unsigned", message(f"chain.kind.{kind}"), text))
        else:
            warnings.append(message("cli.told", path=path, text=text))
    problems.extend(_signer_problems(audit, kind, pin))
    return ChainVerdict(path, kind, audit, tuple(problems), tuple(warnings), pin is not None)


def _signer_problems(audit: Audit, kind: str, pin: SignerPin | None) -> list[Problem]:
    if pin is None:
        return []
    place = message(f"chain.kind.{kind}")
    who = None if audit.judgement is None else audit.judgement.signer
    if who is not None and who.certificate_sha256 == pin.sha256:
        # Earlier versions named nobody, and let anybody sign: with a pin, heads of others do not pass.
        others = [each for each in audit.unnamed if each is None or not each.same_as(who)]
        return [
            Problem(
                "other-signer",
                place,
                message("api.heads-signed-before-any-was-named", named=each or message("messages.unknown")),
            )
            for each in sorted(others, key=lambda each: "" if each is None else each.subject)
        ]
    named = message("messages.nobody")
    if who is not None:
        named = message("api.signer-and-certificate", subject=who, sha256=who.certificate_sha256)
    return [Problem("other-signer", place, message("api.its-last-head-signed-not-whom", named=named))]
