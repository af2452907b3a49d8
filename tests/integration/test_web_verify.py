"""The verification page and its interface: the same answers as `verify`, nothing kept, many at once."""

from __future__ import annotations

import io
import json
import os
import statistics
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from agreegen.cli.main import run
from agreegen.clock import read_clock
from agreegen.example_pki.maker import make_example_pki
from agreegen.web.office import cores
from tests.attacks.documents import signed
from tests.web_office import WebOffice, serving

CORPUS = Path(os.environ.get("AGREEGEN_PDF_CORPUS", "/nonexistent"))
AT_ONCE = 50


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    """Serve one office for the whole module."""
    with serving(tmp_path_factory.mktemp("office") / "home") as office:
        yield office


def corpus_files() -> list[Path]:
    """Return every PDF of the corpus."""
    return sorted(path for path in CORPUS.rglob("*") if path.suffix.lower() == ".pdf")


def post(web: WebOffice, name: str, data: bytes) -> requests.Response:
    """Ask the interface for programs."""
    return requests.post(f"{web.url}/api/verify", files={"file": (name, data)}, timeout=300)


@pytest.mark.corpus
@pytest.mark.skipif(not corpus_files(), reason="AGREEGEN_PDF_CORPUS names no folder")
@pytest.mark.timeout(1800)
def test_every_file_of_the_corpus_gets_the_answer_of_verify(
    web: WebOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the path, which is only a name here."""
    files = corpus_files()
    run(["verify", *map(str, files), "--json"])
    expected = {file["path"]: file for file in json.loads(capsys.readouterr().out)["files"]}
    with ThreadPoolExecutor(cores()) as pool:
        answers = list(pool.map(lambda path: post(web, path.name, path.read_bytes()), files))
    for path, answer in zip(files, answers, strict=True):
        assert answer.status_code == 200, path
        (file,) = answer.json()["files"]
        assert file == {**expected[str(path)], "path": path.name}, path


def test_several_files_and_none(web: WebOffice) -> None:
    """The summary counts them; a request without a file is told so."""
    files = [("file", (f"{n}.pdf", b"%PDF-1.7\nnothing")) for n in range(3)]
    answer = requests.post(f"{web.url}/api/verify", files=files, timeout=60)
    assert answer.json()["summary"]["unreadable"] == 3
    assert requests.post(f"{web.url}/api/verify", files={"other": ("a", b"")}, timeout=60).status_code == 400


NAMES = ["../../etc/passwd", "C:\\Users\\a\\承诺书.pdf", "<script>alert(1)</script>.pdf", "\x1b[2J.pdf"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_from_outside_is_only_a_name(web: WebOffice, name: str) -> None:
    """It is neither a path nor markup nor a control character."""
    visit = web.stranger()
    page = visit.post("/verify", files=[("file", (name, b"%PDF-1.7\nnothing"))])
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\x1b" not in page.text
    (file,) = post(web, name, b"x").json()["files"]
    assert "/" not in file["path"]


def test_nothing_of_an_upload_is_kept(web: WebOffice) -> None:
    """Neither disk nor database holds it afterwards."""
    secret = b"%PDF-1.7\n% the quick brown fox kept nowhere\n"
    visit = web.stranger()
    visit.post("/verify", files=[("file", ("a.pdf", secret * 50_000))])  # large enough to be spooled to disk
    post(web, "a.pdf", secret)
    for path in web.office.home.folder.rglob("*"):
        if path.is_file():
            assert b"kept nowhere" not in path.read_bytes(), path


def test_pictures_before_and_after_are_shown_to_their_visitor_only(web: WebOffice) -> None:
    """A picture's name is random, and belongs to the cookie of who uploaded the file."""
    name = web.office.shelf.put(b"\x89PNG", "somebody's cookie")
    assert web.stranger().get(f"/verify/pictures/{name}").status_code == 404
    visit = web.stranger()
    visit.get("/")
    cookie = visit.session.cookies["agreegen-visitor"]
    own = web.office.shelf.put(b"\x89PNG", cookie)
    assert visit.get(f"/verify/pictures/{own}").content == b"\x89PNG"


def test_the_report_is_one_file_without_any_request(web: WebOffice) -> None:
    """Self-contained, to be kept."""
    answer = web.stranger().post("/verify/report", files=[("file", ("a.pdf", b"%PDF-1.7\n"))])
    assert "attachment" in answer.headers["content-disposition"]
    assert "default-src 'none'" in answer.text
    assert "http://" not in answer.text.replace("http-equiv", "")


def test_the_page_names_the_anchors_of_the_office(tmp_path: Path) -> None:
    """Whose word is trusted is said."""
    make_example_pki(tmp_path / "pki", now=read_clock(), key_bits=2048)
    with serving(tmp_path / "home", roles=()) as web:
        (web.office.home.trust / "root.pem").write_bytes((tmp_path / "pki/trust/root.pem").read_bytes())
        assert "root.pem" in web.stranger().get("/").text


def test_a_zip_without_a_bag_is_told_so(web: WebOffice) -> None:
    """A ZIP that holds something else."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    page = web.stranger().post("/verify", files=[("file", ("bag.zip", data.getvalue()))])
    assert "bagit.txt" in page.text


def test_fifty_at_once_are_all_answered_in_their_time(web: WebOffice) -> None:
    """No error, and in less than 3 × 50 ÷ cores × one alone."""
    data = signed()
    for _ in range(2 * cores()):
        post(web, "warm.pdf", data)
    alone = []
    for _ in range(5):
        started = time.perf_counter()
        post(web, "one.pdf", data)
        alone.append(time.perf_counter() - started)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = time.perf_counter()
        answers = list(pool.map(lambda n: post(web, f"{n}.pdf", data), range(AT_ONCE)))
        took = time.perf_counter() - started
    assert {answer.status_code for answer in answers} == {200}
    assert took < 3 * AT_ONCE / cores() * statistics.median(alone)
