"""Which updates one renderer draws only: those of which it is proved that nobody draws anything of them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

import pytest

from agreegen.pdf.document import open_file
from agreegen.pdf.finding import find_candidates
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import StructureError
from agreegen.verification.pictures import judging
from agreegen.verification.pictures.poppler_comparison import Outcome, PagePlan, compare_with_poppler
from agreegen.verification.pictures.states import State
from agreegen.verification.structure.canonical_form import is_plain_throughout
from agreegen.verification.structure.changes import judge_changes
from agreegen.verification.structure.coverage import cover
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.canonical_honest import store_of_a_linearized_file
from tests.attacks.documents import annotate, certified, content_number, fill, page_number, signed
from tests.attacks.honest import (
    extensions_named,
    hybrid_pair,
    metadata_updated,
    rewritten_the_same,
    store_rewritten,
    with_store,
)
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.samples import ATTACKS
from tests.attacks.signer import base_document, sign, stamp

BLANK = b"/Type /Annot /Subtype /Widget /FT /Sig /T (later) /Rect [0 0 0 0] /F 132 "
LOOK = b"/Type /XObject /Subtype /Form /BBox [0 0 0 0] "
Sample = Callable[[], bytes]


def with_field(
    entries: bytes = BLANK,
    content: bytes | None = b"",
    *,
    data: bytes | None = None,
    page: bytes = b"",
    form: tuple[bytes, bytes] = (b"", b""),
    first: bool = False,
) -> bytes:
    """Put a field into the form and on the page.

    Args:
        entries: What it says.
        content: Of its look; None for none.
        data: The signed file.
        page: Further entries of the page.
        form: What the form says instead of what.
        first: Whether it stands before the others.
    """
    data = signed() if data is None else data
    free, holder = size_of(data), page_number(data)
    root = number_of(data, b"/SigFlags")
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, holder))[-1])
    reference = b" %d 0 R " % free
    fields = body_of(data, root)
    assert form[0] in fields
    fields = fields.replace(*form)
    opened = fields.index(b"/Fields") + fields[fields.index(b"/Fields") :].index(b"[") + 1
    looks = b"" if content is None else b"/AP << /N %d 0 R >> " % (free + 1)
    at = opened if first else fields.index(b"]", opened)
    objects = {
        root: fields[:at] + reference + fields[at:],
        listing: body_of(data, listing).replace(b"]", reference + b"]"),
        free: b"<< %s/P %d 0 R %s>>" % (entries, holder, looks),
    }
    if content is not None:
        objects[free + 1] = stream(content, LOOK)
    if page:
        objects[holder] = body_of(data, holder).replace(b"/Type /Page", b"/Type /Page " + page)
    return append(data, objects)


def catalog_entry(entry: bytes) -> bytes:
    data = with_store(signed())
    body = body_of(data, root_number(data))
    return append(data, {root_number(data): body[: body.rindex(b">>")] + entry + b" >>"})


def page_nearly_the_same() -> bytes:
    data = signed()
    body = body_of(data, page_number(data))
    assert b"595" in body
    return append(data, {page_number(data): body.replace(b"595", b"595.0005", 1)})


def content_written_again() -> bytes:
    data = signed()
    return append(data, {content_number(data): body_of(data, content_number(data))})


def content_in_the_store() -> bytes:
    """A stream of evidence that the page's content was before."""
    data = signed()
    root, free = root_number(data), size_of(data)
    body = body_of(data, root)
    store = b"<< /Type /DSS /Certs [%d 0 R] >>" % content_number(data)
    objects = {root: body[: body.rindex(b">>")] + b"/DSS %d 0 R >>" % free, free: store}
    return append(data, {**objects, content_number(data): body_of(data, content_number(data))})


def on(text: bytes, gap: bytes = b"") -> bytes:
    """A security store behind a signed file that has a further object, or a gap."""
    base = base_document()
    return with_store(sign(append(base + gap, {size_of(base): text})))


def office_trailer() -> bytes:
    """LibreOffice's trailer names a document within the file; signers leave its entry out, or write it on."""
    base = base_document()
    data = sign(append(base, {size_of(base): b"<< >>"}, trailer=b"/DocChecksum /00AA"))
    root = root_number(data)
    named = b"/AdditionalStreams [ /x %d 0 R ]" % size_of(data)
    data = append(data, {root: body_of(data, root)}, trailer=named)
    return with_store(data)


