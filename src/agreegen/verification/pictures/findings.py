"""What the pictures say, as alarms and remarks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agreegen.model.report import Alarm
from agreegen.verification.changes.painted_places import PlaceKind
from agreegen.verification.pictures.interface import Drawn, Fault, PageFault, Reading, SealLook

COVERS_CONTENT = "covers-content"
SEAL_OVER_CONTENT = "seal-over-content"


def page_alarms(drawn: Drawn) -> list[Alarm]:
    """Return an alarm for every page that differs or could not be drawn, and every look that wipes out."""
    alarms = [page_alarm(fault) for fault in drawn.faults]
    alarms += [_erased(seal) for seal in drawn.seals if erases(seal)]
    if drawn.limit is not None:
        alarms.append(Alarm("limit", drawn.limit, message_zh="页面未能全部绘制，无法确认是否有改动"))
    return alarms


def erases(seal: SealLook) -> bool:
    """Tell whether a look made paper of earlier ink in a field that the first signer saw there, empty."""
    return seal.reading is Reading.ERASED and seal.place.kind is PlaceKind.SIGNED_FIELD


_SENTENCES: dict[Fault, tuple[str, bool, str, str]] = {
    Fault.DIFFERS: (
        "page-looks-different",
        True,
        "after signing, page {page} looks different where nothing may change ({where}; {how})",
        "签署之后，第 {page} 页不允许改动之处显示不同（{where}；{how_zh}）",
    ),
    Fault.LOST: (
        "ink-lost",
        True,
        "after signing, something on page {page} was covered or wiped out ({where}; {how})",
        "签署之后，第 {page} 页有内容被盖住或抹去（{where}；{how_zh}）",
    ),
    Fault.UNDRAWN: (
        "not-drawn",
        False,
        "page {page} cannot be drawn ({how}), so that nobody can say whether it changed",
        "第 {page} 页无法绘制（{how_zh}），不能确认是否有改动",
    ),
    Fault.UNSTEADY: (
        "not-drawn",
        False,
        "a signature's look on page {page} ({where}) changes with size, turn or the mouse",
        "第 {page} 页签名的外观（{where}）随缩放、旋转或鼠标而变化，不能确认其遮盖了什么",
    ),
}
"""Code, whether it alters, and the sentences about a page; the document as a whole has its own."""


def page_alarm(fault: PageFault) -> Alarm:
    """Return the alarm about a page."""
    if not fault.page:
        return _document_alarm(fault)
    code, alters, english, chinese = _SENTENCES[fault.fault]
    words = {
        "page": fault.page,
        "where": _where(fault.box),
        "how": f"{fault.reader}{', in print' if fault.printing else ''}",
        "how_zh": f"{fault.reader} 绘制{'，打印时' if fault.printing else ''}",
    }
    zh = chinese.format(**words)
    return Alarm(code, english.format(**words), alters, zh, page=fault.page, box=fault.box)


def _document_alarm(fault: PageFault) -> Alarm:
    if fault.fault is Fault.UNDRAWN:
        text = f"{fault.reader} cannot draw the pages, so that nobody can say whether they changed"
        return Alarm("not-drawn", text, message_zh="无法绘制页面，不能确认是否有改动")
    text = "after signing, the file has another number of pages"
    return Alarm("page-looks-different", text, alters=True, message_zh="签署之后，文件的页数改变")


def _where(box: tuple[float, float, float, float] | None) -> str:
    return "–" if box is None else " ".join(f"{edge:g}" for edge in box) + " pt"


def _erased(seal: SealLook) -> Alarm:
    page, name = seal.place.page_index + 1, seal.place.field_name
    text = f"the look of the signature “{name}” wipes out what stood on page {page} when it was signed before"
    zh = f"签名“{name}”的外观抹去了第 {page} 页此前已签署的内容"
    return Alarm("ink-lost", text, True, zh, page=page, box=seal.place.box, picture_png=seal.picture)


@dataclass(frozen=True, slots=True)
class SealVerdict:
    """What the looks of signatures over earlier content mean for a file.

    Attributes:
        alarms: Looks that nobody has confirmed.
        remarks: Looks that are permitted.
    """

    alarms: tuple[Alarm, ...] = ()
    remarks: tuple[Alarm, ...] = ()


def judge_seals(seals: Iterable[SealLook], *, seen: frozenset[str], known: frozenset[str]) -> SealVerdict:
    """Decide which looks of signatures over earlier content need a person's eye.

    Pixels prove that something was lost, never that nothing was added: what a field that was added later
    shows over the page, only a person can judge. A field that stood there empty when the first signer signed
    is permitted where all under it can still be read, and in our own forms, where the text under it is known.

    Args:
        seals: The looks.
        seen: SHA-256 of the pictures that the verifier has looked at.
        known: Fields of our own form, where the page is that form filled with the attached values.
    """
    alarms: list[Alarm] = []
    remarks: list[Alarm] = []
    for seal in seals:
        if seal.reading is Reading.NOTHING or erases(seal):
            continue
        prepared = seal.place.kind is PlaceKind.SIGNED_FIELD
        if prepared and seal.place.field_name in known:
            continue
        confirmed = seal.picture_sha256 in seen
        if confirmed or (prepared and seal.reading is Reading.LEGIBLE):
            remarks.append(_remark(seal, confirmed=confirmed))
        else:
            alarms.append(_covers(seal))
    return SealVerdict(tuple(alarms), tuple(remarks))


def _covers(seal: SealLook) -> Alarm:
    text, zh = _over(seal)
    text += f"; look at its picture in the HTML report, and confirm it with --seal-seen {seal.picture_sha256}"
    zh += f"；请查看 HTML 报告中的图片，确认后加 --seal-seen {seal.picture_sha256}"
    return _told(seal, COVERS_CONTENT, text, zh)


def _remark(seal: SealLook, *, confirmed: bool) -> Alarm:
    text, zh = _over(seal)
    if confirmed:
        text, zh = f"{text}; whoever verifies has confirmed its picture", f"{zh}；核验人已确认其图片"
    return _told(seal, SEAL_OVER_CONTENT, text, zh)


def _over(seal: SealLook) -> tuple[str, str]:
    name, page, where = seal.place.field_name, seal.place.page_index + 1, _where(seal.place.box)
    if seal.reading is Reading.JOINED:
        return _joined(name, page, where)
    legible = seal.reading is Reading.LEGIBLE
    read = "everything under it can still be read" if legible else "not everything under it can still be read"
    read_zh = "其下内容仍全部可以辨认" if legible else "其下内容并非全部可以辨认"
    text = f"the look of the signature “{name}” lies over what stood on page {page} ({where}); {read}"
    return text, f"签名“{name}”的外观盖在第 {page} 页原有内容之上（{where}）；{read_zh}"


def _joined(name: str | None, page: int, where: str) -> tuple[str, str]:
    what = "a note" if name is None else f"what was filled into the field “{name}”"
    what_zh = "批注" if name is None else f"表单域“{name}”中填写的内容"
    text = f"{what} joins what was drawn on page {page} ({where}), which may read otherwise now"
    return text, f"{what_zh}与第 {page} 页原有的图形相连或夹在其中（{where}），其含义可能已经不同"


def _told(seal: SealLook, code: str, text: str, zh: str) -> Alarm:
    page, box = seal.place.page_index + 1, seal.place.box
    return Alarm(code, text, message_zh=zh, page=page, box=box, picture_png=seal.picture)
