"""What a report says to somebody who knows nothing of cryptography, in the reader's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agreegen.messages import Message, has_entry, message, moment_text, translate
from agreegen.model.report import (
    Alarm,
    Changes,
    Coverage,
    DocumentFacts,
    FileReport,
    Indication,
    Integrity,
    Method,
    Revocation,
    SignatureKind,
    SignatureReport,
    TimeSource,
    TrustStatus,
    Verdict,
)
from agreegen.verification.interface import COVERS_CONTENT, UNSIGNED_CONTENT

EXAMPLE_TRUST = "example-trust"
EXAMPLE_NOTE = message("reports.example-note")
"""Said once a report, not once a file."""

_ADVICE_ON_CAUSES = {
    "NO_POE": "no-proof-of-time",
    "OUT_OF_BOUNDS_NO_POE": "no-proof-of-time",
    "CRYPTO_CONSTRAINTS_FAILURE": "policy",
    "SIG_CONSTRAINTS_FAILURE": "policy",
}
"""Subindications that leave a signature open → what would settle it."""
_LOCKED = "password-needed"
_ALARMS_WITH_ADVICE = (
    "wrong-signer",
    "text-differs",
    "page-differs",
    "seam-differs",
    "roles-differ",
    "alias-unconfirmed",
    "engine-differs",
    "text-hidden",
    "form-not-approved",
    "form-unknown",
    "template-not-approved",
    "unsigned-content",
    "covers-content",
    "same-name",
    "repeated-key",
    _LOCKED,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A file's report in plain words.

    Attributes:
        headline: The verdict.
        holds: What holds.
        fails: What does not.
        advice: What to do.
    """

    headline: str
    holds: tuple[str, ...]
    fails: tuple[str, ...]
    advice: tuple[str, ...]


def headline(verdict: Verdict, lang: str) -> str:
    """Return the verdict in words."""
    return translate(message(f"reports.headline.{verdict.value}"), lang)


def alarm_text(alarm: Alarm, lang: str) -> str:
    """Return an alarm in plain words; its own where there are none."""
    if alarm.topic and has_entry(f"reports.topic.{alarm.topic}"):
        return translate(message(f"reports.topic.{alarm.topic}"), lang)
    plain = f"reports.alarm.{alarm.code}"
    return translate(message(plain) if has_entry(plain) else alarm.message, lang)


def alarm_detail(alarm: Alarm, lang: str) -> str:
    """Return what the technical part says of an alarm: the rule's own sentence."""
    return translate(alarm.message, lang)


def short_headline(file: FileReport, lang: str) -> str:
    """Return the verdict in words; a valid file in which a required role is open is valid only so far."""
    word = headline(file.verdict, lang)
    if file.verdict is Verdict.VALID and file.document is not None and file.document.missing_roles:
        return translate(message("reports.headline-so-far", verdict=word), lang)
    return word


def count_headlines(files: Iterable[FileReport], lang: str) -> dict[tuple[Verdict, str], int]:
    """Count files by verdict and words, complete ones apart from those still being signed."""
    return order_headlines(Counter((file.verdict, short_headline(file, lang)) for file in files))


def order_headlines(found: Mapping[tuple[Verdict, str], int]) -> dict[tuple[Verdict, str], int]:
    """Put counts by verdict and words into the order in which they are told."""
    order = list(Verdict)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[0][0]), len(item[0][1]))))


def signers_of(file: FileReport, lang: str) -> str:
    """Name everybody who signed a file, each once."""
    signers = [s.signer or "?" for s in file.signatures if s.kind is SignatureKind.SIGNATURE]
    return translate(tuple(dict.fromkeys(signers)), lang)


def open_roles(file: FileReport, lang: str) -> tuple[str, ...]:
    """Return the required roles that have not signed a file that can be read, with whoever has to sign."""
    if file.verdict is Verdict.UNREADABLE or file.document is None:
        return ()
    return _role_names(file.document, file.document.missing_roles, lang)


def _role_names(document: DocumentFacts, roles: Iterable[str], lang: str) -> tuple[str, ...]:
    """Return roles by their labels, each with the name of its holder where one is printed."""
    known = [document.role(role) for role in roles]
    return tuple(" ".join(filter(None, (translate(role, lang), role.holder))) for role in known)


def explain(file: FileReport, lang: str) -> Explanation:
    """Put a file's report in plain words."""
    word = headline(file.verdict, lang)
    if file.verdict is Verdict.VALID and file.document is not None and file.document.missing_roles:
        word = translate(message("reports.headline-so-far-not-complete", verdict=word), lang)
    return Explanation(
        headline=word,
        holds=tuple(dict.fromkeys(_holds(file, lang))),
        fails=tuple(dict.fromkeys(_fails(file, lang))),
        advice=tuple(dict.fromkeys(_advice(file, lang))),
    )


def signature_line(signature: SignatureReport, document: DocumentFacts | None, lang: str) -> str:
    """Say in one line who signed, as what and when; the document tells what people call the role."""
    who: Message | str = signature.signer or message("reports.unknown-signer")
    if signature.kind is SignatureKind.TIMESTAMP:
        when = moment_text(signature.time, lang) if signature.time is not None else "?"
        return translate(message("reports.timestamp-by", who=who, time=when), lang)
    time: Message | str = ""
    if signature.time is not None:
        proved = signature.time_source is TimeSource.TIMESTAMP
        code = "reports.time-proved" if proved else "reports.time-claimed"
        time = message(code, time=signature.time)
    device = message("reports.on-device") if signature.method is Method.DEVICE else ""
    line = message("reports.signed-by", who=who, device=device, time=time)
    if signature.role:
        role = signature.role if document is None else document.role(signature.role)
        line = message("reports.signed-by-as", who=who, role=role, device=device, time=time)
    return translate(line, lang)


