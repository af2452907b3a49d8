"""What `verify` says against the signatures of a document of ours, told to whoever goes on from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agreegen.foreign.confinement import ConfinedError
from agreegen.messages import Message, message
from agreegen.model.report import FileReport, SignatureKind, TrustStatus
from agreegen.signing.interface import Trust
from agreegen.verification.confined import command_process
from agreegen.verification.interface import Options

_WRONG_SIGNER = "wrong-signer"


def examine_own(data: bytes, trust: Trust, now: datetime) -> FileReport | Message:
    """Judge a document of ours in the process for files; return the report, or why there is none."""
    options = Options(now=now, anchors_der=trust.anchors_der, crls_der=trust.crls_der)
    try:
        return command_process().examine("", data, options)
    except ConfinedError as exc:
        return message("verification.cannot-be-judged", why=exc)


def signature_problems(report: FileReport, trust: Trust) -> Iterator[Message]:
    """Yield what speaks against the signatures; whose they may be counts where there are anchors."""
    signed = [each for each in report.signatures if each.kind is SignatureKind.SIGNATURE]
    if signed and report.unaltered is not True:
        yield message("recording.its-signatures-not-right")
    if any(alarm.code == _WRONG_SIGNER for alarm in report.alarms):
        yield message("recording.somebody-signed-another-one-place")
    strangers = [
        each.signer or message("messages.nobody") for each in signed if each.trust is not TrustStatus.TRUSTED
    ]
    if trust.anchors_der and strangers:
        yield message("recording.was-signed-whom-job-does-not", strangers=tuple(strangers))
