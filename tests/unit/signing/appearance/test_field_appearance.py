"""What visible signatures show: pictures at true size and text, drawn by PDFium."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageDraw

from agreegen.errors import CredentialError
from agreegen.model.report import PadesLevel
from agreegen.signing.appearance.pictures import Appearance, number, picture
from agreegen.signing.appearance.text_line import text_lines
from agreegen.signing.interface import AppearanceSource, Credential, SigningRequest
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import SigningIdentity
from tests.unit.signing.conftest import make_pdf

POINTS_PER_MM = 72 / 25.4
SCALE = 4
FIELD = (60.0, 100.0, 179.06, 219.06)
"""The first field of the test document: 42 mm square."""


def png(path: Path, *, millimetres: float, dpi: int = 300) -> Path:
    side = round(millimetres / 25.4 * dpi)
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((0, 0, side - 1, side - 1), fill=(200, 0, 0, 255))
    image.save(path, dpi=(dpi, dpi))
    return path


def one_page_pdf(path: Path, *, millimetres: float, pages: int = 1) -> Path:
    side = millimetres * POINTS_PER_MM
    with pikepdf.new() as pdf:
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=(side, side))
            state = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.ExtGState, ca=1))
            page.obj.Resources = pikepdf.Dictionary(ExtGState=pikepdf.Dictionary(G0=state))
            page.obj.Contents = pdf.make_stream(b"/G0 gs 0.784 0 0 rg 0 0 %f %f re f" % (side, side))
        pdf.save(path)
    return path


def sign(credential: Credential, image: Path | None, now: datetime, *, quick: bool = True) -> bytes:
    identity = SigningIdentity(
        credential.name,
        credential.certificate_der,
        credential.chain_der,
        credential.signer.mechanism,
        None if image is None else AppearanceSource(image),
    )
    signer = BatchSigner(identity, SigningRequest("unit", PadesLevel.B_B, now))
    prepared = signer.prepare(make_pdf(visible=True, xref_stream=not quick))
    return signer.finish(prepared, credential.signer.sign(prepared.attributes)).data


def render(pdf: bytes) -> Image.Image:
    opened = pypdfium2.PdfDocument(pdf)
    opened.init_forms()  # widgets are drawn only then
    image: Image.Image = opened[0].render(scale=SCALE).to_pil().convert("RGB")
    return image


def red_box(pdf: bytes) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of what is red on the page, in points."""
    red, green, _ = render(pdf).split()
    bright = red.point([0] * 150 + [255] * 106)
    pure = green.point([255] * 60 + [0] * 196)
    box = ImageChops.multiply(bright, pure).getbbox()
    assert box is not None
    left, top, right, bottom = box
    return left / SCALE, 842 - bottom / SCALE, right / SCALE, 842 - top / SCALE


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("kind", ["png", "pdf"])
@pytest.mark.parametrize(("millimetres", "shown"), [(42.0, 42.0), (20.0, 20.0), (84.0, 42.0)])
def test_pictures_have_their_true_size_in_the_centre(
    kind: str, millimetres: float, shown: float, quick: bool, seal: Credential, now: datetime, tmp_path: Path
) -> None:
    make = png if kind == "png" else one_page_pdf
    image = make(tmp_path / f"seal.{kind}", millimetres=millimetres)
    left, bottom, right, top = red_box(sign(seal, image, now, quick=quick))
    assert right - left == pytest.approx(shown * POINTS_PER_MM, abs=1.0)
    assert top - bottom == pytest.approx(shown * POINTS_PER_MM, abs=1.0)
    assert (left + right) / 2 == pytest.approx((FIELD[0] + FIELD[2]) / 2, abs=0.6)
    assert (bottom + top) / 2 == pytest.approx((FIELD[1] + FIELD[3]) / 2, abs=0.6)


def test_text_is_below_the_seal(seal: Credential, now: datetime, tmp_path: Path) -> None:
    image = png(tmp_path / "seal.png", millimetres=42)
    with pikepdf.open(io.BytesIO(sign(seal, image, now))) as pdf:
        widget = pdf.Root.AcroForm.Fields[0]
        assert widget.AP.N.Resources.ExtGState.Ink.BM == "/Multiply"
        assert "/Border" not in widget
        assert "/SMask" in widget.AP.N.Resources.XObject.Picture


def test_name_and_time_without_a_picture(seal: Credential) -> None:
    pdf = sign(seal, None, datetime(2026, 11, 22, 20, 0, tzinfo=UTC))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        form = opened.Root.AcroForm.Fields[0].AP.N
        font = form.Resources.Font.F1
        descriptor = font.DescendantFonts[0].FontDescriptor
        assert "/FontFile3" in descriptor
        assert len(descriptor.FontFile3.read_raw_bytes()) < 40_000
        unicode_map = font.ToUnicode.read_bytes().decode()
        for char in "豫州市2026年11月23日 04:00":  # already the 23rd in China
            assert f"<{ord(char):04X}>" in unicode_map
    left, bottom, right, top = (round(SCALE * edge) for edge in FIELD)
    field = render(pdf).convert("L").crop((left, 842 * SCALE - top, right, 842 * SCALE - bottom))
    assert sum(field.histogram()[:100]) > 200


