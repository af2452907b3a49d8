"""Documents of ours that were encrypted before they were signed: judged as what the password opens."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from pikepdf import Dictionary, Name, Pdf
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, fields

from agreegen.model.document import Document
from agreegen.model.report import FileReport, Verdict
from agreegen.pdf.encryption import open_view, opens_one_way
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import StructureError
from agreegen.verification.document_checks import BLOCKING
from agreegen.verification.examination import examine
from tests.unit.verification.authority import Authority, signer_of
from tests.unit.verification.own_files import OwnFiles
from tests.unit.verification.proof.test_compiled_comparison import Change, changed
from tests.unit.verification.proof.test_lies import a_zero_more, attach, lying, white_box

KINDS: dict[str, dict[str, Any]] = {
    "RC4, 40 bits": {"R": 2, "aes": False, "metadata": False},
    "RC4, 128 bits": {"R": 3, "aes": False, "metadata": False},
    "AES-128": {"R": 4, "aes": True},
    "AES-256": {"R": 6},
}


def locked(own: OwnFiles, change: Change | None = None, *, user: str, owner: str, **how: Any) -> bytes:
    """Encrypt a document, perhaps changed, and have a stranger sign it with another program."""
    secret = pikepdf.Encryption(user=user, owner=owner, **how)
    authority = Authority.root()
    writer = IncrementalPdfFileWriter(io.BytesIO(changed(own, change, encryption=secret)))
    writer.encrypt(user)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    kind = fields.SigSeedSubFilter.PADES
    metadata = PdfSignatureMetadata(field_name="unit", subfilter=kind, md_algorithm="sha256")
    signer = PdfSigner(metadata, signer_of(authority.issue("A stranger"), authority.holder))
    return bytes(signer.sign_pdf(writer).getvalue())


def judge(own: OwnFiles, data: bytes, password: str | None, second: str | None = None) -> FileReport:
    return examine("x.pdf", data, replace(own.options, password=password, second_password=second))


def alarms(report: FileReport) -> list[str]:
    assert report.unaltered is not False, report.alarms
    return sorted({alarm.code for alarm in report.alarms if alarm.code in BLOCKING})


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_the_plain_file_says(own: OwnFiles, kind: str) -> None:
    data = locked(own, user="open", owner="open", **KINDS[kind])
    report = judge(own, data, "open")
    assert (report.unaltered, alarms(report)) == (True, [])
    assert report.document is not None


@pytest.mark.parametrize("kind", KINDS)
def test_either_password_opens_it(own: OwnFiles, kind: str) -> None:
    data = locked(own, user="open", owner="keep", **KINDS[kind])
    for one, other in (("open", "keep"), ("keep", "open")):
        assert alarms(judge(own, data, one, other)) == []


def test_no_password_is_asked_where_readers_ask_none(own: OwnFiles) -> None:
    data = locked(own, user="", owner="keep", R=4)
    assert alarms(judge(own, data, None)) == []
    assert alarms(judge(own, data, "")) == []
    assert alarms(judge(own, data, "keep")) == []


@pytest.mark.parametrize("password", [None, "", "wrong", "open ", "OPEN"])
@pytest.mark.parametrize("kind", KINDS)
def test_another_password_opens_nothing(own: OwnFiles, kind: str, password: str | None) -> None:
    data = locked(own, user="open", owner="keep", **KINDS[kind])
    report = judge(own, data, password)
    assert report.document is None
    assert "password-needed" in alarms(report), "what nobody could read is not valid"
    assert report.verdict is Verdict.INDETERMINATE


def test_what_a_second_password_opens_is_not_known(own: OwnFiles) -> None:
    """The two entries of AES-256 may hold two keys, and a stream can say something under each."""
    data = locked(own, user="", owner="keep", R=6)
    for second in (None, "", "wrong"):
        assert alarms(judge(own, data, "", second)) == ["engine-differs"]
    assert alarms(judge(own, data, "keep")) == []


def two_keys(data: bytes) -> bytes:
    """Give the owner's password another key than the user's."""
    with Pdf.open(io.BytesIO(data), password="open") as pdf:
        wrapped = bytes(pdf.trailer.Encrypt.OE)
    for text in (wrapped.hex().encode(), wrapped.hex().upper().encode()):
        if text in data:
            return data.replace(text, text[:-2] + (b"00" if text[-2:] != b"00" else b"01"))
    raise AssertionError("the entry is written otherwise")


def test_two_passwords_with_two_keys_are_two_documents(own: OwnFiles) -> None:
    fine = changed(own, encryption=pikepdf.Encryption(user="open", owner="keep", R=6))
    assert opens_one_way(fine, Limits(), "open", "keep")
    assert not opens_one_way(fine, Limits(), "open", None)
    assert not opens_one_way(two_keys(fine), Limits(), "open", "keep")


def relabelled(pdf: Pdf) -> None:
    """Call the page's content metadata: some readers decrypt it then, and some do not."""
    page = pdf.pages[0].obj
    content = page.Contents if not isinstance(page.Contents, pikepdf.Array) else page.Contents[0]
    content.Type = Name.Metadata


