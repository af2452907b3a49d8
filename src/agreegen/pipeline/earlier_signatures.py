"""What must hold of a file and of its earlier signatures before somebody signs beside them."""

from __future__ import annotations

import functools
from collections.abc import Collection
from pathlib import Path

from agreegen.errors import SigningError
from agreegen.forms.catalog import APPROVED_NAME, find_form, forms_folder, has_form, home_of
from agreegen.forms.check import require_usable
from agreegen.messages import join_sentences, message
from agreegen.model.report import (
    DocumentFacts,
    FileReport,
    Indication,
    Revocation,
    SignatureKind,
    TrustStatus,
    Verdict,
)
from agreegen.verification.document_checks import BLOCKING
from agreegen.verification.interface import Options

_NEVER_SIGNED = BLOCKING - {"alias-unconfirmed", "unsigned-content"}
"""Alarms with which nobody signs. An alias is for those who rely on the file to confirm, and what was filled
in after the last signature is what the next one signs."""


def require_signable(report: FileReport, options: Options) -> None:
    """Refuse a file, as it was judged, that nobody should sign.

    Args:
        report: What the examination of the file found.
        options: How it was judged; without anchors nobody is asked who signed before.

    Raises:
        ComplaintsError: The form that it was made from has errors.
        SigningError: The file was altered after an earlier signature, or whether it was cannot be told; it
            does not say what its form says; or an earlier signer is not trusted by the anchors given.
    """
    refuse_altered(report, also=_NEVER_SIGNED)
    _refuse_unjudged(report)
    if options.anchors_der:
        _refuse_signers(report)
    if report.document is not None:
        _refuse_unusable(report.document, forms_folder(options.forms_folder))


def refuse_altered(report: FileReport, *, also: Collection[str] = ()) -> None:
    """Refuse a file that was altered, or of which an alarm says so.

    Args:
        report: What the examination of the file found.
        also: Codes of further alarms with which it is refused.

    Raises:
        SigningError: So it is.
    """
    hint = message("pipeline.ask-original-file-agreegen-verify-says")
    if report.unaltered is False:
        wrong = [alarm.message for alarm in report.alarms if alarm.alters]
        wrong += [reason for s in report.signatures for reason in s.reasons]
        reasons = join_sentences(dict.fromkeys(wrong)) or message("pipeline.signature-does-not-hold")
        raise SigningError(message("pipeline.document-was-changed", reasons=reasons), hint=hint)
    standing = [alarm.message for alarm in report.alarms if alarm.alters or alarm.code in also]
    if standing:
        against = join_sentences(standing)
        raise SigningError(message("pipeline.alarm-stands-against", reasons=against), hint=hint)


def _refuse_unjudged(report: FileReport) -> None:
    """Refuse to add a signature to others that cannot be judged: it would vouch for what nobody has seen.

    Raises:
        SigningError: There are signatures, or there may be some behind a limit that stopped the reading, and
            whether the file was altered after them cannot be told.
    """
    unseen = not report.signatures and report.verdict is not Verdict.UNSIGNED
    if unseen or (report.signatures and report.unaltered is None):
        reasons = [*(a.message for a in report.alarms), *(r for s in report.signatures for r in s.reasons)]
        raise SigningError(
            message(
                "pipeline.whether-document-was-changed-cannot-told",
                reasons=join_sentences(dict.fromkeys(reasons)),
            ),
            hint=message("pipeline.agreegen-verify-says-more"),
        )


def _refuse_signers(report: FileReport) -> None:
    """Refuse to sign beside somebody whom the given anchors do not trust.

    Raises:
        SigningError: An earlier signer's certificate leads to none of them, or was revoked.
    """
    for one in report.signatures:
        if one.kind is not SignatureKind.SIGNATURE:
            continue
        rejected = one.trust is TrustStatus.UNTRUSTED or one.revocation is Revocation.REVOKED
        if rejected or one.indication is Indication.TOTAL_FAILED:
            raise SigningError(
                message(
                    "pipeline.signature-not-trusted",
                    signer=one.signer or message("messages.unknown"),
                    reasons=join_sentences(one.reasons),
                ),
                hint=message("pipeline.if-you-know-signer-add-its"),
            )


def _refuse_unusable(document: DocumentFacts, folder: Path) -> None:
    """Refuse to sign what was made from a form that spoils its pages, e.g. with tags that were not filled.

    Raises:
        ComplaintsError: `forms check` finds an error in that form.
    """
    if not has_form(document.form, folder):
        return  # said by an alarm of its own
    home = home_of(document.form, folder)
    read = (home / APPROVED_NAME, *(home / document.form / name for name in ("form.yaml", "template.docx")))
    _require_usable(document.form, document.form_version, folder, tuple(map(_stamp, read)))


@functools.lru_cache(maxsize=16)
def _require_usable(form_id: str, version: str, folder: Path, _stamps: tuple[object, ...]) -> None:
    """Require it once for many documents, and again where a file that was read is another one."""
    form = find_form(form_id, folder)
    if form.version == version:
        require_usable(form)


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
