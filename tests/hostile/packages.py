"""Hostile templates and bags."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.hostile.swelling import Part, Swollen, write_package
from tests.hostile.tables import blocks, plain

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_START, _END = f'<w:document xmlns:w="{_W}"><w:body>', "</w:body></w:document>"


def _docx(path: Path, body: Part, **more: Part) -> None:
    document: Part = f"{_START}{body}{_END}" if isinstance(body, str) else body
    write_package(path, {"[Content_Types].xml": "<Types/>", "word/document.xml": document} | dict(more))


def _nested_tables(path: Path) -> None:
    _docx(path, "<w:tbl><w:tr><w:tc>" * 20_000 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 20_000)


def _nested_tags(path: Path) -> None:
    tags = "".join(f"<w:p><w:r><w:t>{{% if a{n} %}}</w:t></w:r></w:p>" for n in range(20_000))
    _docx(path, tags)


def _styles(path: Path) -> None:
    ring = "".join(
        f'<w:style w:styleId="s{n}"><w:basedOn w:val="s{(n + 1) % 20_000}"/></w:style>' for n in range(20_000)
    )
    text = '<w:p><w:pPr><w:pStyle w:val="s0"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>' * 200
    _docx(path, text, **{"word/styles.xml": f'<w:styles xmlns:w="{_W}">{ring}</w:styles>'})


def _entities(path: Path) -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    _docx(path, f'<!DOCTYPE w [<!ENTITY a0 "ha">{laughs}]>{_START}<w:p>&a11;</w:p>{_END}'.encode())


def _external_entity(path: Path) -> None:
    text = f'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///dev/zero">]>{_START}<w:p><w:r><w:t>&a;</w:t></w:r></w:p>{_END}'
    _docx(path, text.encode())


def _zero(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


TEMPLATES: dict[str, Callable[[Path], None]] = {
    "bomb": lambda path: _docx(path, Swollen(b" ", 12 << 30)),
    "media-bomb": lambda path: _docx(path, "<w:p/>", **{"word/media/a.png": Swollen(b"\0", 12 << 30)}),
    "nested-tables": _nested_tables,
    "nested-tags": _nested_tags,
    "style-ring": _styles,
    "entities": _entities,
    "external-entity": _external_entity,
    "paragraphs": lambda path: _docx(path, "<w:p><w:r><w:t>{{ a }}</w:t></w:r></w:p>" * 100_000),
    "braces": lambda path: _docx(path, "<w:p><w:r><w:t>" + "{%" * 400_000 + "</w:t></w:r></w:p>"),
    "no-body": lambda path: write_package(path, {"word/document.xml": f'<w:document xmlns:w="{_W}"/>'}),
    "no-zip": plain(b"PK\x03\x04" + b"\xff" * 900),
    "zero": _zero,
}
"""Name → what writes `template.docx`. Every one is exit 3 for `forms check`."""


def _phantoms(bag: Path) -> None:
    with (bag / "manifest-sha256.txt").open("a") as file:
        file.writelines(f"{'0' * 64}  data/documents/{number}.pdf\n" for number in range(1_500_000))


def _one_line(bag: Path) -> None:
    with (bag / "manifest-sha256.txt").open("ab") as file:
        file.writelines(blocks(b"x", 200 << 20))


def _info(bag: Path) -> None:
    with (bag / "bag-info.txt").open("ab") as file:
        file.writelines(blocks(b"A: b\n c\n", 60 << 20))


def _pipe(bag: Path) -> None:
    (bag / "bagit.txt").unlink()
    os.mkfifo(bag / "bagit.txt")


def _seal(name: str, unit: bytes) -> Callable[[Path], None]:
    def write(bag: Path) -> None:
        with (bag / name).open("wb") as file:
            file.writelines(blocks(unit, 100 << 20))

    return write


def _many_folders(bag: Path) -> None:
    deep = bag / "data"
    for _ in range(400):
        deep /= "d"
        deep.mkdir()


def _document_bomb(bag: Path) -> None:
    document = next((bag / "data" / "documents").rglob("*.pdf"))
    with document.open("ab") as file:
        file.writelines(blocks(b"\n%%EOF\n", 60 << 20))


BAGS: dict[str, Callable[[Path], None]] = {
    "phantoms": _phantoms,
    "one-line": _one_line,
    "info": _info,
    "pipe": _pipe,
    "signature": _seal("tagmanifest-sha256.txt.p7s", b"\x30\x80"),
    "signature-zeros": _seal("tagmanifest-sha256.txt.p7s", b"\0"),
    "token": _seal("tagmanifest-sha256.txt.tsr", b"\x30\x80"),
    "folders": _many_folders,
    "document": _document_bomb,
    "link": lambda bag: (bag / "data" / "again").symlink_to(bag),
}
"""Name → what is done to a sound bag. Every one is exit 1 for `archive verify`."""
