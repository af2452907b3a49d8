"""The pictures alone, without any rule: what a reader would see is found, and nothing else is."""

from __future__ import annotations

import functools
import io
import re
import time
from collections.abc import Callable

import pikepdf
import pytest

from agreegen.pdf.document import open_file
from agreegen.pdf.limits import Limits
from agreegen.verification.changes.painted_places import PermittedPlace, PlaceKind
from agreegen.verification.pictures import judging, poppler_comparison
from agreegen.verification.pictures.interface import Drawn, Fault
from agreegen.verification.pictures.judging import draw_changes
from agreegen.verification.pictures.page_reach import touched_pages
from agreegen.verification.pictures.poppler_pages import poppler_is_installed
from agreegen.verification.pictures.states import Budget, BudgetError, processor_time_s
from tests.attacks.documents import annotate, content_number, fill, page_number, redefine, signed
from tests.attacks.honest import metadata_updated, with_store
from tests.attacks.increments import append, body_of, number_of, size_of, stream
from tests.attacks.signer import FREE_BOX, TEXT_BOX, base_document, sign, stamp

LIMITS = Limits()
needs_poppler = pytest.mark.skipif(not poppler_is_installed(), reason="poppler's programs are not here")


def draw(data: bytes, *places: PermittedPlace, every_page: bool = True) -> Drawn:
    """Compare the last revision but one, which was signed, with the file."""
    file = open_file(data, LIMITS)
    views = file.views()
    return draw_changes(file, views, [len(views) - 2], places, every_page=every_page)


def marked(flags: int, data: bytes | None = None) -> bytes:
    """Put a black square on a free place, with these flags."""
    data = signed() if data is None else data
    noted = annotate(data, FREE_BOX, b"/Square")
    later = noted[len(data) :].replace(b"/Subtype /Square /F 4", b"/Subtype /Square /F %d" % flags)
    # The cross-references follow the length of the flags.
    number = size_of(data)
    body = re.search(rb"\n%d 0 obj\n(.*?)\nendobj" % number, later, re.DOTALL)
    assert body is not None
    black = stream(b"0 g 0 0 140 40 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 140 40]")
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, page_number(data)))[0])
    return append(data, {listing: body_of(noted, listing), number: body[1], number + 1: black})


def turned(angle: int) -> bytes:
    pdf = pikepdf.open(io.BytesIO(base_document()))
    pdf.pages[0].Rotate = angle
    pdf.pages[0].obj["/CropBox"] = pikepdf.Array([40, 200, 560, 830])
    target = io.BytesIO()
    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return sign(target.getvalue())


def layered(printed: bytes) -> bytes:
    """The page's text stands in a layer; a later revision gives it another state for print."""
    base = base_document()
    free, page, root = size_of(base), page_number(base), number_of(base, b"/Type /Catalog")
    states = b"<< /Print << /PrintState /%s >> /View << /ViewState /ON >> >>"
    layer = b"<< /Type /OCG /Name (text) /Usage " + states + b" >>"
    usage = b"[ << /Event /Print /Category [ /Print ] /OCGs [ %d 0 R ] >> ]" % free
    properties = b"/OCProperties << /OCGs [ %d 0 R ] /D << /Order [] /AS " % free + usage + b" >> >> >>"
    holder, catalog = body_of(base, page), body_of(base, root)
    resources = b"/Resources << /Properties << /L %d 0 R >>" % free
    shown = b"/OC /L BDC BT /F1 12 Tf 72 600 Td (Only at times.) Tj ET EMC"
    with_layer = append(
        base,
        {
            page: holder.replace(b"/Resources <<", resources),
            root: catalog[: catalog.rindex(b">>")] + properties,
            content_number(base): stream(shown),
            free: layer % b"ON",
        },
    )
    return append(sign(with_layer), {free: layer % printed})


DIFFERENT: dict[str, Callable[[], bytes]] = {
    "other text": lambda: redefine(signed(), content_number(signed()), b"confidential", b"as I like it"),
    "annotation": functools.partial(marked, 4),
    "annotation on the screen only": functools.partial(marked, 0),
    "annotation in print only": functools.partial(marked, 36),
    "filled without permission": lambda: fill(signed()),
    "on a turned, cropped page": lambda: marked(4, turned(90)),
    "page turned": lambda: redefine(signed(), page_number(signed()), b"/MediaBox", b"/Rotate 180 /MediaBox"),
    "page cropped": lambda: redefine(
        signed(), page_number(signed()), b"/MediaBox", b"/CropBox [0 0 500 842] /MediaBox"
    ),
    "layer off in print": functools.partial(layered, b"OFF"),
}

