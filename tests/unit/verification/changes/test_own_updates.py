"""Updates behind a signed document of ours: those of this program, and others that nobody else may make."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter

from agreegen.pdf.document import open_file
from agreegen.pdf.limits import Limits
from agreegen.verification.changes.metadata_words import says_more
from agreegen.verification.changes.own_updates import foreign_updates
from agreegen.verification.examination import examine
from tests.unit.verification.authority import Authority, sign
from tests.unit.verification.own_files import OwnFiles

Update = Callable[[Any, OwnFiles], None]
OBJECTS: Any = generic
"""The library's objects, which are not typed."""


def faults_of(data: bytes) -> list[str]:
    """Return what is wrong with the updates of a file, one after the other."""
    views = open_file(data, Limits()).views()
    return [str(fault) for old, new in itertools.pairwise(views[1:]) for fault in foreign_updates(old, new)]


def updated(data: bytes, own: OwnFiles, update: Update) -> bytes:
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(data))
    update(writer, own)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _name(text: str) -> Any:
    return OBJECTS.NameObject(text)


def _dictionary(**entries: Any) -> Any:
    return OBJECTS.DictionaryObject({_name(f"/{key}"): value for key, value in entries.items()})


def note(writer: Any, _: OwnFiles) -> None:
    """A remark in the margin."""
    box = OBJECTS.ArrayObject(OBJECTS.NumberObject(n) for n in (5, 5, 20, 20))
    entry = _dictionary(Type=_name("/Annot"), Subtype=_name("/Text"), Rect=box)
    entry["/Contents"] = OBJECTS.pdf_string("Clause 7 does not apply.")
    writer.register_annotation(writer.find_page_for_modification(0)[0], writer.add_object(entry))


def another_attachment(writer: Any, own: OwnFiles) -> None:
    """The values that go with the page are exchanged."""
    stream = writer.root["/AF"][0]["/EF"].raw_get("/F")
    other = replace(own.document, id="f" * 32).to_json()
    writer.mark_update(stream)
    stream.get_object()._data = other
    stream.get_object()._encoded_data = None


def title(writer: Any, _: OwnFiles) -> None:
    writer.set_info(_dictionary(Title=OBJECTS.pdf_string("Another title")))


def stray_object(writer: Any, _: OwnFiles) -> None:
    """Something that nothing refers to, for readers that look through the bytes."""
    writer.add_object(_dictionary(Type=_name("/Catalog")))


def language(writer: Any, _: OwnFiles) -> None:
    writer.root["/Lang"] = OBJECTS.pdf_string("en")
    writer.update_root()


def action(writer: Any, _: OwnFiles) -> None:
    writer.root["/OpenAction"] = _dictionary(S=_name("/Named"), N=_name("/LastPage"))
    writer.update_root()


def new_permissions(writer: Any, _: OwnFiles) -> None:
    writer.root["/Perms"] = _dictionary()
    writer.update_root()


def store_with_more(writer: Any, _: OwnFiles) -> None:
    """A stream of the security store that is a form XObject besides."""
    stream = OBJECTS.StreamObject({_name("/Subtype"): _name("/Form")}, stream_data=b"x")
    certificates = OBJECTS.ArrayObject([writer.add_object(stream)])
    writer.root["/DSS"] = writer.add_object(_dictionary(Certs=certificates))
    writer.update_root()


def store_of_old_objects(writer: Any, _: OwnFiles) -> None:
    """The page's content becomes a certificate: a later update of the store may replace it."""
    contents = writer.root["/Pages"]["/Kids"][0].raw_get("/Contents")
    found = contents[0] if isinstance(contents, OBJECTS.ArrayObject) else contents
    writer.root["/DSS"] = writer.add_object(_dictionary(Certs=OBJECTS.ArrayObject([found]), Foo=found))
    writer.update_root()


