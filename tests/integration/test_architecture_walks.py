"""The four walks of docs/architecture.md, walked: every function named is called, and in that order."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import pytest

from agreegen import api
from agreegen.forms.catalog import forms_folder
from agreegen.verification.one_file import verify_bytes
from tests.integration.batch_support import make_pki

_DOCS = Path(__file__).parents[2] / "docs" / "architecture.md"
_SOURCE = Path(__file__).parents[2] / "src" / "agreegen"
_WALK = re.compile(r"^### (.+?)\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^- `([\w.]+)`", re.MULTILINE)


def _walks() -> dict[str, list[str]]:
    return {title: _STEP.findall(body) for title, body in _WALK.findall(_DOCS.read_text("utf-8"))}


def _trace(walk: Callable[[], object]) -> list[str]:
    """Return every function of the package that is called, in the order of its first call."""
    called: dict[str, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith("agreegen."):
            called[f"{module.removeprefix('agreegen.')}.{frame.f_code.co_qualname}"] = None

    sys.setprofile(note)
    try:
        walk()
    finally:
        sys.setprofile(None)
    return list(called)


def _hold(title: str, walk: Callable[[], object]) -> None:
    steps, called = _walks()[title], _trace(walk)
    assert len(steps) > 10
    assert [step for step in steps if step not in called] == []
    assert sorted(steps, key=called.index) == steps


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(make_pki(tmp_path / "keys"), tmp_path / "pki")
    return tmp_path


def _make() -> bytes:
    return api.generate(api.find_form("personal-pledge"), {"pledger_name": "赵明", "staff_no": "A001"}).pdf


def _sign(pdf: bytes) -> bytes:
    seal = api.load_credential(Path("pki/credentials/unit-seal.yaml"))
    try:
        return api.sign(pdf, seal, trust=api.load_trust([Path("pki/trust")])).pdf.data
    finally:
        seal.close()


def test_a_roster_row_to_a_pdf_on_disk(office: Path) -> None:
    (office / "people.csv").write_text("编号,姓名\nA001,赵明\n", "utf-8")
    (office / "job.yaml").write_text(
        "form: personal-pledge\nroster: {file: people.csv}\noutput: out\ntrust: [pki/trust]\n"
        "signatures: [{role: unit, credential: pki/credentials/unit-seal.yaml}]\n"
    )
    job = api.read_job(office / "job.yaml")
    _hold("A roster row to a PDF on disk", lambda: api.run_batch(job, api.RunSettings(workers=1)))
    assert list((office / "out/documents").rglob("*.pdf"))


@pytest.mark.usefixtures("office")
def test_the_bytes_of_a_pdf_through_verify() -> None:
    signed = _sign(_make()) + b"\n"  # no file of ours any more, which would be made again and compared
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(
        minutes=1
    )  # nothing is remembered of this time
    options = api.verify_options([Path("pki/trust")], now=later)
    _hold("A PDF's bytes through verify", lambda: verify_bytes("a.pdf", signed, options))


@pytest.mark.usefixtures("office")
def test_a_credential_through_sign() -> None:
    pdf = _make()
    _hold("A credential through sign", lambda: _sign(pdf))


@pytest.mark.libreoffice
def test_a_template_through_compile(tmp_path: Path) -> None:
    shutil.copytree(forms_folder(None) / "personal-pledge", tmp_path / "forms/personal-pledge")
    form = api.find_form("personal-pledge", tmp_path / "forms")
    _hold("A template through compile", lambda: api.compile_form(form))


def test_every_room_is_on_the_map() -> None:
    known = set(re.findall(r"`([\w.]+)`", _DOCS.read_text("utf-8")))
    rooms = {path.name for path in _SOURCE.iterdir() if (path / "__init__.py").is_file()}
    single = {path.stem for path in _SOURCE.glob("*.py") if not path.stem.startswith("__")}
    assert (rooms | single) - known == set()
