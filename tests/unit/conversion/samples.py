"""Small inputs for the tests of conversion: forms, documents, Word files and PDFs made on the spot."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from agreegen.model.document import Document, build_document
from agreegen.model.form import Field, FieldType, Form, RoleKind, SignatureRole

MOMENT = datetime(2018, 5, 10, 8, 30, tzinfo=UTC)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def sample_form(*roles: SignatureRole) -> Form:
    """A form with one name and the given roles."""
    return Form(
        id="sample",
        version="1.0",
        title_zh="保密承诺书",
        title_en="Pledge",
        source="a test",
        directory=Path("sample"),
        template_sha256="0" * 64,
        description_sha256="1" * 64,
        fields=(Field("pledger_name", "姓名", "Name", FieldType.PERSON_NAME, required=True),),
        roles=roles,
    )


def person_role(**changes: object) -> SignatureRole:
    """A visible role at the bookmark `sign_here`."""
    settings: dict[str, object] = {
        "id": "person",
        "label_zh": "承诺人",
        "label_en": "Person",
        "kind": RoleKind.SIGNATURE,
        "required": True,
        "order": 2,
        "bookmark": "sign_here",
        "width_mm": 40,
        "height_mm": 20,
    }
    return SignatureRole(**{**settings, **changes})  # type: ignore[arg-type]


def unit_role(**changes: object) -> SignatureRole:
    """An invisible, optional role before the person's."""
    return person_role(
        **{
            "id": "unit",
            "required": False,
            "order": 1,
            "bookmark": None,
            "width_mm": 0,
            "height_mm": 0,
            **changes,
        }
    )


def sample_document(form: Form, name: str = "张伟") -> Document:
    """A document of the sample form."""
    return build_document(form, {"pledger_name": name})


def page_with_destinations(**points: tuple[float, float]) -> bytes:
    """A one-page PDF with named destinations."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(595, 842)).obj
    pdf.Root.Dests = Dictionary(
        {f"/{name}": Array([page, Name.XYZ, x, y, 0]) for name, (x, y) in points.items()}
    )
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()


def docx_of(body: str) -> bytes:
    """A Word file with this body XML, enough to read text from."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr(
            "word/document.xml", f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'
        )
    return target.getvalue()


def opened(pdf: bytes) -> pikepdf.Pdf:
    """Open a PDF from memory."""
    return pikepdf.open(io.BytesIO(pdf))


def page_with_text(*lines: str) -> bytes:
    """A one-page PDF with lines of Latin text (Windows code page 1252)."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(595, 842)).obj
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
    )
    page.Resources = Dictionary(Font=Dictionary(F1=font))
    shown = b" ".join(b"<" + line.encode("latin-1").hex().encode() + b"> Tj T*" for line in lines)
    page.Contents = pdf.make_stream(b"BT /F1 12 Tf 20 TL 50 700 Td " + shown + b" ET")
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()
