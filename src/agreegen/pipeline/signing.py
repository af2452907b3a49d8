"""The one way to a signed or extended file: judged as `verify` does, signed, and read back.

Files may come from anywhere. Nothing is written here: what fails a step is not handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agreegen.errors import SigningError
from agreegen.messages import message
from agreegen.model.document import Document
from agreegen.model.report import FileReport, Integrity, PadesLevel
from agreegen.pipeline.earlier_signatures import refuse_altered, require_signable
from agreegen.pipeline.own_read_back import SignedKinds, adds_only_a_signature, check_signed_bytes
from agreegen.pipeline.read_back import Expected, examine_confined, read_back
from agreegen.pki.trust.policy import load_policy
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.prepared import SigningIdentity
from agreegen.verification.confined import command_process
from agreegen.verification.interface import SEAM_DIFFERS, Options

_LABEL = "the document"
_SIGNED = b"/ByteRange"
"""Stands in every signature of ours, and in no file of ours that nobody has signed."""


def sign_and_check(
    pdf: bytes,
    credential: Credential,
    request: SigningRequest,
    *,
    forms: Path | None = None,
    policy: Path | None = None,
    expected: Expected | None = None,
    kinds: SignedKinds | None = None,
) -> SignedInRole:
    """Sign a file in one role, after judging it as `verify` does, and read the signed one back.

    Args:
        pdf: The file, signed by others or not at all.
        credential: Key and certificate, checked before; its SM2 signer id counts for earlier signatures, too.
        request: Role, level, time; without a role it is the one that the credential can sign next.
        forms: Folder of released forms, None for the packaged ones.
        policy: Validation policy for the earlier signatures, e.g. for their SM2 signer ids.
        expected: What the file must say, where it was made here.
        kinds: What the command has signed so far, for who signs many: of files that were made again byte for
            byte the first of each kind is examined wholly, and of the others what can differ.

    Raises:
        ComplaintsError: The form that it was made from has errors.
        SigningError: The file was altered after an earlier signature, or whether it was cannot be told; it
            does not say what its form says; an earlier signer is not trusted by the anchors given; it cannot
            be signed in this role; or what was signed does not read as it must.
    """
    ids = () if credential.sm2_signer_id is None else (credential.sm2_signer_id,)
    received = judge_received(pdf, request, forms=forms, policy=policy, sm2_signer_ids=ids)
    if not request.role:
        request = replace(request, role=_choose_role(pdf, credential, request))
    signed = sign_pdf(pdf, credential, request, checked=True, judged=received.unaltered)
    if not _is_known(pdf, signed, received, credential, request.role, kinds):
        received.judge_signed(signed, request.role, expected)
    return SignedInRole(signed, request.role, received.made)


def _is_known(
    pdf: bytes,
    signed: SignedPdf,
    received: Received,
    credential: Credential,
    role: str,
    kinds: SignedKinds | None,
) -> bool:
    """Tell whether a signed file differs from one that was read back wholly in what was looked at here alone.

    Raises:
        SigningError: Its signature is not right.
    """
    document = received.made
    # Seals over the edges must be the signer's, which only the whole examination asks.
    if kinds is None or document is None or document.seams or signed.hole is None:
        return False
    known = kinds.knows(document, role)
    kinds.note(document, role)
    if not known or not adds_only_a_signature(pdf, signed.data, role):
        return False
    check_signed_bytes(pdf, signed.data, signed.hole, sm2_signer_id=credential.sm2_signer_id)
    return True


def _choose_role(pdf: bytes, credential: Credential, request: SigningRequest) -> str:
    """Return the one role that a credential can sign next in a file that was judged.

    Raises:
        SigningError: There is none or more than one, or the file does not say which roles it has.
    """
    from agreegen.signing.signing_order import find_next_role  # noqa: PLC0415 - loads pyHanko, which a named role needs not

    return find_next_role(pdf, SigningIdentity.of(credential), request)


@dataclass(frozen=True, slots=True)
class SignedInRole:
    """A signed file that was read back.

    Attributes:
        pdf: The file.
        role: The role that it was signed in.
        document: What the file carries, where it was made again byte for byte; else None.
    """

    pdf: SignedPdf
    role: str
    document: Document | None


@dataclass(frozen=True, slots=True)
class Received:
    """A file that may be signed, by all that `verify` says.

    Attributes:
        report: What it says.
        options: By what it was judged.
        made: What it carries, where it is a file of ours that was made again byte for byte; else None.
    """

    report: FileReport
    options: Options
    made: Document | None = None

    @property
    def unaltered(self) -> bool:
        """Whether earlier signatures were found unaltered."""
        return self.report.unaltered is True

    def judge_signed(self, signed: SignedPdf, role: str, expected: Expected | None = None) -> FileReport:
        """Judge what was made of the file, with the code that reads files and not the one that writes them.

        Args:
            signed: The signed file.
            role: The field that was signed.
            expected: What the file must say, where it was made here.

        Raises:
            SigningError: It is not found unaltered, the signature is not found intact, or the seal over the
                edges of the pages is another one than the signature shows.
        """
        after = read_back(signed.data, self.options, expected, made_here=self.made is not None)
        if not any(s.field == role and s.integrity is Integrity.INTACT for s in after.signatures):
            raise SigningError(message("pipeline.signature-field-does-not-read-back", role=role))
        wrong = next((alarm.message for alarm in after.alarms if alarm.code == SEAM_DIFFERS), None)
        if wrong is not None:
            raise SigningError(wrong, hint=message("pipeline.seam-other-seal.hint"))
        return after


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
    received = _judge(pdf, options)
    require_signable(received.report, options)
    return received


def extend_and_check(
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
    before = _judge(pdf, options)
    refuse_altered(before.report)
    from agreegen.signing.extend import extend_pdf  # noqa: PLC0415 - signing alone needs less

    trust = replace(trust, device_anchors_der=load_policy(policy).device_authorities)
    extended = extend_pdf(pdf, level, trust=trust, tsa=tsa, now=now, judged=before.unaltered)
    read_back(extended.data, options, made_here=before.made is not None)
    return extended


def _judge(pdf: bytes, options: Options) -> Received:
    """Judge a file that may come from anywhere, without letting libraries into this process.

    1. A file of ours that nobody has signed is made again: no library opens it.
    2. Every other one is judged in the command's process for such files. Only what was judged there is opened
       in this process afterwards.

    Raises:
        SigningError: There is no answer: a library died over it, or it takes more than a file may.
    """
    if _SIGNED not in pdf:
        from agreegen.verification.examination import examine_made  # noqa: PLC0415 - takes long to load

        made = examine_made(_LABEL, pdf, options)
        if made is not None:
            return Received(made[0], options, made[1])
    command_process().begin()
    # Takes as long to load as the process does, and whoever goes on with such a file needs it.
    import agreegen.signing.document_reading  # noqa: F401, PLC0415 - see above

    return Received(examine_confined(_LABEL, pdf, options), options)