def text_field(writer: Any, _: OwnFiles) -> None:
    field = _dictionary(FT=_name("/Tx"), T=OBJECTS.pdf_string("x"), V=OBJECTS.pdf_string("y"))
    form = writer.root["/AcroForm"]
    form["/Fields"].append(writer.add_object(field))
    writer.update_container(form)
    writer.update_container(form["/Fields"])


def form_key(writer: Any, _: OwnFiles) -> None:
    form = writer.root["/AcroForm"]
    form["/NeedAppearances"] = OBJECTS.BooleanObject(value=True)
    writer.update_container(form)


_ALL: tuple[Update, ...] = (
    *(note, another_attachment, title, stray_object, language, action, new_permissions),
    *(store_with_more, store_of_old_objects, text_field, form_key),
)
UPDATES: dict[str, Update] = {update.__name__: update for update in _ALL}


def test_updates_of_this_program(own: OwnFiles) -> None:
    for name, data in own.signed.items():
        assert faults_of(data) == [], name


@pytest.mark.parametrize("name", UPDATES)
def test_updates_of_others(own: OwnFiles, name: str) -> None:
    data = updated(own.signed["unit"], own, UPDATES[name])
    assert faults_of(data)
    report = examine("x.pdf", data, own.options)
    assert report.unaltered is False
    assert report.verdict.value == "invalid"


def test_title_and_author_may_not_change_places() -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        b"<dc:title><li>%s</li></dc:title><dc:creator><li>%s</li></dc:creator></x:xmpmeta>"
    )
    assert says_more(packet % (b"Pledge", b"Office"), packet % (b"Office", b"Pledge"))
    assert not says_more(packet % (b"Pledge", b"Office"), packet % (b"Pledge", b"Office"))


def test_timestamp_with_a_name_that_says_something(own: OwnFiles) -> None:
    """Anybody may have a file stamped, and choose what readers list the field as."""
    data = next(data for data in own.signed.values() if b"agreegen_timestamp_1" in data)
    assert faults_of(data) == []
    other = b"Contract is now void"
    assert len(other) == len(b"agreegen_timestamp_1")
    assert faults_of(data.replace(b"agreegen_timestamp_1", other))


@pytest.mark.parametrize("name", ["an extra field", "another kind of signature"])
def test_signatures_of_others(own: OwnFiles, name: str) -> None:
    """A signature in a field of its own is no role; one of another kind is none that this program makes."""
    authority = Authority.root()
    kind = SigSeedSubFilter.PADES if name == "an extra field" else SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    field = "extra" if name == "an extra field" else "pledger"
    data = sign(
        own.signed["unit"], authority.issue("A stranger"), authority.holder, field_name=field, subfilter=kind
    )
    assert faults_of(data)
    assert examine("x.pdf", data, own.options).unaltered is False


def test_stock_signature_in_a_field_that_was_there(own: OwnFiles) -> None:
    """The library writes time and program into the metadata; that is the update that older releases wrote."""
    authority = Authority.root()
    data = sign(own.signed["unit"], authority.issue("A stranger"), authority.holder, field_name="pledger")
    assert faults_of(data) == []
    assert examine("x.pdf", data, own.options).unaltered is True


_PACKET = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<r:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:ModifyDate="%s" xmp:CreatorTool="%s"/></r:RDF>
</x:xmpmeta>"""


@pytest.mark.parametrize(
    ("new", "more"),
    [
        (_PACKET % (b"2026-01-01", b"agreegen"), False),
        (_PACKET % (b"2025-01-01", b"Word"), True),
        (_PACKET % (b"2025-01-01", b"agreegen") + b"<x/>", True),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", True),
        (b"", True),
        (b"<x>" + b" " * (1 << 17) + b"</x>", True),
    ],
)
def test_metadata_say_time_and_program(new: bytes, more: bool) -> None:
    assert says_more(_PACKET % (b"2025-01-01", b"agreegen"), new) is more
