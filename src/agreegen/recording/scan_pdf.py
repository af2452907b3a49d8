"""A scanned picture as PDF/A, for readers in many years; the picture itself stays the evidence."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pikepdf
from PIL import Image, ImageCms, ImageOps, ImageSequence

from agreegen.errors import InputError
from agreegen.foreign.confinement import ConfinedError, shared
from agreegen.foreign.limits import Limits
from agreegen.messages import message

_PT_PER_INCH = 72
_USUAL_DPI, _LEAST_DPI = 200.0, 50.0
_JPEG_QUALITY = 92
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def picture_as_pdfa(scan: Path) -> bytes:
    """Return a PNG, JPEG or TIFF as PDF/A-2b, a page for each picture in it (ISO 19005-2).

    Raises:
        InputError: It cannot be read.
    """
    try:
        return shared(Limits()).call(_convert, str(scan.absolute()))
    except ConfinedError as exc:
        raise InputError(message("recording.cannot-turned-into-pdf", scan=scan, exc=exc)) from exc


def _convert(scan: str) -> bytes:
    """Make the file; runs in a confined process, since scans come from anywhere."""
    buffer = io.BytesIO()
    with pikepdf.new() as pdf, Image.open(scan, formats=("PNG", "JPEG", "TIFF")) as pictures:
        frames = ImageSequence.Iterator(pictures) if pictures.format == "TIFF" else [pictures]
        for frame in frames:
            _add_page(pdf, ImageOps.exif_transpose(frame), _resolution(frame))
        _declare(pdf)
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _resolution(picture: Image.Image) -> float:
    stated = picture.info.get("dpi", (0, 0))[0]
    return float(stated) if stated and float(stated) >= _LEAST_DPI else _USUAL_DPI


def _add_page(pdf: pikepdf.Pdf, picture: Image.Image, dpi: float) -> None:
    flat = _flat(picture)
    width, height = (side / dpi * _PT_PER_INCH for side in flat.size)
    page = pdf.add_blank_page(page_size=(width, height))
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture_stream(pdf, flat)))
    page.obj.Contents = pdf.make_stream(f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Scan Do Q".encode())


def _flat(picture: Image.Image) -> Image.Image:
    """Return a picture in black and white, grey or RGB, on white paper."""
    if picture.mode in {"1", "L", "RGB"}:
        return picture.copy()
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value / 256).convert("L")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture.convert("RGBA"))
    return paper.convert("RGB")


def picture_stream(pdf: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    """Return a picture as an image of a PDF: black and white without loss, all else as JPEG."""
    if picture.mode == "1":
        data, kind, bits = zlib.compress(picture.tobytes(), 9), pikepdf.Name.FlateDecode, 1
    else:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=_JPEG_QUALITY)
        data, kind, bits = buffer.getvalue(), pikepdf.Name.DCTDecode, 8
    return pdf.make_stream(
        data,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceRGB if picture.mode == "RGB" else pikepdf.Name.DeviceGray,
        BitsPerComponent=bits,
        Filter=kind,
    )


def _declare(pdf: pikepdf.Pdf) -> None:
    """Add what makes it PDF/A-2b: the colour space of its output, and the claim itself."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    intent = pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent,
        S=pikepdf.Name("/GTS_PDFA1"),
        OutputConditionIdentifier=pikepdf.String("sRGB"),
        DestOutputProfile=pdf.make_stream(profile, N=3),
    )
    pdf.Root.OutputIntents = pikepdf.Array([pdf.make_indirect(intent)])
    metadata = pdf.make_stream(_XMP.encode(), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
    pdf.Root.Metadata = metadata
