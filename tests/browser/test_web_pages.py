"""Every page of the office in a real Chromium: both languages and widths, accessible, asking nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from agreegen.api import open_register
from agreegen.demo.run import invented_roster
from agreegen.web.store.users import Role
from tests.attacks.documents import signed
from tests.browser.support import CHROMIUM, LANGUAGES, WIDTHS, Watched, look
from tests.web_office import PASSWORD, WebOffice, serving

CORPUS = Path(os.environ.get("AGREEGEN_PDF_CORPUS", "/nonexistent"))

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    """Serve an office in which something has been done: a batch made, a user added."""
    with serving(tmp_path_factory.mktemp("office") / "home") as office:
        visit = office.visit(Role.OFFICER)
        roster = [("roster", ("people.csv", invented_roster(12).encode("utf-8-sig")))]
        named = {"form": "personal-pledge", "title": "普查员承诺书"}
        path = visit.post("/batches", named, roster).headers["location"]
        _wait(visit.get, path, f'action="{path}/run"')
        visit.post(f"{path}/run")
        _wait(visit.get, path, "status good")
        yield office


def _wait(get: Callable[[str], requests.Response], path: str, words: str) -> None:
    end = time.monotonic() + 120
    while words not in get(path).text:
        assert time.monotonic() < end, words
        time.sleep(0.3)


def _paths(web: WebOffice) -> list[str]:
    """Return the pages that a person sees, with the batch that there is."""
    batch = web.office.batches.all()[0].id
    with open_register(web.office.home.batches / batch / "output" / "register.db") as register:
        document = next(iter(register.documents())).registration.id
    return [
        "/account",
        "/agreements",
        "/agreements/new/confidentiality-agreement",
        "/archive",
        f"/archive/{batch}",
        "/archive/received",
        "/audit",
        "/batches",
        f"/batches/{batch}",
        f"/batches/{batch}/documents",
        f"/batches/{batch}/documents/{document}",
        f"/coverage?batch={batch}&state=all",
        "/ledger",
        "/nothing-here",
        "/scans",
        f"/scans/{batch}",
        "/users",
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible_and_asks_nobody_else(
    browser: Browser, web: WebOffice, language: str, width: str
) -> None:
    """No serious finding of axe-core, no report of the policy, no request off the origin, no overflow."""
    watched = Watched(browser, web.url, language, WIDTHS[width])
    problems: dict[str, object] = {}
    try:
        for path in ("/", "/login"):
            watched.go(path)
            problems |= look(watched, path, language, width)
        watched.log_in()
        for path in _paths(web):
            watched.go(path)
            problems |= look(watched, path, language, width)
    finally:
        watched.close()
    assert {path: found for path, found in problems.items() if found} == {}
    assert watched.foreign == []
    assert [each for each in watched.complaints if "404" not in each] == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", LANGUAGES)
def test_dropped_files_are_answered_on_the_page(
    browser: Browser, web: WebOffice, tmp_path: Path, language: str
) -> None:
    """Dropped one after the other; the verdict shown is that of the interface."""
    with ThreadPoolExecutor(1) as apart:  # this thread has the event loop of playwright
        data = apart.submit(signed).result()
    (tmp_path / "signed.pdf").write_bytes(data)
    (tmp_path / "altered.pdf").write_bytes(data.replace(b"/Contents", b"/Contentz", 1))
    (tmp_path / "nothing.pdf").write_bytes(b"nothing")
    names = ["signed.pdf", "altered.pdf", "nothing.pdf"]
    expected = {}
    for name in names:
        answer = web.stranger().post("/api/verify", files=[("file", (name, (tmp_path / name).read_bytes()))])
        expected[name] = answer.json()["files"][0]["verdict"]
    watched = Watched(browser, web.url, language, 1280)
    try:
        watched.go("/")
        watched.page.set_input_files("#file", [tmp_path / name for name in names])
        watched.page.click("#drop button:not(#report)")
        watched.page.wait_for_selector("#answers article:nth-of-type(3)", timeout=120_000)
        articles = watched.page.query_selector_all("#answers article")
        shown = {each.get_attribute("data-name"): each.get_attribute("data-verdict") for each in articles}
        assert shown == expected
        assert watched.foreign == []
        assert watched.page.evaluate("window.violations") == []
    finally:
        watched.close()


@pytest.mark.timeout(300)
def test_without_javascript_the_work_is_done(browser: Browser, web: WebOffice, tmp_path: Path) -> None:
    """Plain forms: log in, verify, upload a roster."""
    (tmp_path / "nothing.pdf").write_bytes(b"nothing")
    (tmp_path / "people.csv").write_bytes(invented_roster(3).encode("utf-8-sig"))
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    try:
        page.goto(f"{web.url}/")
        page.set_input_files("#file", tmp_path / "nothing.pdf")
        page.click("#drop button:not(#report)")
        assert page.query_selector("#answers article[data-verdict=unreadable]") is not None
        page.goto(f"{web.url}/login")
        page.fill("#name", "officer")
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.set_input_files("#roster", tmp_path / "people.csv")
        page.click("#new button")
        assert "/batches/" in page.url
        page.click("text=English")
        assert page.get_attribute("html", "lang") == "en"
    finally:
        context.close()


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="AGREEGEN_PDF_CORPUS names no folder")
@pytest.mark.timeout(1800)
def test_every_file_of_the_corpus_is_answered_as_verify_answers(
    browser: Browser, web: WebOffice, tmp_path: Path
) -> None:
    """All of them dropped at once; one answer each."""
    paths = []
    for number, path in enumerate(
        sorted(each for each in CORPUS.rglob("*") if each.suffix.lower() == ".pdf")
    ):
        paths.append(tmp_path / f"{number:03d}-{path.name}")
        paths[-1].write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "agreegen", "verify", str(tmp_path), "--json"]
    told = subprocess.run(command, capture_output=True, check=False).stdout
    expected = {Path(file["path"]).name: file["verdict"] for file in json.loads(told)["files"]}
    watched = Watched(browser, web.url, "zh", 1280)
    try:
        watched.go("/")
        watched.page.set_input_files("#file", paths)
        watched.page.click("#drop button:not(#report)")
        last = f"#answers article:nth-of-type({len(paths)})"
        watched.page.wait_for_selector(last, timeout=1_500_000, state="attached")
        articles = watched.page.query_selector_all("#answers article")
        shown = {each.get_attribute("data-name"): each.get_attribute("data-verdict") for each in articles}
        assert shown == expected
        assert watched.foreign == []
        assert watched.page.evaluate("window.violations") == []
    finally:
        watched.close()
