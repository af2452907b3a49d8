"""Documents of ours that lie about themselves: each is right as a signed file, and none is valid."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, AttachedFileSpec, Dictionary, Name, Pdf, String

from agreegen.conversion.compiled.engine import CompiledForm
from agreegen.model.document import Document, canonical_json
from agreegen.pdf.document import open_file
from agreegen.verification.document_checks import BLOCKING
from agreegen.verification.examination import examine
from tests.unit.verification.authority import Authority, sign
from tests.unit.verification.own_files import OwnFiles
from tests.unit.verification.proof.test_compiled_comparison import Change, changed, swap_shapes

Lie = Callable[[dict[str, Any]], None]


def alarms_of(own: OwnFiles, pdf: bytes, **options: Any) -> list[str]:
    """Let a stranger sign with another program, and say which alarms keep the file from valid."""
    authority = Authority.root()
    data = sign(pdf, authority.issue("A stranger"), authority.holder, field_name="unit")
    report = examine("x.pdf", data, replace(own.options, **options))
    assert report.unaltered is not False, report.alarms
    return sorted({alarm.code for alarm in report.alarms if alarm.code in BLOCKING})


def attach(pdf: Pdf, content: bytes) -> None:
    stream = pdf.Root.AF[0].EF.F
    stream.write(content)
    stream.Params.Size = len(content)
    stream.Params.CheckSum = String(hashlib.md5(content).digest())


def lying(own: OwnFiles, lie: Lie) -> bytes:
    """Write something else into `agreegen.json`, in the way that this program writes it."""
    stated = json.loads(own.document.to_json())
    lie(stated)
    return changed(own, lambda pdf: attach(pdf, canonical_json(stated)))


def no_roles(stated: dict[str, Any]) -> None:
    stated["roles"] = []


def one_role_less(stated: dict[str, Any]) -> None:
    stated["roles"].pop()


def nobody_required(stated: dict[str, Any]) -> None:
    for role in stated["roles"]:
        role["required"] = False


def other_order(stated: dict[str, Any]) -> None:
    for role in stated["roles"]:
        role["order"] = 9 - role["order"]


def no_holder(stated: dict[str, Any]) -> None:
    for role in stated["roles"]:
        role["holder"] = None


def another_role(stated: dict[str, Any]) -> None:
    stated["roles"].append({"id": "x", "order": 9, "required": False, "holder": None, "label": ""})


def role_twice(stated: dict[str, Any]) -> None:
    stated["roles"].append({**stated["roles"][0], "required": False})


def other_title(stated: dict[str, Any]) -> None:
    stated["form"]["title"] = "借款合同"


def fewer_values(stated: dict[str, Any]) -> None:
    stated["values"].pop("pledger_name")


def more_values(stated: dict[str, Any]) -> None:
    stated["values"]["amount"] = "5,000,000"


def more_conditions(stated: dict[str, Any]) -> None:
    stated["conditions"]["anything"] = True


ROLES: dict[str, Lie] = {
    lie.__name__: lie
    for lie in (
        *(no_roles, one_role_less, nobody_required, other_order, no_holder, another_role, role_twice),
        *(other_title, fewer_values, more_values, more_conditions),
    )
}


def test_the_truth_is_no_lie(own: OwnFiles) -> None:
    assert alarms_of(own, lying(own, lambda stated: None)) == []


@pytest.mark.parametrize("name", ROLES)
def test_roles_and_values_are_those_of_the_form(own: OwnFiles, name: str) -> None:
    assert "roles-differ" in alarms_of(own, lying(own, ROLES[name]))


def test_missing_roles_are_told_whatever_the_file_says(own: OwnFiles) -> None:
    authority = Authority.root()
    data = sign(lying(own, no_roles), authority.issue("A stranger"), authority.holder, field_name="unit")
    report = examine("x.pdf", data, own.options)
    assert report.document is not None
    assert report.document.missing_roles == ("pledger",)


def test_holder_of_another_name(own: OwnFiles) -> None:
    def lie(stated: dict[str, Any]) -> None:
        for role in stated["roles"]:
            role["holder"] = role["holder"] and "张三"

    data = lying(own, lie)
    assert alarms_of(own, data) == ["alias-unconfirmed"]
    printed = str(own.document.values["pledger_name"])
    assert alarms_of(own, data, aliases=((printed, "李四"),)) == ["alias-unconfirmed"]
    assert alarms_of(own, data, aliases=((printed, "张三"),)) == []


@pytest.mark.parametrize("added", ["\u200b", " ", "\u3000", "\u202e", "\u00ad"])
def test_characters_that_nobody_sees(own: OwnFiles, added: str) -> None:
    """The page prints the same; a register or a search would find another person."""

    def lie(stated: dict[str, Any]) -> None:
        stated["values"]["pledger_name"] += added
        for role in stated["roles"]:
            role["holder"] = role["holder"] and role["holder"] + added

    assert "roles-differ" in alarms_of(own, lying(own, lie))


def elsewhere(**form: str) -> Lie:
    return lambda stated: stated["form"].update(form)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (elsewhere(id="data-use-agreement"), "form-unknown"),
        (elsewhere(version="9.9"), "form-unknown"),
        (elsewhere(template_sha256="0" * 64), "form-unknown"),
        (elsewhere(id="../personal-pledge"), "form-unknown"),
        (lambda stated: stated.update(engine="word/1"), "engine-differs"),
        (lambda stated: stated.update(engine="libreoffice"), "engine-differs"),
    ],
)
def test_another_form_or_engine(own: OwnFiles, lie: Lie, code: str) -> None:
    assert code in alarms_of(own, lying(own, lie))


def white_box(pdf: Pdf) -> None:
    page = pdf.pages[-1].obj
    page.Contents = Array([*page.Contents, pdf.make_stream(b"\nq 1 g 60 300 470 200 re f Q")])


def a_zero_more(pdf: Pdf) -> None:
    page = pdf.pages[-1].obj
    page.Contents = Array([*page.Contents, pdf.make_stream(b"\nq 0 g 300 500 4 8 re S Q")])


def a_pale_zero_more(pdf: Pdf) -> None:
    page = pdf.pages[-1].obj
    page.Contents = Array([*page.Contents, pdf.make_stream(b"\nq 0.65 G 300 500 4 8 re S Q")])


def white_box_in_poppler(pdf: Pdf) -> None:
    """A form within ink chooses another blend mode: PDFium mixes it as ink, poppler lays it on as paper."""
    page = pdf.pages[-1].obj
    modes = {name: Dictionary(BM=mode) for name, mode in (("/I", Name.Multiply), ("/N", Name.Normal))}
    sheet = pdf.make_stream(b"/N gs 1 g 60 300 470 200 re f")
    sheet.Type, sheet.Subtype, sheet.BBox = Name.XObject, Name.Form, Array([0, 0, 600, 800])
    sheet.Resources = Dictionary(ExtGState=Dictionary(modes))
    page.Resources.ExtGState = Dictionary(modes)
    page.Resources.XObject = Dictionary({"/Sheet": sheet})
    page.Contents = Array([*page.Contents, pdf.make_stream(b"\nq /I gs /Sheet Do Q")])


def packed_oddly(cut: int, tail: bytes = b"", **entries: Any) -> Change:
    """Add to a page's content, and pack it so that readers draw it and a strict one cannot unpack it."""

    def change(pdf: Pdf) -> None:
        stream = pdf.pages[-1].obj.Contents[-1]
        content = zlib.compress(stream.read_bytes() + b"\nq 0 g 300 500 4 8 re S Q")
        stream.write(content[:-cut] + tail, filter=Name.FlateDecode, decode_parms=Dictionary(**entries))

    return change


