"""What a report says to somebody who knows nothing of cryptography, in Chinese and English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agreegen.messages import moment_text
from agreegen.model.report import (
    Alarm,
    Changes,
    Coverage,
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
from agreegen.reports.verification.wording_tables import (
    ADVICE,
    ALARMS,
    ALARMS_WITH_ADVICE,
    SUBINDICATIONS,
    TOPICS,
)
from agreegen.verification.changes.unsigned_content import UNSIGNED_CONTENT
from agreegen.verification.pictures.findings import COVERS_CONTENT

EXAMPLE_TRUST = "example-trust"
EXAMPLE_NOTE = (
    "Example certificates were given as trusted: these results prove nothing about real signatures.",
    "信任的是样例证书：以下结果不能证明真实的签名。",
)
"""Said once a report, not once a file."""

_HEADLINES: dict[Verdict, tuple[str, str]] = {
    Verdict.VALID: ("Valid", "有效"),
    Verdict.INVALID: ("NOT valid", "无效"),
    Verdict.INDETERMINATE: ("Cannot be confirmed", "不能确认"),
    Verdict.UNSIGNED: ("Not signed", "未签署"),
    Verdict.UNREADABLE: ("Cannot be read", "无法读取"),
}

_ON_DEVICE = (" on a device of the signer's own", "，在本人所用设备上签署")
_AFTERWARDS = ("the file was changed after this signature", "该签名之后文件又被改动")
_CHANGED = (
    "The file was changed after it was signed, or a signature is broken.",
    "文件在签署后被改动过，或签名已损坏。",
)
_CHANGED_ONLY = ("The file was changed after it was signed.", "文件在签署后被改动过。")
_UNALTERED = ("The file is exactly what was signed.", "文件与签署时一致，未被改动。")
_ADDED_TO = (
    "What was signed was not altered, but what was added afterwards is signed by nobody.",
    "已签署的内容未被改动，但签署之后添加的内容无人签署。",
)
_COVERED = (
    "Whether the look of a signature hides or changes what was signed before, only a person can tell.",
    "签名（印章）是否遮盖或改变了此前签署的内容，须由人查看后确认。",
)
_UNCLEAR = ("Whether the file was changed could not be settled.", "无法确定文件是否被改动。")


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


def pick(pair: tuple[str, str], lang: str) -> str:
    """Return the English or the Chinese one of a pair."""
    return pair[1] if lang == "zh" else pair[0]


def headline(verdict: Verdict, lang: str) -> str:
    """Return the verdict in words."""
    return pick(_HEADLINES[verdict], lang)


def alarm_text(alarm: Alarm, lang: str) -> str:
    """Return an alarm in plain words; its own where there are none."""
    if alarm.topic in TOPICS:
        return pick(TOPICS[alarm.topic], lang)
    if alarm.message_zh:
        return pick((alarm.message, alarm.message_zh), lang)
    return pick(ALARMS.get(alarm.code, (alarm.message, alarm.message)), lang)


def alarm_detail(alarm: Alarm, lang: str) -> str:
    """Return what the technical part says of an alarm: in English the rule's own sentence."""
    return alarm.message if lang == "en" else alarm_text(alarm, lang)


def short_headline(file: FileReport, lang: str) -> str:
    """Return the verdict in words; a valid file in which a required role is open is valid only so far."""
    word = headline(file.verdict, lang)
    if file.verdict is Verdict.VALID and file.document is not None and file.document.missing_roles:
        return pick((f"{word} so far", f"{word}（未签完）"), lang)
    return word


def count_headlines(files: Iterable[FileReport], lang: str) -> dict[tuple[Verdict, str], int]:
    """Count files by verdict and words, complete ones apart from those still being signed."""
    return order_headlines(Counter((file.verdict, short_headline(file, lang)) for file in files))


def order_headlines(found: Mapping[tuple[Verdict, str], int]) -> dict[tuple[Verdict, str], int]:
    """Put counts by verdict and words into the order in which they are told."""
    order = list(Verdict)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[0][0]), len(item[0][1]))))


def signers_of(file: FileReport) -> str:
    """Name everybody who signed a file, each once."""
    signers = [s.signer or "?" for s in file.signatures if s.kind is SignatureKind.SIGNATURE]
    return ", ".join(dict.fromkeys(signers))


def open_roles(file: FileReport) -> tuple[str, ...]:
    """Return the required roles that have not signed a file that can be read."""
    if file.verdict is Verdict.UNREADABLE or file.document is None:
        return ()
    return tuple(file.document.missing_roles)


def explain(file: FileReport, lang: str) -> Explanation:
    """Put a file's report in plain words."""
    word = headline(file.verdict, lang)
    if file.verdict is Verdict.VALID and file.document is not None and file.document.missing_roles:
        word = pick((f"{word} so far, not complete", f"{word}，但尚未签署完毕"), lang)
    return Explanation(
        headline=word,
        holds=tuple(dict.fromkeys(_holds(file, lang))),
        fails=tuple(dict.fromkeys(_fails(file, lang))),
        advice=tuple(dict.fromkeys(_advice(file, lang))),
    )