PROVED: dict[str, Sample] = {
    "security store": lambda: with_store(signed()),
    "store written again": store_rewritten,
    "store after a certification": lambda: with_store(certified()),
    "timestamp": lambda: stamp(signed()),
    "stores and timestamps": lambda: stamp(with_store(stamp(signed()))),
    "metadata": metadata_updated,
    "extensions": extensions_named,
    "trailer of LibreOffice": office_trailer,
    "the same again": rewritten_the_same,
    "blank field": with_field,
    "blank field without a look": functools.partial(with_field, content=None),
    "blank field on a point": lambda: with_field(BLANK.replace(b"[0 0 0 0]", b"[7.5 9 7.5 9]")),
}
DRAWN: dict[str, Sample] = {
    "filled in": lambda: fill(signed()),
    "note": lambda: annotate(signed(), (60, 300, 200, 340), b"/Square"),
    "version": lambda: catalog_entry(b"/Version /1.7"),
    "how the page opens": lambda: catalog_entry(b"/LastModified (D:2026)"),
    "page nearly the same": page_nearly_the_same,
    "page entry": functools.partial(with_field, page=b"/Tabs /S "),
    "content written again": content_written_again,
    "content in the store": content_in_the_store,
    "field with ink on no place": lambda: with_field(content=b"0 0 1 1 re f"),
    "field with a comment for a look": lambda: with_field(content=b"% nothing"),
    "field in front of the others": functools.partial(with_field, first=True),
    "field with a style": lambda: with_field(BLANK + b"/DA (/Helv 9 Tf) "),
    "field with a border": lambda: with_field(BLANK + b"/MK << /BC [0] >> "),
    "field with a line": lambda: with_field(BLANK.replace(b"[0 0 0 0]", b"[0 0 9 0]")),
    "field with an action": lambda: with_field(BLANK + b"/A << /S /URI /URI (x) >> "),
    "field with a font": lambda: with_field(BLANK + b"/DR << /Font << /F1 7 0 R >> >> "),
    "field of another kind": lambda: with_field(BLANK.replace(b"/Sig", b"/Tx")),
    "form with another style": functools.partial(with_field, form=(b"Helv 0 Tf", b"Helv 1 Tf")),
    "form that asks for looks": functools.partial(
        with_field, form=(b"/SigFlags", b"/NeedAppearances true /SigFlags")
    ),
}


ODD_FILES: dict[str, Sample] = {
    "hybrid": lambda: with_store(hybrid_pair()),
    "linearized": store_of_a_linearized_file,
    "comment in an object": lambda: on(b"<< /A 1 % nothing\n>>"),
    "what looks like an object in a stream": lambda: on(stream(b"\n9 0 obj\n<< >>\nendobj\n")),
    "a gap that some readers do not cross": lambda: on(b"<< >>", b"\n" * 99),
    "words between objects": lambda: on(b"<< >>", b"endobj\n"),
}


def is_proved(data: bytes) -> bool:
    """Tell whether all that stands behind the last signed revision but one is proved to show nothing."""
    file = open_file(data, Limits())
    views = file.views()
    covered = [cover(file, candidate) for candidate in find_candidates(file, views)[0]]
    first = min(item.revision for item in covered if item.revision is not None)
    judgement = judge_changes(file, views, covered)
    assert first < len(views) - 1
    return judgement.unseen == set(range(first, len(views) - 1)) and is_plain_throughout(views, first)


def asks_poppler(monkeypatch: pytest.MonkeyPatch, data: bytes) -> bool:
    """Tell whether poppler is asked for pictures of a file."""
    asked: list[int] = []

    def compare_and_note(old: State, new: State, plans: Sequence[PagePlan]) -> Outcome:
        asked.append(old.view.index)
        return compare_with_poppler(old, new, plans)

    with monkeypatch.context() as patch:
        patch.setattr(judging, "compare_with_poppler", compare_and_note)
        scan_structure(data, Limits())
    return bool(asked)


@pytest.mark.parametrize("name", PROVED)
def test_what_nobody_draws_is_proved(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = PROVED[name]()
    assert is_proved(data)
    assert not asks_poppler(monkeypatch, data)


@pytest.mark.parametrize("name", DRAWN)
def test_anything_else_is_drawn_or_forbidden(name: str) -> None:
    assert not is_proved(DRAWN[name]())


@pytest.mark.parametrize("name", ODD_FILES)
def test_file_that_readers_could_repair_is_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = ODD_FILES[name]()
    assert not is_proved(data)
    assert asks_poppler(monkeypatch, data)


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_no_attack_is_proved(name: str) -> None:
    """What is proved shows nothing: whatever shows something is no such update."""
    data = ATTACKS[name]()
    try:
        proved = is_proved(data)
    except (StructureError, ValueError, AssertionError):
        return  # nothing to follow, or nothing behind the signature
    assert not proved