def packed_for_some(pdf: Pdf) -> None:
    """Predict the page's content by parameters that pdf.js does not take: it shows what stands there."""
    stream = pdf.pages[-1].obj.Contents[-1]
    content = stream.read_bytes()
    stream.write(zlib.compress(b"\x00" + content), filter=Name.FlateDecode)
    stream.Filter = Array([Name.FlateDecode])
    stream.DecodeParms = Dictionary(Predictor=12, Columns=len(content))


def predicted_afterwards(pdf: Pdf) -> None:
    """The program of a font stays byte for byte, and whoever unpacks it gets another one."""
    holders = [one for one in pdf.objects if isinstance(one, Dictionary)]
    program = next(one[key] for one in holders for key in ("/FontFile2", "/FontFile3") if key in one)
    program.DecodeParms = Dictionary(Predictor=12, Columns=4)


UNREADABLE: dict[str, Change] = {
    "packed for some": packed_for_some,
    "predicted afterwards": predicted_afterwards,
    "cut off": packed_oddly(4),
    "wrong sum": packed_oddly(1, b"?"),
    "another predictor": packed_oddly(4, Predictor=3),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_page_that_cannot_be_compared(own: OwnFiles, name: str) -> None:
    """Where the comparison with the engine's page breaks down, the page is not that one."""
    unpacked = pikepdf.StreamDecodeLevel.none
    data = changed(own, UNREADABLE[name], stream_decode_level=unpacked, compress_streams=False)
    assert "page-differs" in alarms_of(own, data)


@pytest.mark.parametrize(
    "change", [white_box, a_zero_more, a_pale_zero_more, white_box_in_poppler, packed_for_some]
)
def test_page_under_another_engines_name(own: OwnFiles, change: Callable[[Pdf], None]) -> None:
    """With another engine's name the page was held against its text alone, which is still there."""

    def both(pdf: Pdf) -> None:
        attach(pdf, replace(own.document, engine="libreoffice").to_json())
        change(pdf)

    unpacked = pikepdf.StreamDecodeLevel.none
    data = changed(own, both, stream_decode_level=unpacked, compress_streams=False)
    found = alarms_of(own, data)
    assert "engine-differs" in found
    assert "text-differs" not in found


def test_encrypted_page(own: OwnFiles) -> None:
    """Without a password to open it: readers show it, and the engine's page was not compared."""
    secret = pikepdf.Encryption(owner="x", user="")
    data = changed(own, white_box, encryption=secret)
    report = examine("x.pdf", data, own.options)
    assert "engine-differs" in [alarm.code for alarm in report.alarms]


def test_page_with_a_font_that_is_another_one_elsewhere(
    own: OwnFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CompiledForm, "loose_fonts", lambda *_: ("V0",))
    assert "text-hidden" in alarms_of(own, changed(own, white_box))
    assert "engine-differs" in alarms_of(own, changed(own, a_zero_more))
    assert alarms_of(own, changed(own, swap_shapes)) == []  # such a font draws other glyphs elsewhere
    assert alarms_of(own, changed(own)) == []


def spaced(document: Document) -> bytes:
    return json.dumps(json.loads(document.to_json()), ensure_ascii=False).encode()


def key_twice(document: Document) -> bytes:
    return document.to_json()[:-1] + b',"roles":[]}'


def words_for_flags(document: Document) -> bytes:
    return document.to_json().replace(b'"required":true', b'"required":"no"')


@pytest.mark.parametrize("write", [spaced, key_twice, words_for_flags])
def test_other_ways_to_write_it(own: OwnFiles, write: Callable[[Document], bytes]) -> None:
    data = changed(own, lambda pdf: attach(pdf, write(own.document)))
    assert "attachment-unreadable" in alarms_of(own, data)


def test_two_of_them(own: OwnFiles) -> None:
    """One for this program, one for whoever looks into the file with a reader."""

    def twice(pdf: Pdf) -> None:
        other = AttachedFileSpec(pdf, replace(own.document, id="f" * 32).to_json(), filename="agreegen.json")
        names = pdf.Root.Names.EmbeddedFiles.Names
        pdf.Root.Names.EmbeddedFiles.Names = Array([*names, "zz", other.obj])

    assert "attachment-unreadable" in alarms_of(own, changed(own, twice))


def test_text_under_paper(own: OwnFiles) -> None:
    from agreegen.verification.proof.page_look import find_hidden_text  # noqa: PLC0415 - only here

    assert find_hidden_text(own.unsigned) is None
    assert find_hidden_text(changed(own, white_box_in_poppler)) is not None
    hidden = find_hidden_text(changed(own, white_box))
    assert hidden is not None
    assert hidden.page == 1
    assert hidden.text


def test_poster_and_book_are_not_drawn(own: OwnFiles) -> None:
    """They cost no memory and no time, and count as pages whose text cannot be seen."""
    from agreegen.verification.proof.page_look import find_hidden_text  # noqa: PLC0415 - only here

    def poster(pdf: Pdf) -> None:
        pdf.pages[0].obj.MediaBox = Array([0, 0, 14_400, 14_400])

    def book(pdf: Pdf) -> None:
        for _ in range(64):
            pdf.pages.append(pdf.pages[0])

    assert find_hidden_text(changed(own, poster)) is not None
    assert find_hidden_text(changed(own, book)) is not None


def test_look_that_is_paper(own: OwnFiles) -> None:
    """The first signer's own look, in a field moved over the clauses, is white."""
    from agreegen.verification.proof.page_look import (  # noqa: PLC0415 - only here
        _pages_with_looks,
        find_wiping_look,
    )

    def veil(pdf: Pdf) -> None:
        look = pdf.make_stream(b"1 g 0 0 470 200 re f")
        look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 470, 200])
        field = pdf.Root.AcroForm.Fields[0]
        field.Rect, field.AP = Array([60, 300, 530, 500]), Dictionary(N=look)

    limits = own.options.limits
    assert find_wiping_look(changed(own, veil), limits) == 1
    assert find_wiping_look(own.signed["pledger, pixels as picture"], limits) is None
    assert find_wiping_look(own.unsigned, limits) is None
    for data, pages in ((own.unsigned, []), (own.signed["pledger, pixels as picture"], [0])):
        assert _pages_with_looks(open_file(data, limits).views()[-1]) == pages, "an empty look is none"
    nowhere = own.unsigned.replace(b"/Pages ", b"/Pagez ", 1)
    assert nowhere != own.unsigned
    assert find_wiping_look(nowhere, limits) is None, "no page, which PDFium does not open"
