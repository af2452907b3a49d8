"""What the pictures say, as alarms and remarks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agreegen.messages import Message, message
from agreegen.model.report import Alarm
from agreegen.verification.changes.painted_places import PlaceKind
from agreegen.verification.interface import COVERS_CONTENT
from agreegen.verification.pictures.interface import Drawn, Fault, PageFault, Reading, SealLook

SEAL_OVER_CONTENT = "seal-over-content"


def page_alarms(drawn: Drawn) -> list[Alarm]:
    """Return an alarm for every page that differs or could not be drawn, and every look that wipes out."""
    alarms = [page_alarm(fault) for fault in drawn.faults]
    alarms += [_erased(seal) for seal in drawn.seals if erases(seal)]
    if drawn.limit is not None:
        alarms.append(Alarm("limit", drawn.limit))
    return alarms


def erases(seal: SealLook) -> bool:
    """Tell whether a look made paper of earlier ink in a field that the first signer saw there, empty."""
    return seal.reading is Reading.ERASED and seal.place.kind is PlaceKind.SIGNED_FIELD


_SENTENCES: dict[Fault, tuple[str, bool, str]] = {
    Fault.DIFFERS: ("page-looks-different", True, "verification.page-looks-different"),
    Fault.LOST: ("ink-lost", True, "verification.ink-lost"),
    Fault.UNDRAWN: ("not-drawn", False, "verification.page-not-drawn"),
    Fault.UNSTEADY: ("not-drawn", False, "verification.look-unsteady"),
}
"""Code, whether it alters, and the sentences about a page; the document as a whole has its own."""


def page_alarm(fault: PageFault) -> Alarm:
    """Return the alarm about a page."""
    if not fault.page:
        return _document_alarm(fault)
    code, alters, sentence = _SENTENCES[fault.fault]
    drawn = "verification.drawn-in-print-by" if fault.printing else "verification.drawn-by"
    values: dict[str, object] = {"page": fault.page}
    if fault.fault is not Fault.UNDRAWN:
        values["where"] = _where(fault.box)
    if fault.fault is not Fault.UNSTEADY:
        values["how"] = message(drawn, reader=fault.reader)
    return Alarm(code, message(sentence, **values), alters, page=fault.page, box=fault.box)


def _document_alarm(fault: PageFault) -> Alarm:
    if fault.fault is Fault.UNDRAWN:
        return Alarm("not-drawn", message("verification.pages-not-drawn", reader=fault.reader))
    return Alarm("page-looks-different", message("verification.number-of-pages-differs"), alters=True)


def _where(box: tuple[float, float, float, float] | None) -> str:
    return "–" if box is None else " ".join(f"{edge:g}" for edge in box) + " pt"


def _erased(seal: SealLook) -> Alarm:
    page, name = seal.place.page_index + 1, seal.place.field_name
    told = message("verification.look-wipes-out", name=name, page=page)
    return Alarm("ink-lost", told, True, page=page, box=seal.place.box, picture_png=seal.picture)


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
    told = message("verification.look-at-picture", over=_over(seal), sha256=seal.picture_sha256)
    return _told(seal, COVERS_CONTENT, told)


def _remark(seal: SealLook, *, confirmed: bool) -> Alarm:
    over = _over(seal)
    told = message("verification.picture-confirmed", over=over) if confirmed else over
    return _told(seal, SEAL_OVER_CONTENT, told)


def _over(seal: SealLook) -> Message:
    name, page, where = seal.place.field_name, seal.place.page_index + 1, _where(seal.place.box)
    if seal.reading is Reading.JOINED:
        if name is None:
            return message("verification.note-joins", page=page, where=where)
        return message("verification.filling-joins", name=name, page=page, where=where)
    legible = seal.reading is Reading.LEGIBLE
    code = "verification.look-over-legible" if legible else "verification.look-over-covered"
    return message(code, name=name, page=page, where=where)


def _told(seal: SealLook, code: str, told: Message) -> Alarm:
    page, box = seal.place.page_index + 1, seal.place.box
    return Alarm(code, told, page=page, box=box, picture_png=seal.picture)
