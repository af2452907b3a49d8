"""The real LibreOffice: PDF/A, complete text, fixed bytes, recovery from hangs and deaths."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agreegen.conversion.assembly import assemble
from agreegen.conversion.libreoffice import LibreOffice
from agreegen.conversion.text import check_complete, docx_text
from agreegen.errors import ConversionError
from agreegen.forms.description import load_form
from agreegen.forms.fonts import font_folders
from agreegen.model.document import build_document
from agreegen.model.form import Form
from agreegen.rendering.docx import render_docx
from tests.judges import qpdf, verapdf
from tests.unit.conversion.samples import MOMENT

pytestmark = pytest.mark.libreoffice
PLEDGE = load_form(Path(__file__).parents[2] / "forms" / "personal-pledge")
NAMES = ("张伟", "阿卜杜热合曼·买买提", "John Smith-李", "㛃𫖮")


@pytest.fixture(scope="module")
def office() -> Iterator[LibreOffice]:
    with LibreOffice(font_folders(PLEDGE), PLEDGE.font_chains) as running:
        yield running


def _docx(form: Form, name: str) -> bytes:
    return render_docx(form, build_document(form, {"pledger_name": name}))


def test_pledges_are_complete_and_every_judge_agrees(office: LibreOffice, tmp_path: Path) -> None:
    paths = []
    for number, name in enumerate(NAMES):
        docx = _docx(PLEDGE, name)
        pdf = assemble(office.convert(docx), PLEDGE, build_document(PLEDGE, {"pledger_name": name}), MOMENT)
        check_complete(docx, pdf, docx_text(docx))
        paths.append(tmp_path / f"{number}.pdf")
        paths[-1].write_bytes(pdf)
        assert qpdf.check(paths[-1]) == []
    assert verapdf.validate(paths) == {path: (True, []) for path in paths}


def test_two_offices_give_the_same_bytes() -> None:
    # One office numbers the fonts that it writes, so only its first documents can be compared.
    docx, document = _docx(PLEDGE, "张伟"), build_document(PLEDGE, {"pledger_name": "张伟"})
    made = []
    for _ in range(2):
        with LibreOffice(font_folders(PLEDGE), PLEDGE.font_chains) as office:
            made.append(assemble(office.convert(docx), PLEDGE, document, MOMENT))
    assert made[0] == made[1]


def test_a_killed_office_is_started_again(office: LibreOffice) -> None:
    docx = _docx(PLEDGE, "李娜")
    office.convert(docx)
    before = office.process_id
    assert before is not None
    os.killpg(before, signal.SIGKILL)
    assert office.convert(docx).startswith(b"%PDF-")
    assert office.process_id != before


def test_a_hanging_office_is_ended_and_the_document_tried_again(office: LibreOffice) -> None:
    docx = _docx(PLEDGE, "李娜")
    with LibreOffice(font_folders(PLEDGE), PLEDGE.font_chains, timeout_s=6) as hanging:
        hanging.convert(docx)
        before = hanging.process_id
        assert before is not None
        os.killpg(before, signal.SIGSTOP)
        assert hanging.convert(docx).startswith(b"%PDF-")
        assert hanging.process_id != before
        assert not _group_lives(before)


def test_what_is_no_word_file_is_refused_and_the_office_lives_on(office: LibreOffice) -> None:
    with pytest.raises(ConversionError):
        office.convert(b"PK\x03\x04 not a document")
    assert office.convert(_docx(PLEDGE, "李娜")).startswith(b"%PDF-")


def test_a_worn_office_is_replaced(tmp_path: Path) -> None:
    docx = _docx(PLEDGE, "李娜")
    with LibreOffice(font_folders(PLEDGE), PLEDGE.font_chains, restart_after=1) as worn:
        worn.convert(docx)
        before = worn.process_id
        worn.convert(docx)
        assert worn.process_id != before


def test_a_role_without_bookmark_in_the_template_is_named(office: LibreOffice) -> None:
    document = build_document(PLEDGE, {"pledger_name": "李娜"})
    roles = tuple(replace(r, bookmark="nowhere") if r.bookmark else r for r in PLEDGE.roles)
    with pytest.raises(ConversionError, match="bookmark nowhere"):
        assemble(office.convert(_docx(PLEDGE, "李娜")), replace(PLEDGE, roles=roles), document, MOMENT)


def test_nothing_is_left_when_the_parent_process_is_killed(tmp_path: Path) -> None:
    docx = tmp_path / "in.docx"
    docx.write_bytes(_docx(PLEDGE, "李娜"))
    script = """
import pathlib, sys, time
from agreegen.conversion.libreoffice import LibreOffice
office = LibreOffice([pathlib.Path(sys.argv[2])])
office.convert(pathlib.Path(sys.argv[1]).read_bytes())
print(office.process_id, flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", script, str(docx), str(font_folders(PLEDGE)[0])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}, text=True
    ) as parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        assert list(tmp_path.glob(".agreegen-office-*"))
        parent.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (_group_lives(group) or list(tmp_path.glob(".agreegen-office-*"))):
        time.sleep(0.2)
    assert not _group_lives(group)
    assert not list(tmp_path.glob(".agreegen-office-*"))


def _group_lives(group: int) -> bool:
    for _ in range(20):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.1)
    return True