SAME: dict[str, Callable[[], bytes]] = {
    "security store": lambda: with_store(signed()),
    "timestamp": lambda: stamp(signed()),
    "metadata": metadata_updated,
    "hidden annotation": functools.partial(marked, 2),
    "annotation outside of the crop box": lambda: annotate(turned(0), (2, 300, 38, 340), b"/Square"),
    "layer as it was": functools.partial(layered, b"ON"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_shows_is_found(name: str) -> None:
    faults = draw(DIFFERENT[name]()).faults
    assert faults, name
    assert {fault.fault for fault in faults} == {Fault.DIFFERS}
    assert {fault.page for fault in faults} == {1}
    assert all(fault.box is not None for fault in faults)


@pytest.mark.parametrize("name", SAME)
def test_what_does_not_show_is_no_difference(name: str) -> None:
    assert draw(SAME[name]()) == Drawn()


def test_difference_is_told_where_it_is() -> None:
    (fault,) = draw(marked(4)).faults
    assert fault.box is not None
    assert all(abs(one - two) <= 2 for one, two in zip(fault.box, FREE_BOX, strict=True))
    (fault,) = draw(marked(36)).faults
    assert fault.printing


@needs_poppler
def test_poppler_sees_what_pdfium_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_compare_page", lambda *_, **__: iter(()))
    for name in ("other text", "annotation in print only"):
        assert {fault.reader for fault in draw(DIFFERENT[name]()).faults} == {"poppler"}
    monkeypatch.setattr(poppler_comparison, "poppler_is_installed", lambda: False)
    assert draw(DIFFERENT["other text"]()) == Drawn()


def place(data: bytes, kind: PlaceKind = PlaceKind.FILLED_FIELD) -> PermittedPlace:
    return PermittedPlace(2, 0, (60, 600, 300, 620), kind, "remark", number_of(data, b"(remark)"))


def test_permitted_place_may_differ() -> None:
    data = fill(signed())
    assert draw(data, place(data)) == Drawn()


def test_earlier_ink_in_a_permitted_place_may_not_become_lighter() -> None:
    """A field over the text is filled in with a white look."""
    base = base_document()
    number = number_of(base, b"(remark)")
    box = b"[ %d %d %d %d ]" % TEXT_BOX
    moved = append(base, {number: re.sub(rb"/Rect \[[^\]]*\]", b"/Rect " + box, body_of(base, number))})
    data = sign(moved, "person")
    white = stream(b"1 g 0 0 360 35 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 360 35]")
    whitened = append(data, {number_of(data, b"/Tx BMC EMC"): white})
    permitted = PermittedPlace(3, 0, TEXT_BOX, PlaceKind.FILLED_FIELD, "remark", number)
    assert {fault.fault for fault in draw(whitened, permitted).faults} == {Fault.LOST}


def test_value_that_replaces_another_one_hides_nothing_of_the_page() -> None:
    first = sign(fill(base_document()), "unit")
    number = number_of(first, b"(remark)")
    look = stream(
        b"/Tx BMC BT /Helv 10 Tf 2 5 Td (ok) Tj ET EMC",
        b"/Type /XObject /Subtype /Form /BBox [0 0 240 20]",
    )
    later = append(first, {number_of(first, b"/Tx BMC BT"): look})
    file = open_file(later, LIMITS)
    views = file.views()
    index = len(views) - 1
    own = PermittedPlace(index, 0, (60, 600, 300, 620), PlaceKind.FILLED_FIELD, "remark", number)
    assert draw_changes(file, views, [index - 1], [own]) == Drawn()


def test_limits_say_nothing_about_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "TIME_S", 0.0)
    drawn = draw(DIFFERENT["other text"]())
    assert drawn.faults == ()
    assert drawn.limit is not None


def test_waiting_uses_nothing_of_the_time_up_and_work_does() -> None:
    budget = Budget(processor_time_s() + 0.2)
    time.sleep(0.4)
    assert budget.left_s() > 0
    while processor_time_s() < budget.until:
        pass
    with pytest.raises(BudgetError):
        budget.left_s()


def test_pages_that_reach_nothing_new_are_left_out_of_long_files() -> None:
    file = open_file(with_store(signed()), LIMITS)
    views = file.views()
    later = frozenset(file.revisions[2].entries)
    assert touched_pages(views[1], views[2], later) == frozenset()
    for name in ("other text", "annotation", "filled without permission", "page turned"):
        file = open_file(DIFFERENT[name](), LIMITS)
        views = file.views()
        assert touched_pages(views[1], views[2], frozenset(file.revisions[2].entries)) == frozenset({0}), name
    file = open_file(layered(b"OFF"), LIMITS)
    views = file.views()
    last = len(views) - 1
    assert touched_pages(views[last - 1], views[last], frozenset(file.revisions[last].entries)) in (
        None,
        frozenset({0}),
    )
