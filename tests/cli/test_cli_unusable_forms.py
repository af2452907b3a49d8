"""Errors that `forms check` finds are enforced wherever a form is used."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from agreegen.example_pki.layout import ExamplePki
from agreegen.forms.catalog import forms_folder
from tests.cli.conftest import Agreegen

_FORM = "personal-pledge"
_PARAMS = "pledger_name: 王秀英\nunit: 豫州市统计局\n"


def _full_width(path: Path) -> None:
    document = docx.Document(str(path))
    for paragraph in document.paragraphs:
        for run in paragraph.runs:
            run.text = run.text.replace("{{", "｛｛").replace("}}", "｝｝")
    document.save(str(path))


def _edit_parts(
    path: Path, edit: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None
) -> None:
    with zipfile.ZipFile(path) as package:
        parts = {name: edit(name, package.read(name)) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)


def _relationship(kind: str) -> Callable[[Path], None]:
    entry = (
        '<Relationship Id="rId987" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        f'{kind}" Target="http://127.0.0.1:9/x" TargetMode="External"/></Relationships>'
    ).encode()

    def edit(path: Path) -> None:
        _edit_parts(
            path,
            lambda name, data: (
                data.replace(b"</Relationships>", entry) if name == "word/_rels/document.xml.rels" else data
            ),
        )

    return edit


def _in_body(markup: str) -> Callable[[Path], None]:
    added = f"<w:p><w:r>{markup}</w:r></w:p>".encode()

    def edit(path: Path) -> None:
        _edit_parts(
            path,
            lambda name, data: (
                data.replace(b"<w:sectPr", added + b"<w:sectPr", 1) if name == "word/document.xml" else data
            ),
        )

    return edit


_SPOILT: dict[str, Callable[[Path], None]] = {
    "full width": _full_width,
    "picture": _relationship("image"),
    "object": _relationship("oleObject"),
    "template": _relationship("attachedTemplate"),
    "frame": _relationship("frame"),
    "vml": _in_body(
        '<w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata src="http://127.0.0.1:9/x"/>'
        "</v:shape></w:pict>"
    ),
    "field": _in_body('<w:instrText>INCLUDEPICTURE "http://127.0.0.1:9/x" \\d</w:instrText>'),
    "share": _in_body(
        '<w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata src="\\\\host\\share\\x.png"/>'
        "</v:shape></w:pict>"
    ),
}


@pytest.fixture
def forms(tmp_path: Path) -> Path:
    folder = tmp_path / "forms"
    shutil.copytree(forms_folder(None), folder)
    (folder / "approved.yaml").unlink()
    return folder


@pytest.mark.parametrize("kind", _SPOILT)
def test_nothing_is_made_from_a_form_with_errors(
    agreegen: Agreegen, forms: Path, kind: str, tmp_path: Path
) -> None:
    _SPOILT[kind](forms / _FORM / "template.docx")
    (tmp_path / "p.yaml").write_text(_PARAMS, "utf-8")
    (tmp_path / "people.csv").write_text("编号,姓名\nA1,王秀英\n", "utf-8")
    (tmp_path / "job.yaml").write_text(
        f"form: {_FORM}\nroster: {{file: people.csv}}\noutput: out\nsignatures: []\n", "utf-8"
    )
    before = {path: path.read_bytes() for path in (forms / _FORM).iterdir() if path.is_file()}
    for line in (
        ("forms", "check", _FORM),
        ("forms", "compile", _FORM),
        ("generate", _FORM, "--params", tmp_path / "p.yaml", "-o", tmp_path / "a.pdf"),
        ("batch", "check", tmp_path / "job.yaml"),
        ("batch", "run", tmp_path / "job.yaml"),
    ):
        result = agreegen(*line, "--forms", forms)
        assert result.code == 3, (line, result.err)
        assert "template.docx" in result.out + result.err, line
    assert not (tmp_path / "a.pdf").exists()
    assert not (tmp_path / "out").exists()
    assert {path: path.read_bytes() for path in (forms / _FORM).iterdir() if path.is_file()} == before


def test_what_was_made_from_such_a_form_is_not_signed(
    agreegen: Agreegen, forms: Path, pki: ExamplePki, tmp_path: Path
) -> None:
    params, made, signed = tmp_path / "p.yaml", tmp_path / "a.pdf", tmp_path / "s.pdf"
    params.write_text(_PARAMS, "utf-8")
    assert agreegen("generate", _FORM, "--params", params, "-o", made, "--forms", forms).code == 0
    line = ("sign", made, "-o", signed, "--role", "unit", "--credential", pki.credential("unit-seal"))
    _full_width(forms / _FORM / "template.docx")
    refused = agreegen(*line, "--forms", forms)
    assert refused.code in (3, 6)
    assert not signed.exists()