def test_characters_that_the_font_lacks_are_seen() -> None:
    drawn = text_lines(("A\U0001f600",))(100.0, 40.0)
    unicode_map = drawn.objects[4]
    assert unicode_map != text_lines(("A",))(100.0, 40.0).objects[4]


def test_pictures_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_bytes(b"no picture")
    two = one_page_pdf(tmp_path / "two.pdf", millimetres=9, pages=2)
    for path in (tmp_path / "none.png", tmp_path / "text.png", two):
        with pytest.raises(CredentialError, match=path.name):
            picture(path)(100.0, 100.0)


DEVICE_CMYK = pikepdf.Name.DeviceCMYK


def drawn_pdf(path: Path, content: bytes, resources: Mapping[str, pikepdf.Object] = {}) -> Path:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(119.06, 119.06))
        page.obj.Contents = pdf.make_stream(content)
        page.obj.Resources = pikepdf.Dictionary(dict(resources))
        pdf.save(path)
    return path


def helvetica() -> pikepdf.Dictionary:
    name = pikepdf.Name
    return pikepdf.Dictionary(
        F1=pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
    )


@pytest.mark.parametrize(
    ("content", "resources", "words"),
    [
        (b"0 1 1 0 k 10 10 90 90 re f", {}, "colours in CMYK"),
        (b"/DeviceCMYK cs 0 1 1 0 sc 10 10 90 90 re f", {}, "colours in CMYK"),
        (b"/C cs 0 1 1 0 sc 9 9 9 9 re f", {"/ColorSpace": pikepdf.Dictionary(C=DEVICE_CMYK)}, "in CMYK"),
        (
            b"/C cs 1 sc 9 9 9 9 re f",
            {"/ColorSpace": pikepdf.Dictionary(C=pikepdf.Array([pikepdf.Name.Pattern, DEVICE_CMYK]))},
            "in CMYK",
        ),
        (b"BT /F1 20 Tf (Seal) Tj ET", {"/Font": helvetica()}, "font Helvetica is not embedded"),
    ],
)
def test_a_seal_that_would_break_pdf_a_is_refused(
    content: bytes, resources: dict[str, pikepdf.Object], words: str, tmp_path: Path
) -> None:
    path = drawn_pdf(tmp_path / "seal.pdf", content, resources)
    with pytest.raises(CredentialError, match=words):
        picture(path)(100.0, 100.0)


_NEXT = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="http://127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("/F", pikepdf.Dictionary(Type=pikepdf.Name.Filespec, FS=pikepdf.Name.URL, F="http://127.0.0.1:9/x")),
        ("/F", "picture.raw"),
        ("/OPI", pikepdf.Dictionary()),
        ("/Alternates", pikepdf.Array()),
        ("/Ref", pikepdf.Dictionary(F="other.pdf", Page=0)),
        ("/Deep", pikepdf.Dictionary(More=pikepdf.Array([_NEXT]))),
        ("/Deep", pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="other.pdf")),
    ],
)
def test_a_seal_that_refers_to_something_outside_is_refused(
    entry: str, value: object, tmp_path: Path
) -> None:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(119.06, 119.06))
        page.obj.Contents = pdf.make_stream(b"q 99 0 0 99 9 9 cm /I Do Q")
        image = pdf.make_stream(b"\0\0\0", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
        image.ColorSpace, image.Width, image.Height = pikepdf.Name.DeviceRGB, 1, 1
        image.BitsPerComponent = 8
        image[entry] = value
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
        pdf.save(tmp_path / "seal.pdf")
    with pytest.raises(CredentialError, match="outside"):
        picture(tmp_path / "seal.pdf")(100.0, 100.0)


def test_pictures_that_unpack_without_end_and_formats_that_nobody_needs_are_refused(tmp_path: Path) -> None:
    bomb = Image.new("1", (30_000, 30_000))
    bomb.save(tmp_path / "bomb.png")
    plain = Image.new("RGB", (20, 20))
    for kind in ("gif", "eps", "tiff", "bmp"):
        plain.save(tmp_path / f"seal.{kind}")
        (tmp_path / f"{kind}.png").write_bytes((tmp_path / f"seal.{kind}").read_bytes())
    for path in sorted(tmp_path.glob("*.png")):
        with pytest.raises(CredentialError, match=path.name):
            picture(path)(100.0, 100.0)
    plain.save(tmp_path / "seal.jpg")
    assert picture(tmp_path / "seal.jpg")(100.0, 100.0)


def test_a_seal_in_rgb_and_gray_is_taken(tmp_path: Path) -> None:
    path = drawn_pdf(tmp_path / "seal.pdf", b"1 0 0 rg 10 10 90 90 re f 0.5 g 9 9 9 9 re f /k gs")
    assert picture(path)(100.0, 100.0)


def test_numbers_and_references() -> None:
    assert [number(value) for value in (0, 1.5, -2, 119.055, 1e-9)] == [b"0", b"1.5", b"-2", b"119.055", b"0"]
    made = Appearance((b"<< /X @1@ >>\nstream\n@1@\nendstream", b"<< >>"))
    assert made.bodies(7) == [b"<< /X 8 0 R >>\nstream\n@1@\nendstream", b"<< >>"]