def _covered(file: FileReport, signature: SignatureReport, lang: str) -> str:
    """Say what a signature covers, where a file has several."""
    if len(file.signatures) < 2 or signature.coverage is Coverage.PARTIAL:
        return ""
    if signature.coverage is Coverage.WHOLE_FILE:
        return translate(message("reports.covers-whole-file"), lang)
    size = dict(signature.details).get("signed_bytes", "?")
    return translate(message("reports.covers-first-bytes", size=size), lang)


def _holds(file: FileReport, lang: str) -> Iterator[str]:
    if file.unaltered:
        added = any(alarm.code == UNSIGNED_CONTENT for alarm in file.alarms)
        yield translate(message("reports.added-to" if added else "reports.unaltered"), lang)
    for signature in file.signatures:
        if signature.indication is Indication.TOTAL_PASSED:
            yield signature_line(signature, file.document, lang) + _covered(file, signature, lang)
        elif signature.integrity is Integrity.INTACT and file.unaltered:
            line = signature_line(signature, file.document, lang)
            yield translate(message("reports.signature-itself-right", line=line), lang)
    if file.document is not None and file.document.fulfilled_elsewhere:
        roles = _role_names(file.document, (role for role, _ in file.document.fulfilled_elsewhere), lang)
        yield translate(message("reports.signed-on-paper", roles=roles), lang)
    for remark in file.remarks:
        yield _sentence(alarm_text(remark, lang))


def _fails(file: FileReport, lang: str) -> Iterator[str]:
    for sentence in _doubts(file):
        yield translate(sentence, lang)
    for signature in file.signatures:
        if signature.indication is not Indication.TOTAL_PASSED:
            yield translate(_failure(signature), lang)
    if file.document is not None and file.document.missing_roles:
        missing = _role_names(file.document, file.document.missing_roles, lang)
        yield translate(message("reports.not-signed-yet", roles=missing), lang)
    for alarm in file.alarms:
        if alarm.code != EXAMPLE_TRUST:
            yield _sentence(alarm_text(alarm, lang))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _doubts(file: FileReport) -> Iterator[Message]:
    """Yield what speaks against the file as a whole."""
    if file.unaltered is False:
        right = all(signature.integrity is Integrity.INTACT for signature in file.signatures)
        later = any(signature.changes_after is Changes.FORBIDDEN for signature in file.signatures)
        yield message("reports.changed" if right and later else "reports.changed-or-broken")
    elif file.unaltered is None and file.signatures:
        covers = any(alarm.code == COVERS_CONTENT for alarm in file.alarms)
        yield message("reports.covered" if covers else "reports.unclear")
    if file.verdict is Verdict.UNSIGNED:
        yield message("reports.nobody-signed")


def _failure(signature: SignatureReport) -> Message:
    name = signature.signer or signature.field or "?"
    stamp = signature.kind is SignatureKind.TIMESTAMP
    code = "reports.timestamp-fails" if stamp else "reports.signature-fails"
    return message(code, name=name, cause=_cause(signature))


def _cause(signature: SignatureReport) -> Message:
    if signature.integrity is Integrity.INTACT and signature.changes_after is Changes.FORBIDDEN:
        return message("reports.cause.changed-afterwards")
    code = f"reports.cause.{(signature.subindication or 'generic').lower().replace('_', '-')}"
    return message(code if has_entry(code) else "reports.cause.generic")


def _advice(file: FileReport, lang: str) -> Iterator[str]:
    yield from (translate(message(f"reports.advice.{need}"), lang) for need in _needs(file))


def _needs(file: FileReport) -> Iterator[str]:
    codes = {alarm.code for alarm in file.alarms}
    if file.verdict in {Verdict.INVALID, Verdict.UNSIGNED, Verdict.UNREADABLE}:
        yield _LOCKED if file.verdict is Verdict.UNREADABLE and _LOCKED in codes else file.verdict.value
        return
    signers = [s for s in file.signatures if s.kind is SignatureKind.SIGNATURE]
    untrusted = [s for s in signers if s.trust is not TrustStatus.TRUSTED and s.integrity is Integrity.INTACT]
    # No anchor vouches for a key on a device: only a policy that names the office's authority does.
    yield from ("no-device-trust" if s.method is Method.DEVICE else "no-trust" for s in untrusted)
    if any(s.revocation is Revocation.UNKNOWN and s.trust is TrustStatus.TRUSTED for s in signers):
        yield "no-status"
    if any(s.revocation is Revocation.REVOKED for s in signers):
        yield "revoked"
    yield from (_ADVICE_ON_CAUSES[s.subindication] for s in signers if s.subindication in _ADVICE_ON_CAUSES)
    yield from (code for code in _ALARMS_WITH_ADVICE if code in codes)
    if file.document is not None and file.document.missing_roles:
        yield "missing"
    elif file.verdict is Verdict.VALID and not codes - {EXAMPLE_TRUST}:
        yield "nothing"
