"""Why a page is left for a person, in words: English, and Chinese as a clerk says it."""

from __future__ import annotations

from agreegen.scanning.interface import Reason

WORDS: dict[Reason, tuple[str, str]] = {
    Reason.NO_MARK: ("no mark of ours on it", "页面上没有本程序的标记码"),
    Reason.HALF_MARK: ("a mark can be seen but not read", "标记码残缺，无法识读"),
    Reason.UNKNOWN_ID: (
        "its mark names a document that this register does not know",
        "标记码所指文件不在本登记簿内",
    ),
    Reason.MARKS_DIFFER: ("its two marks name different pages", "两处标记码内容不一致"),
    Reason.REPLACED: (
        "the document was replaced; the person must sign the new text",
        "该文件已被新文件替换，须重新签字",
    ),
    Reason.QUARANTINED: ("the document is in quarantine", "该文件已被隔离"),
    Reason.TEXT_DIFFERS: (
        "its text is not the one that was printed for this person",
        "印刷文字与该人员的文件不符",
    ),
    Reason.TEXT_DOUBTFUL: ("some of its text cannot be read surely", "部分印刷文字不清，请人工核对"),
    Reason.NOT_ALIGNED: (
        "it does not look like the document that its mark names",
        "页面版式与标记码所指文件对不上",
    ),
    Reason.NO_INK: ("nobody has signed in the place for it", "签字处为空白"),
    Reason.INK_DOUBTFUL: (
        "there is too little ink to be sure of a signature, or it is a blot",
        "签字处墨迹过少或为污渍，请人工核对",
    ),
    Reason.INK_ELSEWHERE: ("something is written or drawn at another place", "签字处以外有手写或其他墨迹"),
    Reason.NO_PLACE: ("the document has no visible place for the signature", "该文件没有可见的签字位置"),
    Reason.PAGES_MISSING: ("other pages of the document are missing", "该文件的其他页缺失"),
    Reason.ANOTHER_COPY: ("another scan of this document is recorded", "该文件已有另一份扫描件登记"),
    Reason.SCAN_OF_ANOTHER: ("this scan is recorded for another document", "该扫描件已登记在另一份文件名下"),
    Reason.RETRACTED: ("this very page was recorded once and taken back", "该页曾经登记，后被撤回"),
    Reason.LOW_RESOLUTION: ("below 200 dpi (DA/T 31-2017)", "分辨率低于200 dpi（DA/T 31-2017）"),
    Reason.UNREADABLE: ("it cannot be read", "无法读取"),
    Reason.FILE_CHANGED: (
        "the document's file is not the one that was registered",
        "该文件的电子件与登记不符",
    ),
    Reason.COVER_SHEET: ("a cover sheet", "封面页"),
    Reason.BY_DECISION: ("decided by a person", "已由人工决定"),
}
"""Reason → what is said of it in English and in Chinese."""


def say_reasons(reasons: tuple[Reason, ...], lang: str) -> str:
    """Return reasons in one sentence, in `zh` or `en`."""
    place = 1 if lang == "zh" else 0
    return ("；" if lang == "zh" else "; ").join(WORDS[reason][place] for reason in reasons)
