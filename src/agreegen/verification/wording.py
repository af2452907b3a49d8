"""What a report says to somebody who knows nothing of cryptography, in Chinese and English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from agreegen.model.report import (
    Alarm,
    Changes,
    Coverage,
    FileReport,
    Indication,
    Integrity,
    Revocation,
    SignatureKind,
    SignatureReport,
    TimeSource,
    TrustStatus,
    Verdict,
)

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

_SUBINDICATIONS: dict[str, tuple[str, str]] = {
    "HASH_FAILURE": ("the signed content was changed", "签署的内容已被改动"),
    "SIG_CRYPTO_FAILURE": ("the signature is forged or damaged", "签名是伪造的或已损坏"),
    "FORMAT_FAILURE": ("the signature does not have a proper form", "签名的格式不合规范"),
    "REVOKED": ("it was made after its certificate had been revoked", "在证书被吊销之后才签署"),
    "EXPIRED": ("it was made after its certificate had expired", "在证书过期之后才签署"),
    "NOT_YET_VALID": ("it was made before its certificate was valid", "签署时证书尚未生效"),
    "NO_CERTIFICATE_CHAIN_FOUND": (
        "nothing shows that its certificate comes from an authority you trust",
        "无法证明其证书出自您信任的机构",
    ),
    "NO_SIGNING_CERTIFICATE_FOUND": ("its certificate is missing or another one", "缺少签名证书，或证书不符"),
    "CERTIFICATE_CHAIN_GENERAL_FAILURE": ("its certificate could not be confirmed", "其证书未能确认"),
    "CHAIN_CONSTRAINTS_FAILURE": ("its certificate is not made for signing", "其证书不能用于签署文件"),
    "SIG_CONSTRAINTS_FAILURE": ("the policy does not allow it", "验证策略不允许该签名"),
    "CRYPTO_CONSTRAINTS_FAILURE": ("it uses a method that is too weak today", "所用算法已不够安全"),
    "TRY_LATER": (
        "it is not known whether its certificate has been revoked",
        "不知道其证书是否已被吊销",
    ),
    "REVOKED_NO_POE": (
        "its certificate has been revoked, and nothing proves that it was made before",
        "其证书已被吊销，且没有证据表明签署在先",
    ),
    "REVOKED_CA_NO_POE": ("the authority behind its certificate was revoked", "签发其证书的机构证书已被吊销"),
    "OUT_OF_BOUNDS_NO_POE": (
        "its certificate has expired or is not valid yet, and nothing proves that it was made in time",
        "其证书已过期或尚未生效，且没有证据表明签署在有效期内",
    ),
    "NO_POE": ("nothing proves that it existed at the time asked for", "没有证据表明它在所问的时间已经存在"),
    "TIMESTAMP_ORDER_FAILURE": ("its times contradict each other", "时间先后矛盾"),
    "GENERIC": ("it could not be judged", "无法判断"),
}

_ALARMS: dict[str, tuple[str, str]] = {
    "forbidden-change": (
        "after signing, something was changed or added in a way that is not allowed",
        "签署之后出现了不允许的改动",
    ),
    "parsers-differ": ("reader programs may show different content", "不同的阅读软件会看到不同的内容"),
    "second-parser-refuses": (
        "a second way of reading the file fails on it",
        "第二种解析程序拒绝读取该文件",
    ),
    "trailing-bytes": ("something stands behind the end of the file", "文件末尾之后另有内容"),
    "undeclared-signature": (
        "there is a signature that the form does not declare",
        "文件中有未在表单中登记的签名",
    ),
    "unsupported-signature": ("there is a signature of an unsupported kind", "文件中有不支持的签名"),
    "stripped-signature": ("a signature seems to have been taken out", "文件中有签名被移除的痕迹"),
    "placeholder-signature": ("a signature is only a placeholder", "签名只是占位，没有内容"),
    "duplicate-signature": ("the same signature stands there twice", "同一签名重复出现"),
    "renamed-field": ("a signature field was renamed after signing", "签名域在签署后被改名"),
    "usage-rights": (
        "it carries a software maker's usage rights, which say nothing about its content",
        "文件带有软件厂商的使用权签名，与文件内容无关",
    ),
    "password-needed": ("the file is encrypted and needs a password", "文件已加密，需要密码"),
    "damaged-stream": ("parts of the file are damaged", "文件中有损坏的数据"),
    "not-a-pdf": ("this is not a PDF file", "这不是 PDF 文件"),
    "limit": (
        "the examination went over its limit of time, memory or size",
        "检查超过了时间、内存或大小的限制",
    ),
}
"""What the codes of the structure scan mean; its own sentences name objects and bytes."""

_TOPICS: dict[str, tuple[str, str]] = {
    "pages": (
        "after signing, a page was added, removed, moved, or given another size or content",
        "签署之后，页面有增删、移动，或其尺寸、内容被改动",
    ),
    "content": (
        "after signing, text, pictures or fonts that the pages use were replaced",
        "签署之后，页面所用的文字、图片或字体被替换",
    ),
    "annotations": (
        "after signing, notes or marks on a page were added, moved or taken away",
        "签署之后，页面上的批注或标记有增删、移动",
    ),
    "form": (
        "after signing, form fields were added, taken away, or look different without having been filled in",
        "签署之后，表单域有增删，或未经填写而显示不同",
    ),
    "canonical": (
        "after signing, something was appended in a form that reader programs read in different ways",
        "签署之后追加了写法不规范的内容，不同的阅读软件会看到不同的内容",
    ),
    "covering": (
        "after signing, something was laid over what stood on the page, or added where nothing may be added",
        "签署之后，有内容盖住了原有页面，或加在了不允许添加之处",
    ),
    "not-permitted": (
        "after signing, something was filled in or added that the signer had ruled out",
        "签署之后，填写或添加了签署人已禁止的内容",
    ),
    "document": (
        "after signing, what the file does or holds besides its pages was changed (layers, actions, files)",
        "签署之后，页面以外的内容被改动（图层、动作、附件等）",
    ),
    "reading-aids": (
        "after signing, the text that is read to people who cannot see was changed",
        "签署之后，供读屏软件朗读的文字被改动",
    ),
}
"""What a forbidden change is about; other topics have the explanation of their code."""

_AFTERWARDS = ("the file was changed after this signature", "该签名之后文件又被改动")
_CHANGED = (
    "The file was changed after it was signed, or a signature is broken.",
    "文件在签署后被改动过，或签名已损坏。",
)
_CHANGED_ONLY = ("The file was changed after it was signed.", "文件在签署后被改动过。")
_UNALTERED = ("The file is exactly what was signed.", "文件与签署时一致，未被改动。")
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
    if alarm.topic in _TOPICS:
        return pick(_TOPICS[alarm.topic], lang)
    if alarm.message_zh:
        return pick((alarm.message, alarm.message_zh), lang)
    return pick(_ALARMS.get(alarm.code, (alarm.message, alarm.message)), lang)


def moment_text(moment: datetime, lang: str) -> str:
    """Return a moment as people write it, with its offset named."""
    zone = "UTC" if moment.utcoffset() is not None and not moment.utcoffset() else f"UTC{moment:%z}"
    if lang == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}（{zone}）"
    return f"{moment:%Y-%m-%d %H:%M} {zone}"


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
    return pick((f"Signed by {who}{role}{when}", f"签署人：{who}{role}{when}"), lang)


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
        yield pick(_UNALTERED, lang)
    for signature in file.signatures:
        if signature.indication is Indication.TOTAL_PASSED:
            yield signature_line(signature, lang) + _covered(file, signature, lang)
        elif signature.integrity is Integrity.INTACT and file.unaltered:
            line = signature_line(signature, lang)
            yield pick((f"{line}: the signature itself is right", f"{line}：签名本身正确"), lang)


def _fails(file: FileReport, lang: str) -> Iterator[str]:
    if file.unaltered is False:
        right = all(signature.integrity is Integrity.INTACT for signature in file.signatures)
        later = any(signature.changes_after is Changes.FORBIDDEN for signature in file.signatures)
        yield pick(_CHANGED_ONLY if right and later else _CHANGED, lang)
    elif file.unaltered is None and file.signatures:
        yield pick(_UNCLEAR, lang)
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
    return _SUBINDICATIONS.get(signature.subindication or "", _SUBINDICATIONS["GENERIC"])


_ADVICE: dict[str, tuple[str, str]] = {
    "invalid": (
        "Do not rely on this file. Ask the sender for the original and keep this one as evidence.",
        "不要采信此文件。请向来件方索取原件，并保留本件备查。",
    ),
    "unsigned": ("It proves nothing until it is signed.", "签署之前，它不具证明力。"),
    "unreadable": ("Check the path, or ask for the file again.", "请检查路径，或请对方重新提供文件。"),
    "no-trust": (
        "Get the authority's root certificate from its publisher and verify again with --trust.",
        "请从发证机构取得根证书，加上 --trust 后重新验证。",
    ),
    "no-status": (
        "Get the authority's current revocation list and verify again with --crl, or with --fetch.",
        "请取得发证机构最新的吊销列表，加上 --crl（或 --fetch）后重新验证。",
    ),
    "revoked": (
        "Ask the signer for a new signature with a valid certificate.",
        "请签署人用有效证书重新签署。",
    ),
    "wrong-signer": ("Have the right person or unit sign.", "应由文件载明的人员（单位）签署。"),
    "text-differs": (
        "Compare the text with the approved form, clause by clause.",
        "请逐条与批准的表单核对正文。",
    ),
    "page-differs": (
        "Print the form anew from the values and compare the two pages.",
        "请用所附数据重新生成文件，逐页比对。",
    ),
    "roles-differ": (
        "Ask who made this file: it says otherwise than the released form who has to sign.",
        "请核实文件由谁制作：它所写的签署角色与已发布的表单不符。",
    ),
    "alias-unconfirmed": (
        "If you know that both names are the same holder's, verify again with --alias PRINTED=REGISTERED, "
        "or with --register.",
        "如确知两个名称属于同一签署人，请加上 --alias 打印名=登记名（或 --register）后重新验证。",
    ),
    "engine-differs": (
        "Print the form anew from the values and compare the two pages.",
        "请用所附数据重新生成文件，逐页比对。",
    ),
    "text-hidden": (
        "Look at the page in a reader, and compare it with the approved form, clause by clause.",
        "请打开文件查看该页，逐条与批准的表单核对。",
    ),
    "form-not-approved": (
        "Take the released folder of forms; the form.yaml that is here was changed.",
        "请改用已发布的表单文件夹；此处的 form.yaml 被改动过。",
    ),
    "form-unknown": (
        "If it is your office's form, name the folder of its forms with --forms; else ask who released it.",
        "如为本单位的表单，请用 --forms 指明表单文件夹；否则请核实该表单由谁发布。",
    ),
    "template-not-approved": (
        "Ask whether this template was released; its text need not be that of the approved form.",
        "请核实该模板是否经过批准；其文字未必与批准的表单一致。",
    ),
    "missing": ("Have the missing roles sign.", "请尚未签署的各方签署。"),
    "nothing": ("Nothing to do.", "无需处理。"),
}


_ALARMS_WITH_ADVICE = (
    "wrong-signer",
    "text-differs",
    "page-differs",
    "roles-differ",
    "alias-unconfirmed",
    "engine-differs",
    "text-hidden",
    "form-not-approved",
    "form-unknown",
    "template-not-approved",
)


def _advice(file: FileReport, lang: str) -> Iterator[str]:
    return (pick(_ADVICE[need], lang) for need in _needs(file))


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
    yield from (code for code in _ALARMS_WITH_ADVICE if code in codes)
    if file.document is not None and file.document.missing_roles:
        yield "missing"
    elif file.verdict is Verdict.VALID and not codes - {EXAMPLE_TRUST}:
        yield "nothing"
