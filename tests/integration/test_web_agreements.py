"""What the other party sends back to the office in the browser is judged as `add-signed` judges it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from agreegen.cli.main import run as agreegen
from agreegen.web.sample_office import fill_from_demo
from agreegen.web.store.users import Role
from tests.integration.batch_support import make_pki, make_strangers_pki
from tests.web_office import Visit, WebOffice, serving

_VALUES = {"pledger_name": "王秀英", "staff_no": "T001", "unit": "某市普查办", "pledge_date": "2018-05-10"}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("pki") / "pki")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Iterator[WebOffice]:
    home = tmp_path_factory.mktemp("office") / "home"
    fill_from_demo(home, pki)
    with serving(home, roles=(Role.OFFICER,)) as office:
        yield office


@pytest.fixture(scope="module")
def officer(web: WebOffice) -> Visit:
    return web.visit(Role.OFFICER)


@pytest.fixture
def sent(officer: Visit, tmp_path: Path) -> tuple[str, Path]:
    """A pledge that the office has signed: its address, and its file as the other one gets it."""
    made = officer.post("/agreements/new/personal-pledge", _VALUES)
    assert made.status_code == 303, made.text
    address = made.headers["location"]
    assert officer.post(f"{address}/sign", {"credential": "unit-seal.yaml"}).status_code == 303
    (tmp_path / "sent.pdf").write_bytes(officer.get(f"{address}/file.pdf").content)
    return address, tmp_path / "sent.pdf"


def _signed_there(source: Path, pki: Path) -> bytes:
    target = source.with_name("back.pdf")
    line = ["sign", str(source), "-o", str(target), "--role", "pledger", "--force", "--relax-order"]
    assert agreegen([*line, "--credential", str(pki / "credentials/people/T001.yaml")]) == 0
    return target.read_bytes()


def _give_back(officer: Visit, address: str, pdf: bytes) -> int:
    return officer.post(f"{address}/returned", files=[("file", ("back.pdf", pdf))]).status_code


def test_what_was_signed_elsewhere_is_kept(officer: Visit, pki: Path, sent: tuple[str, Path]) -> None:
    address, file = sent
    back = _signed_there(file, pki)
    assert _give_back(officer, address, back) == 303
    assert officer.get(f"{address}/file.pdf").content == back


def test_a_stranger_s_signature_is_refused(officer: Visit, sent: tuple[str, Path], tmp_path: Path) -> None:
    """Her name stands in the certificate, but nobody whom the office trusts issued it."""
    address, file = sent
    stranger = make_strangers_pki(tmp_path / "stranger")
    assert _give_back(officer, address, _signed_there(file, stranger)) == 422
    assert officer.get(f"{address}/file.pdf").content == file.read_bytes()


def test_what_nobody_signed_is_refused(officer: Visit, sent: tuple[str, Path]) -> None:
    address, file = sent
    assert _give_back(officer, address, file.read_bytes()) == 422


def test_another_document_and_another_file_are_refused(
    officer: Visit, pki: Path, sent: tuple[str, Path], tmp_path: Path
) -> None:
    address, file = sent
    with pikepdf.open(file) as pdf:
        pdf.save(tmp_path / "anew.pdf")
    assert _give_back(officer, address, (tmp_path / "anew.pdf").read_bytes()) == 422
    assert _give_back(officer, address, b"%PDF-1.7 another") == 422
    made = officer.post("/agreements/new/personal-pledge", {**_VALUES, "pledge_date": "2018-05-11"})
    other = made.headers["location"]
    assert _give_back(officer, other, _signed_there(file, pki)) == 422


def test_a_file_that_cannot_be_judged_is_not_told_as_unsigned(
    officer: Visit, web: WebOffice, sent: tuple[str, Path]
) -> None:
    """Whoever reads that nobody has signed signs once more, or asks people again."""
    address, _ = sent
    assert "待签署" in officer.get(address).text
    for path in (web.office.home.folder / "agreements" / address.rsplit("/", 1)[1]).glob("*.pdf"):
        path.write_bytes(b"lost")
    page = officer.get(address).text
    assert "未能核验" in page
    assert "待签署" not in page


def test_the_audit_says_whose_agreement_it_was(officer: Visit, sent: tuple[str, Path]) -> None:
    """The chain holds ids and codes; inspectors know people and roles."""
    page = officer.get("/audit").text
    assert sent[0].rsplit("/", 1)[1] in page
    assert "王秀英 · 单位见证" in page
