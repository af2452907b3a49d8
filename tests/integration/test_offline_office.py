"""The office fetches nothing, whatever a document says; shown by a listener that nobody comes to."""

from __future__ import annotations

import contextlib
import socket
import threading
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import docx
import pytest

from agreegen.conversion.libreoffice import LibreOffice
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.forms.fonts import font_folders

pytestmark = pytest.mark.libreoffice

_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BLIP = (
    '<w:drawing xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" xmlns:r="{rel}"><wp:inline>'
    '<wp:extent cx="900000" cy="900000"/><wp:docPr id="7" name="x"/><a:graphic>'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
    '<pic:cNvPr id="7" name="x"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="rId901"/>'
    '<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
    '<a:ext cx="900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing>"
)
_VML = (
    '<w:pict xmlns:v="urn:schemas-microsoft-com:vml"><v:shape style="width:90pt;height:90pt">'
    '<v:imagedata src="{address}/vml.png"/></v:shape></w:pict>'
)
_FIELD = (
    '<w:fldChar w:fldCharType="begin"/><w:instrText xml:space="preserve"> INCLUDEPICTURE '
    '"{address}/field.png" \\d </w:instrText><w:fldChar w:fldCharType="separate"/><w:t>x</w:t>'
    '<w:fldChar w:fldCharType="end"/>'
)


@contextlib.contextmanager
def _listener() -> Iterator[tuple[str, list[bytes]]]:
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(2)
                    heard.append(connection.recv(200))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
    finally:
        server.close()


def _document(address: str) -> bytes:
    buffer, result = BytesIO(), BytesIO()
    document = docx.Document()
    document.add_paragraph("Text")
    document.save(buffer)
    body = f"<w:p><w:r>{_BLIP.format(rel=_REL)}</w:r></w:p>"
    body += f"<w:p><w:r>{_VML.format(address=address)}</w:r></w:p>"
    body += f"<w:p><w:r>{_FIELD.format(address=address)}</w:r></w:p>"
    link = (
        f'<Relationship Id="rId901" Type="{_REL}/image" Target="{address}/linked.png" TargetMode="External"/>'
        f'<Relationship Id="rId902" Type="{_REL}/attachedTemplate" Target="{address}/t.dotx" '
        'TargetMode="External"/></Relationships>'
    )
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(result, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/document.xml":
                data = data.replace(b"<w:sectPr", body.encode() + b"<w:sectPr", 1)
            if name == "word/_rels/document.xml.rels":
                data = data.replace(b"</Relationships>", link.encode())
            target.writestr(name, data)
    return result.getvalue()


@pytest.mark.parametrize("own_network", [True, False], ids=["own network", "profile alone"])
def test_nothing_is_fetched(own_network: bool, tmp_path: Path) -> None:
    form = find_form("personal-pledge", forms_folder(None))
    with (
        _listener() as (address, heard),
        LibreOffice(font_folders(form), form.font_chains, own_network=own_network) as office,
    ):
        assert office.convert(_document(address)).startswith(b"%PDF-")
        print("offline:", office.offline)
        assert heard == []
        if not own_network:
            assert office.offline is False
