"""A form whose person is a visitor: the name stands everywhere; no code knows what its field is called."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from agreegen.cli.main import run as agreegen
from agreegen.forms.catalog import forms_folder
from tests.integration.batch_support import make_pki

pytestmark = pytest.mark.libreoffice

JOB = """form: visitor-pledge
roster: {file: visitors.csv}
output: out
signatures: [{role: unit, credential: pki/credentials/unit-seal.yaml}]
trust: [pki/trust/]
"""


def make_form(folder: Path) -> None:
    """Copy the pledge as an office does, and call its person a visitor."""
    source, target = forms_folder(None) / "personal-pledge", folder / "visitor-pledge"
    target.mkdir(parents=True)
    text = (source / "form.yaml").read_text("utf-8")
    text = text.replace("pledger_name", "visitor_name").replace("id: personal-pledge", "id: visitor-pledge")
    (target / "form.yaml").write_text(text.replace("aliases: [姓名,", "aliases: [来访人, 姓名,"), "utf-8")
    with (
        zipfile.ZipFile(source / "template.docx") as old,
        zipfile.ZipFile(target / "template.docx", "w") as new,
    ):
        for entry in old.infolist():
            new.writestr(entry, old.read(entry).replace(b"pledger_name", b"visitor_name"))


def cells_of(path: Path) -> set[object]:
    """Return the values of all cells of a workbook."""
    sheets = load_workbook(path).worksheets
    return {cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row}


def test_a_visitor_is_named_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_form(tmp_path / "forms")
    monkeypatch.setenv("AGREEGEN_FORMS", str(tmp_path / "forms"))
    shutil.copytree(make_pki(tmp_path / "keys"), tmp_path / "pki")
    (tmp_path / "visitors.csv").write_text("编号,来访人,部门\nV1,司马相如,接待科\n", "utf-8")
    job = tmp_path / "job.yaml"
    job.write_text(JOB, "utf-8")

    def told(*line: object, code: int = 0) -> str:
        capsys.readouterr()
        assert agreegen([*map(str, line)]) == code
        said = capsys.readouterr()
        return said.out + said.err

    told("batch", "check", job)
    told("batch", "run", job)
    register = tmp_path / "out/register.db"
    assert json.loads(told("register", "list", "--register", register, "--json"))[0]["name"] == "司马相如"
    assert "司马相如" in told("register", "coverage", "--job", job, code=1)
    told("register", "export", "--register", register, "-o", tmp_path / "r.csv")
    assert "司马相如" in (tmp_path / "r.csv").read_text("utf-8-sig")
    told("register", "coverage", "--job", job, "--xlsx", tmp_path / "open.xlsx", code=1)
    assert "司马相如" in cells_of(tmp_path / "open.xlsx")
    lists = ("--xlsx", tmp_path / "lists.xlsx")
    printed = json.loads(told("batch", "print", job, "-o", tmp_path / "p.pdf", *lists, "--json", "-q"))
    assert "司马相如" in cells_of(tmp_path / "lists.xlsx")
    assert printed["documents"][0]["name"] == "司马相如"
    seal = tmp_path / "pki/credentials/archive-seal.yaml"
    told("archive", "create", tmp_path / "out", "-o", tmp_path / "bag", "--credential", seal)
    assert "司马相如" in (tmp_path / "bag/data/register.csv").read_text("utf-8-sig")