def stray(pdf: Pdf) -> None:
    pdf.Root.PieceInfo = Dictionary(Stray=pdf.make_stream(b"x", Dictionary(Marker=Name.Abcde)))


def test_streams_that_readers_decrypt_in_two_ways(own: OwnFiles) -> None:
    secret = pikepdf.Encryption(user="a", owner="a", R=4, metadata=False)
    assert not opens_one_way(changed(own, relabelled, encryption=secret), Limits(), "a", None)
    marked = changed(own, stray, encryption=secret, compress_streams=False)
    assert opens_one_way(marked, Limits(), "a", None)
    for other in (b"/Filter /Crypt", b"/Type   /XRef "):
        assert not opens_one_way(marked.replace(b"/Marker /Abcde", other), Limits(), "a", None)


def test_a_file_that_encrypts_texts_in_another_way_than_streams(own: OwnFiles) -> None:
    data = changed(own, encryption=pikepdf.Encryption(user="a", owner="a", R=4))
    assert b"/StmF /StdCF /StrF /StdCF" in data
    texts = data.replace(b"/StmF /StdCF /StrF /StdCF", b"/StmF/StdCF/StrF/Identity")
    assert len(texts) == len(data)
    assert not opens_one_way(texts, Limits(), "a", None)


def other_name_attached(pdf: Pdf) -> None:
    stream = pdf.Root.AF[0].EF.F
    said = Document.from_json(stream.read_bytes())
    values = {**said.values, "pledger_name": "张三"}
    attach(pdf, replace(said, values=values).to_json())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (white_box, "page-differs"),
        (a_zero_more, "page-differs"),
        (other_name_attached, "text-differs"),
    ],
)
def test_a_lie_is_one_under_a_password_too(own: OwnFiles, change: Change, found: str) -> None:
    data = locked(own, change, user="open", owner="open", R=6)
    assert found in alarms(judge(own, data, "open"))


def as_libreoffice(own: OwnFiles, change: Change) -> bytes:
    def both(pdf: Pdf) -> None:
        attach(pdf, replace(own.document, engine="libreoffice").to_json())
        change(pdf)

    return locked(own, both, user="open", owner="open", R=6)


def test_pictures_are_drawn_with_the_password(own: OwnFiles) -> None:
    found = judge(own, as_libreoffice(own, a_zero_more), "open")
    assert "engine-differs" in alarms(found)
    told = [str(alarm.message) for alarm in found.alarms if alarm.code == "engine-differs"]
    assert not any("cannot" in text for text in told), told


def test_an_encrypted_lie_about_roles(own: OwnFiles) -> None:
    def no_roles(stated: dict[str, Any]) -> None:
        stated["roles"] = []

    secret = pikepdf.Encryption(user="", owner="", R=4)
    with Pdf.open(io.BytesIO(lying(own, no_roles))) as pdf:
        target = io.BytesIO()
        pdf.save(target, encryption=secret)
    assert "roles-differ" in alarms(judge(own, target.getvalue(), None))


def test_a_view_needs_the_password(own: OwnFiles) -> None:
    data = changed(own, encryption=pikepdf.Encryption(user="open", owner="keep", R=6))
    assert open_view(data, Limits(), "open").catalog["Type"] == "Catalog"
    with pytest.raises(StructureError):
        open_view(data, Limits(), None)