def signature_line(signature: SignatureReport, lang: str) -> str:
    """Say in one line who signed, as what and when."""
    who = signature.signer or pick(("an unknown signer", "未知签署人"), lang)
    when = ""
    if signature.time is not None:
        proved = signature.time_source is TimeSource.TIMESTAMP
        when = moment_text(signature.time, lang)
        if lang == "zh":
            when = f"，时间 {when}" + ("（时间戳证明）" if proved else "（签署人自称）")
        else:
            when = f" on {when}" + (" (proved by a timestamp)" if proved else " (as the signer says)")
    if signature.kind is SignatureKind.TIMESTAMP:
        when = moment_text(signature.time, lang) if signature.time is not None else "?"
        return pick((f"Timestamp by {who} of {when}", f"时间戳：{who}，时间 {when}"), lang)
    role = f" ({signature.role})" if signature.role else ""
    device = pick(_ON_DEVICE, lang) if signature.method is Method.DEVICE else ""
    return pick((f"Signed by {who}{role}{device}{when}", f"签署人：{who}{role}{device}{when}"), lang)


def _covered(file: FileReport, signature: SignatureReport, lang: str) -> str:
    """Say what a signature covers, where a file has several."""
    if len(file.signatures) < 2 or signature.coverage is Coverage.PARTIAL:
        return ""
    if signature.coverage is Coverage.WHOLE_FILE:
        return pick(("; covers the whole file", "；覆盖整个文件"), lang)
    size = dict(signature.details).get("signed_bytes", "?")
    return pick(
        (
            f"; covers the first {size} bytes, all that stood there then",
            f"；覆盖当时的全部内容（前 {size} 字节）",
        ),
        lang,
    )


def _holds(file: FileReport, lang: str) -> Iterator[str]:
    if file.unaltered:
        added = any(alarm.code == UNSIGNED_CONTENT for alarm in file.alarms)
        yield pick(_ADDED_TO if added else _UNALTERED, lang)
    for signature in file.signatures:
        if signature.indication is Indication.TOTAL_PASSED:
            yield signature_line(signature, lang) + _covered(file, signature, lang)
        elif signature.integrity is Integrity.INTACT and file.unaltered:
            line = signature_line(signature, lang)
            yield pick((f"{line}: the signature itself is right", f"{line}：签名本身正确"), lang)
    if file.document is not None and file.document.fulfilled_elsewhere:
        roles = ", ".join(role for role, _ in file.document.fulfilled_elsewhere)
        yield pick((f"Signed on paper, by the record: {roles}", f"据登记已在纸上签字：{roles}"), lang)
    for remark in file.remarks:
        text = alarm_text(remark, lang)
        yield text[:1].upper() + text[1:]


def _fails(file: FileReport, lang: str) -> Iterator[str]:
    if file.unaltered is False:
        right = all(signature.integrity is Integrity.INTACT for signature in file.signatures)
        later = any(signature.changes_after is Changes.FORBIDDEN for signature in file.signatures)
        yield pick(_CHANGED_ONLY if right and later else _CHANGED, lang)
    elif file.unaltered is None and file.signatures:
        covers = any(alarm.code == COVERS_CONTENT for alarm in file.alarms)
        yield pick(_COVERED if covers else _UNCLEAR, lang)
    if file.verdict is Verdict.UNSIGNED:
        yield pick(("Nobody has signed this file.", "这份文件没有任何签名。"), lang)
    for signature in file.signatures:
        if signature.indication is Indication.TOTAL_PASSED:
            continue
        name = signature.signer or signature.field or "?"
        cause = pick(_cause(signature), lang)
        if signature.kind is SignatureKind.TIMESTAMP:
            yield pick((f"Timestamp by {name}: {cause}", f"{name} 的时间戳：{cause}"), lang)
        else:
            yield pick((f"Signature of {name}: {cause}", f"{name} 的签名：{cause}"), lang)
    if file.document is not None and file.document.missing_roles:
        missing = ", ".join(file.document.missing_roles)
        yield pick((f"Not signed yet: {missing}", f"尚未签署：{missing}"), lang)
    for alarm in file.alarms:
        if alarm.code == EXAMPLE_TRUST:
            continue
        text = alarm_text(alarm, lang)
        yield text[:1].upper() + text[1:]


def _cause(signature: SignatureReport) -> tuple[str, str]:
    if signature.integrity is Integrity.INTACT and signature.changes_after is Changes.FORBIDDEN:
        return _AFTERWARDS
    return SUBINDICATIONS.get(signature.subindication or "", SUBINDICATIONS["GENERIC"])


def _advice(file: FileReport, lang: str) -> Iterator[str]:
    return (pick(ADVICE[need], lang) for need in _needs(file))


def _needs(file: FileReport) -> Iterator[str]:
    if file.verdict in {Verdict.INVALID, Verdict.UNSIGNED, Verdict.UNREADABLE}:
        yield file.verdict.value
        return
    signers = [s for s in file.signatures if s.kind is SignatureKind.SIGNATURE]
    if any(s.trust is not TrustStatus.TRUSTED and s.integrity is Integrity.INTACT for s in signers):
        yield "no-trust"
    if any(s.revocation is Revocation.UNKNOWN and s.trust is TrustStatus.TRUSTED for s in signers):
        yield "no-status"
    if any(s.revocation is Revocation.REVOKED for s in signers):
        yield "revoked"
    codes = {alarm.code for alarm in file.alarms}
    yield from (code for code in ALARMS_WITH_ADVICE if code in codes)
    if file.document is not None and file.document.missing_roles:
        yield "missing"
    elif file.verdict is Verdict.VALID and not codes - {EXAMPLE_TRUST}:
        yield "nothing"
