"""Files that come from elsewhere: judged as `verify` does, signed or extended, and judged once more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.errors import SigningError
from agreegen.forms.catalog import find_form, forms_folder, list_forms
from agreegen.forms.check import require_usable
from agreegen.model.report import (
    DocumentFacts,
    FileReport,
    Indication,
    PadesLevel,
    Revocation,
    SignatureKind,
    TrustStatus,
)
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.prepared import SigningIdentity
from agreegen.verification.document_checks import BLOCKING
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options

_NEVER_SIGNED = BLOCKING - {"alias-unconfirmed", "unsigned-content"}
"""Alarms with which nobody signs. An alias is for those who rely on the file to confirm, and what was filled
in after the last signature is what the next one signs."""


def identify(pdf: bytes) -> str:
    """Return the id of the document that a file says it is.

    Raises:
        SigningError: It says nothing of the kind, or cannot be read.
    """
    from agreegen.signing.document_reading import read_state  # noqa: PLC0415 - loads pyHanko

    document = read_state(pdf).document
    if document is None:
        raise SigningError(
            "the file does not say which document it is", hint="only documents of agreegen are registered"
        )
    return document.id


def choose_role(pdf: bytes, credential: Credential, request: SigningRequest) -> str:
    """Return the one role that a credential can sign next in a file.

    Args:
        pdf: The file.
        credential: Key and certificate.
        request: How to sign; its role does not matter.

    Raises:
        SigningError: There is none or more than one, or the file does not say which roles it has.
    """
    from agreegen.signing.signing_order import find_turn  # noqa: PLC0415 - loads pyHanko, which a named role needs not

    return find_turn(pdf, SigningIdentity.of(credential), request)


def sign_received(
    pdf: bytes,
    credential: Credential,
    request: SigningRequest,
    *,
    forms: Path | None = None,
    policy: Path | None = None,
) -> SignedPdf:
    """Sign a file that may come from anywhere, after judging it as `verify` does.

    Args:
        pdf: The file, signed by others or not at all.
        credential: Key and certificate, checked before; its SM2 signer id counts for earlier signatures, too.
        request: Role, level, time.
        forms: Folder of released forms, None for the packaged ones.
        policy: Validation policy for the earlier signatures, e.g. for their SM2 signer ids.

    Raises:
        ComplaintsError: The form that it was made from has errors.
        SigningError: The file was altered after an earlier signature, or whether it was cannot be told; it
            does not say what its form says; an earlier signer is not trusted by the anchors given; or it
            cannot be signed in this role.
    """
    ids = () if credential.sm2_signer_id is None else (credential.sm2_signer_id,)
    received = judge_received(pdf, request, forms=forms, policy=policy, sm2_signer_ids=ids)
    signed = sign_pdf(pdf, credential, request, checked=True, judged=received.unaltered)
    if received.report.document is None or received.report.signatures:
        received.judge_signed(signed)
    return signed


@dataclass(frozen=True, slots=True)
class Received:
    """A file that may be signed, by all that `verify` says.

    Attributes:
        report: What it says.
        options: By what it was judged.
    """

    report: FileReport
    options: Options

    @property
    def unaltered(self) -> bool:
        """Whether earlier signatures were found unaltered."""
        return self.report.unaltered is True

    def judge_signed(self, signed: SignedPdf) -> FileReport:
        """Judge what was made of the file.

        Raises:
            SigningError: It is not found unaltered.
        """
        return _require_unaltered(signed, self.options)


def judge_received(
    pdf: bytes,
    request: SigningRequest,
    *,
    forms: Path | None = None,
    policy: Path | None = None,
    sm2_signer_ids: tuple[str, ...] = (),
) -> Received:
    """Judge a file that may come from anywhere, before it is signed.

    Args:
        pdf: The file, signed by others or not at all.
        request: Role, level, time; its anchors are those of earlier signers.
        forms: Folder of released forms, None for the packaged ones.
        policy: Validation policy for the earlier signatures.
        sm2_signer_ids: SM2 signer ids that count besides those of the policy.

    Raises:
        ComplaintsError: The form that it was made from has errors.
        SigningError: Nobody should sign it.
    """
    options = Options(
        now=request.now,
        anchors_der=request.trust.anchors_der,
        crls_der=request.trust.crls_der,
        forms_folder=forms,
        policy_file=policy,
        sm2_signer_ids=sm2_signer_ids,
    )
    report = examine("the document", pdf, options)
    _refuse_altered(report, also=_NEVER_SIGNED)
    _refuse_unjudged(report)
    if request.trust.anchors_der:
        _refuse_signers(report)
    if report.document is not None:
        _refuse_unusable(report.document, forms_folder(forms))
    return Received(report, options)


def _refuse_unjudged(report: FileReport) -> None:
    """Refuse to add a signature to others that cannot be judged: it would vouch for what nobody has seen.

    Raises:
        SigningError: There are signatures, and whether the file was altered after them cannot be told.
    """
    if report.signatures and report.unaltered is None:
        reasons = [*(a.message for a in report.alarms), *(r for s in report.signatures for r in s.reasons)]
        raise SigningError(
            f"whether the document was changed cannot be told: {'; '.join(dict.fromkeys(reasons))}",
            hint="agreegen verify says more",
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
                f"the signature of {one.signer or '(unknown)'} is not trusted: {'; '.join(one.reasons)}",
                hint="if you know the signer, add its authority's root with --trust; else ask who signed",
            )


def _refuse_unusable(document: DocumentFacts, folder: Path) -> None:
    """Refuse to sign what was made from a form that spoils its pages, e.g. with tags that were not filled.

    Raises:
        ComplaintsError: `forms check` finds an error in that form.
    """
    if document.form not in (form.id for form in list_forms(folder)):
        return  # said by an alarm of its own
    form = find_form(document.form, folder)
    if form.version == document.form_version:
        require_usable(form)


def extend_received(
    pdf: bytes,
    level: PadesLevel,
    *,
    trust: Trust,
    tsa: Sequence[TimestampServer] = (),
    now: datetime,
    policy: Path | None = None,
) -> SignedPdf:
    """Raise a signed file, ours or not, to a level; it is judged as `verify` does before and after.

    Args:
        pdf: A signed PDF.
        level: B-T, B-LT or B-LTA.
        trust: Anchors and revocation lists.
        tsa: Timestamp services, tried in order.
        now: The time, aware UTC.
        policy: Validation policy, e.g. for SM2 signer ids.

    Raises:
        SigningError: The file was altered, its signatures cannot be proved, or its structure is such that an
            addition would change it.
        TimestampError: No service gave an acceptable timestamp.
    """
    options = Options(now=now, policy_file=policy)
    before = examine("the document", pdf, options)
    _refuse_altered(before)
    from agreegen.signing.extend import extend_pdf  # noqa: PLC0415 - signing alone needs less

    extended = extend_pdf(pdf, level, trust=trust, tsa=tsa, now=now, judged=before.unaltered is True)
    _require_unaltered(extended, options)
    return extended


def _require_unaltered(made: SignedPdf, options: Options) -> FileReport:
    """Judge what was made, with the code that reads files and not the one that writes them."""
    after = examine("the document", made.data, options, rebuild=False)
    if after.unaltered is not True:
        reasons = "; ".join(dict.fromkeys(reason for s in after.signatures for reason in s.reasons))
        raise SigningError(
            f"the file is built so that an addition would change it: {reasons or 'it reads differently'}",
            hint="ask for the original file; agreegen verify says more",
        )
    return after


def _refuse_altered(report: FileReport, *, also: Collection[str] = ()) -> None:
    wrong = [alarm.message for alarm in report.alarms if alarm.alters or alarm.code in also]
    if report.unaltered is False or wrong:
        reasons = "; ".join([*wrong, *(reason for s in report.signatures for reason in s.reasons)])
        raise SigningError(
            f"the document was changed: {reasons or 'a signature does not hold'}",
            hint="ask for the original file; agreegen verify says more",
        )
