"""The sentences of the reports by code, for people who know nothing of cryptography, English and Chinese."""

from __future__ import annotations

SUBINDICATIONS: dict[str, tuple[str, str]] = {
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

ALARMS: dict[str, tuple[str, str]] = {
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

TOPICS: dict[str, tuple[str, str]] = {
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

ADVICE: dict[str, tuple[str, str]] = {
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
    "unsigned-content": (
        "Ask the signers about what was added afterwards: nobody has signed it.",
        "请就签署之后添加的内容向签署人核实：该内容无人签署。",
    ),
    "covers-content": (
        "Look at the picture of the seal in the HTML report (--html). If it hides and changes nothing, "
        "verify again with --seal-seen and the number below it.",
        "请查看 HTML 报告（--html）中的印章图片；确认未遮盖、未改变内容后，"
        "加 --seal-seen 和图片下方的编号重新验证。",
    ),
    "same-name": (
        "Ask for a file whose fields have names of their own.",
        "请对方提供签名域名称不重复的文件。",
    ),
    "repeated-key": (
        "Ask the signer for a file made with another program.",
        "请签署人改用其他软件重新签署。",
    ),
    "missing": ("Have the missing roles sign.", "请尚未签署的各方签署。"),
    "nothing": ("Nothing to do.", "无需处理。"),
}

ALARMS_WITH_ADVICE = (
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
    "unsigned-content",
    "covers-content",
    "same-name",
    "repeated-key",
)
